"""Which session a token belongs to where it does not say (F30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.ory.session_of_token import Ambiguous, match_by_auth_time
from webhook_service.sessions import Factor, Session

AUTH_TIME = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEFORE = timedelta(seconds=1.6)
AFTER = timedelta(seconds=1)


def session(name: str, *offsets: float) -> Session:
    """A session whose factors were completed so many seconds after ``auth_time``."""
    factors = tuple(
        Factor("password", "aal1", AUTH_TIME + timedelta(seconds=offset)) for offset in offsets
    )
    return Session(name, active=True, factors=factors)


def match(*sessions: Session) -> Session | Ambiguous | None:
    return match_by_auth_time(sessions, AUTH_TIME, BEFORE, AFTER)


def test_a_person_without_any_session_has_none() -> None:
    assert match() is None


def test_the_one_session_that_fits_is_found_among_others() -> None:
    mine = session("mine", 0.4)
    assert match(session("older", -86_400), mine, session("newer", 3600)) is mine


@pytest.mark.parametrize(
    ("offset", "fits"),
    [
        (-1.7, False),
        (-1.6, True),
        (-0.2, True),
        (0, True),
        (0.999, True),
        (1, True),
        (1.001, False),
    ],
)
def test_the_window_reaches_from_the_login_hooks_time_before_to_a_second_after(
    offset: float, *, fits: bool
) -> None:
    """F10: auth_time is cut to the second and lies after the login hook."""
    only = session("only", offset)
    assert match(only) is (only if fits else Ambiguous.AMBIGUOUS)


def test_a_factor_given_long_before_the_newest_one_still_counts() -> None:
    """F30: a step-up moves ``authenticated_at`` away from older tokens, not their factor."""
    stepped_up = session("stepped up", 0, 3600, 7200)
    assert match(stepped_up, session("other", 9000)) is stepped_up


def test_two_sessions_that_fit_are_ambiguous() -> None:
    assert match(session("laptop", 0.1), session("phone", 0.7)) is Ambiguous.AMBIGUOUS


def test_one_session_that_fits_twice_is_one_session() -> None:
    twice = session("twice", 0.1, 0.7)
    assert match(twice) is twice


def test_sessions_of_which_none_fits_are_ambiguous_and_not_none() -> None:
    assert match(session("other", 60)) is Ambiguous.AMBIGUOUS


def test_a_factor_without_a_time_fits_nothing() -> None:
    unknown = Session("unknown", active=True, factors=(Factor("password", "aal1", None),))
    assert match(unknown) is Ambiguous.AMBIGUOUS


@given(st.lists(st.lists(st.floats(-5, 5), max_size=3), max_size=4))
def test_a_session_is_named_only_if_it_fits_and_no_other_does(offsets: list[list[float]]) -> None:
    sessions = [session(str(position), *one) for position, one in enumerate(offsets)]
    found = match(*sessions)
    if isinstance(found, Session):
        others = [one for one in sessions if one is not found]
        assert match(found) is found
        assert not others or match(*others) is Ambiguous.AMBIGUOUS
        assert all(not isinstance(match(one), Session) for one in others)
