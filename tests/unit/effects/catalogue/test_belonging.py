"""Which chains belong to a session, by name and by time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.workbench import NOW

from webhook_service.effects.catalogue.belonging import (
    Belonging,
    by_name,
    by_time,
    sessions_of_logins,
)
from webhook_service.ory.consents import Chain
from webhook_service.sessions import Session

MINE, OTHER = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d", "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def chain(name: str, login: str | None = None, session: str | None = None) -> Chain:
    return Chain(name, "web", login, session, NOW)


def session(name: str, issued: timedelta | None, expires: timedelta | None) -> Session:
    return Session(
        name,
        active=False,
        issued_at=None if issued is None else NOW + issued,
        expires_at=None if expires is None else NOW + expires,
    )


def test_a_login_has_the_sessions_that_its_chains_name() -> None:
    chains = [
        chain("1", "x", MINE),
        chain("2", "x", OTHER),
        chain("3", "y", MINE),
        chain("4", "z"),
        chain("5", None, MINE),
    ]
    assert sessions_of_logins(chains) == {
        "x": frozenset({MINE, OTHER}),
        "y": frozenset({MINE}),
    }


def test_chains_are_told_by_what_they_and_their_logins_name() -> None:
    named, elsewhere = chain("1", "mine", MINE), chain("2", "theirs", OTHER)
    shared = [chain("3", "shared", MINE), chain("4", "shared", OTHER)]
    of_login, of_other_login = chain("5", "mine"), chain("6", "theirs")
    unclear = chain("7", "shared"), chain("8", "unknown"), chain("9")
    chains = [named, elsewhere, *shared, of_login, of_other_login, *unclear]
    assert by_name(MINE, chains) == Belonging((named, shared[0]), (of_login,), unclear)


@pytest.mark.parametrize(
    ("issued", "expires"),
    [
        (-HOUR, HOUR),
        (SECOND, HOUR),
        (-HOUR, -SECOND),
        (None, HOUR),
        (-HOUR, None),
    ],
)
def test_a_consent_is_given_in_the_only_session_that_was_there(
    issued: timedelta | None, expires: timedelta | None
) -> None:
    """Give or take a second, by which clocks may differ."""
    one = chain("1")
    sessions = [session(MINE, issued, expires), session(OTHER, -9 * HOUR, -HOUR)]
    found = by_time(MINE, Belonging((), (), (one,)), sessions)
    assert found == Belonging((), (one,), ())


@pytest.mark.parametrize(("issued", "expires"), [(SECOND * 2, HOUR), (-HOUR, SECOND * -2)])
def test_a_consent_is_not_given_in_a_session_that_was_not_there(
    issued: timedelta, expires: timedelta
) -> None:
    sessions = [session(MINE, issued, expires)]
    assert by_time(MINE, Belonging((), (), (chain("1"),)), sessions) == Belonging(())


def test_a_consent_given_while_two_sessions_were_there_stays_unclear() -> None:
    one = chain("1")
    sessions = [session(MINE, -HOUR, HOUR), session(OTHER, -HOUR, HOUR)]
    assert by_time(MINE, Belonging((), (), (one,)), sessions) == Belonging((), (), (one,))


def test_a_consent_without_a_time_may_be_of_any_session() -> None:
    one = Chain("1", "web")
    mine, other = session(MINE, -HOUR, HOUR), session(OTHER, HOUR, 2 * HOUR)
    so_far = Belonging((), (), (one,))
    assert by_time(MINE, so_far, [mine, other]) == Belonging((), (), (one,))
    assert by_time(MINE, so_far, [mine]) == Belonging((), (one,), ())


def test_what_was_known_before_stays_known() -> None:
    named, of_login, unclear = chain("1", "x", MINE), chain("2", "x"), chain("3")
    found = by_time(
        MINE, Belonging((named,), (of_login,), (unclear,)), [session(MINE, -HOUR, HOUR)]
    )
    assert found.all == (named, of_login, unclear)
