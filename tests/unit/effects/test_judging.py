"""What is right when an ending's time has come, and which sessions it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from webhook_service.effects.effect import Cause, EndSession, EndSessions
from webhook_service.effects.judging import (
    Judged,
    NotNeeded,
    NotYet,
    Right,
    is_sign_in,
    is_spared,
    judge,
)
from webhook_service.policy.loader import load
from webhook_service.sessions import Factor, Session

EVENT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
CAP = EVENT + timedelta(hours=8)
WINDOW = EVENT + timedelta(minutes=10)
ADA = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION_ID = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
OTHER_ID = "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01"

POLICY = """
version: 1
mfa:
  - name: a second factor
    events: [kratos.login]
    require: {aal: aal2, methods: [totp], max_age: 1h}
    step_up_within: 10m
  - name: any second factor
    events: [kratos.login]
    require: {aal: aal2}
    step_up_within: 10m
  - name: only asked for tokens
    events: [hydra.token]
    require: {aal: aal2}
sessions:
  - name: eight hours
    max_age: 8h
  - name: from the first sign-in
    max_age: 8h
    counted_from: issued_at
  - name: without end
    max_age: unlimited
  - name: tried out
    max_age: 8h
    mode: shadow
"""


def password_at(moment: datetime) -> Factor:
    return Factor("password", "aal1", moment)


def totp_at(moment: datetime | None) -> Factor:
    return Factor("totp", "aal2", moment)


SESSION = Session(
    SESSION_ID,
    active=True,
    factors=(password_at(EVENT),),
    authenticated_at=EVENT,
    issued_at=EVENT,
)


def capped(rule: str = "eight hours", cause: Cause = Cause.MAX_AGE) -> EndSession:
    return EndSession(ADA, SESSION_ID, None, cause, rule, CAP, EVENT)


def windowed(rule: str = "a second factor") -> EndSession:
    return EndSession(ADA, SESSION_ID, None, Cause.STEP_UP_WITHIN, rule, WINDOW, EVENT)


def judged(
    args: EndSession,
    session: Session | None = SESSION,
    now: datetime = CAP,
    policy: str = POLICY,
    *,
    all_shadow: bool = False,
) -> Judged:
    return judge(args, session, load(policy.encode()), now, all_shadow=all_shadow)


def stepped_up(*factors: Factor) -> Session:
    return replace(SESSION, aal="aal2", factors=(*SESSION.factors, *factors))


@pytest.mark.parametrize("cause", [Cause.MAX_AGE, Cause.PAST_MAX_AGE])
def test_a_session_ends_when_its_age_has_reached_the_limit(cause: Cause) -> None:
    """P22: an age equal to the limit is over it."""
    assert judged(capped(cause=cause)) == Right()


@pytest.mark.parametrize("cause", [Cause.MAX_AGE, Cause.PAST_MAX_AGE])
def test_a_step_up_moves_the_end(cause: Cause) -> None:
    """E8: ``authenticated_at`` moves with it."""
    session = replace(SESSION, authenticated_at=EVENT + timedelta(hours=3))
    assert judged(capped(cause=cause), session) == NotYet(CAP + timedelta(hours=3))


def test_a_step_up_does_not_move_an_end_that_is_counted_from_the_first_sign_in() -> None:
    session = replace(SESSION, authenticated_at=EVENT + timedelta(hours=3))
    assert judged(capped("from the first sign-in"), session) == Right()


def test_the_limit_of_the_policy_in_force_counts() -> None:
    """Settled question 4."""
    assert judged(capped(), policy=POLICY.replace("8h", "12h")) == NotYet(
        EVENT + timedelta(hours=12)
    )
    shorter = POLICY.replace("8h", "1h")
    assert judged(capped(), now=EVENT + timedelta(hours=2), policy=shorter) == Right()


@pytest.mark.parametrize("rule", ["not there", "a second factor", "without end", "tried out"])
def test_a_limit_that_no_rule_sets_any_more_ends_nothing(rule: str) -> None:
    assert judged(capped(rule)) == NotNeeded("rule_gone")


@pytest.mark.parametrize("rule", ["not there", "eight hours", "only asked for tokens", "tried out"])
def test_a_window_that_no_rule_sets_any_more_ends_nothing(rule: str) -> None:
    assert judged(windowed(rule)) == NotNeeded("rule_gone")


@pytest.mark.parametrize("args", [capped(), windowed()])
def test_nothing_ends_while_every_rule_is_in_shadow(args: EndSession) -> None:
    assert judged(args, all_shadow=True) == NotNeeded("rule_gone")


def test_a_session_that_is_gone_leaves_tokens_that_end_when_it_had_to() -> None:
    assert judged(capped(), None) == Right()
    assert judged(capped(), None, now=CAP - timedelta(seconds=1)) == NotYet(CAP)
    assert judged(windowed(), None) == Right()


def test_a_session_that_does_not_tell_its_age_ends_when_it_had_to() -> None:
    session = replace(SESSION, authenticated_at=None)
    assert judged(capped(), session) == Right()
    assert judged(capped(), session, now=EVENT) == NotYet(CAP)


def test_a_session_that_has_ended_by_itself_leaves_tokens_that_end_when_it_had_to() -> None:
    ended = replace(SESSION, active=False)
    assert judged(capped(), ended) == Right()
    assert judged(windowed(), ended) == Right()


def test_a_session_ends_that_has_not_stepped_up_in_time() -> None:
    """P18."""
    assert judged(windowed(), now=WINDOW) == Right()


def test_a_window_that_has_become_longer_is_waited_for() -> None:
    longer = POLICY.replace("10m", "30m")
    assert judged(windowed(), now=WINDOW, policy=longer) == NotYet(EVENT + timedelta(minutes=30))


def test_a_session_stays_that_has_met_the_rule_in_time() -> None:
    session = stepped_up(totp_at(EVENT + timedelta(minutes=9)))
    assert judged(windowed(), session, WINDOW) == NotNeeded("met")


def test_a_factor_given_in_time_may_be_too_old_by_the_time_it_is_looked_at() -> None:
    """It was met then: after an outage of hours nobody is signed out for that."""
    session = stepped_up(totp_at(EVENT + timedelta(minutes=9)))
    assert judged(windowed(), session, EVENT + timedelta(hours=20)) == NotNeeded("met")


def test_a_factor_that_was_young_enough_at_the_login_meets_the_rule() -> None:
    """P15: younger than ``max_age``, and not of that age."""
    young = stepped_up(totp_at(EVENT - timedelta(minutes=59)))
    old = stepped_up(totp_at(EVENT - timedelta(hours=1)))
    assert judged(windowed(), young, WINDOW) == NotNeeded("met")
    assert judged(windowed(), old, WINDOW) == Right()


def test_a_factor_of_any_age_meets_a_rule_without_a_limit() -> None:
    session = stepped_up(totp_at(EVENT - timedelta(days=90)))
    assert judged(windowed("any second factor"), session, WINDOW) == NotNeeded("met")


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(
            stepped_up(Factor("lookup_secret", "aal2", WINDOW)), id="by a method not accepted"
        ),
        pytest.param(stepped_up(totp_at(None)), id="at a time that is not told"),
        pytest.param(replace(SESSION, factors=(totp_at(WINDOW),)), id="in a session of aal1"),
    ],
)
def test_a_factor_that_does_not_count_meets_no_rule(session: Session) -> None:
    assert judged(windowed(), session, WINDOW) == Right()


def test_the_event_s_own_session_stays() -> None:
    args = EndSessions(ADA, SESSION_ID, EVENT + timedelta(hours=1))
    assert is_spared(SESSION, args)
    assert not is_spared(replace(SESSION, id=OTHER_ID), args)


def test_a_session_without_an_id_is_not_taken_for_the_event_s_own() -> None:
    args = EndSessions(ADA, None, EVENT + timedelta(hours=1))
    assert not is_spared(replace(SESSION, id=None), args)


@pytest.mark.parametrize(
    ("authenticated_at", "stays"),
    [
        (EVENT - timedelta(microseconds=1), False),
        (EVENT, True),
        (EVENT + timedelta(hours=2), True),
        (None, False),
    ],
)
def test_what_was_authenticated_from_the_event_on_stays(
    authenticated_at: datetime | None, *, stays: bool
) -> None:
    """E3."""
    session = replace(SESSION, authenticated_at=authenticated_at)
    assert is_spared(session, EndSessions(ADA, None, EVENT)) is stays


@pytest.mark.parametrize(
    ("method", "completed_at", "stays"),
    [
        ("code_recovery", EVENT - timedelta(milliseconds=40), True),
        ("link_recovery", EVENT - timedelta(milliseconds=40), True),
        ("code_recovery", EVENT - timedelta(seconds=5), True),
        ("code_recovery", EVENT - timedelta(seconds=5, microseconds=1), False),
        ("code_recovery", EVENT + timedelta(milliseconds=40), True),
        ("code_recovery", None, False),
        ("code", EVENT - timedelta(milliseconds=40), False),
    ],
)
def test_the_session_that_a_recovery_has_just_made_stays(
    method: str, completed_at: datetime | None, *, stays: bool
) -> None:
    """F102: it is authenticated a little before the hook's call."""
    session = replace(
        SESSION,
        authenticated_at=EVENT - timedelta(milliseconds=40),
        factors=(Factor(method, "aal1", completed_at),),
    )
    assert is_spared(session, EndSessions(ADA, None, EVENT, spares_recovery=True)) is stays
    assert not is_spared(session, EndSessions(ADA, None, EVENT))


@pytest.mark.parametrize(
    ("completed_at", "is_its"),
    [
        (EVENT, True),
        (EVENT + timedelta(milliseconds=2), True),
        (EVENT - timedelta(milliseconds=2), True),
        (EVENT + timedelta(milliseconds=3), False),
        (EVENT - timedelta(milliseconds=3), False),
        (None, False),
    ],
)
def test_a_login_is_known_by_the_time_of_its_factor(
    completed_at: datetime | None, *, is_its: bool
) -> None:
    session = replace(SESSION, factors=(Factor("password", "aal1", completed_at),))
    assert is_sign_in(session, EVENT) is is_its


def test_a_login_is_known_by_any_of_its_factors() -> None:
    """A step-up that came since adds one, and leaves the first (F30)."""
    assert is_sign_in(stepped_up(totp_at(EVENT + timedelta(minutes=1))), EVENT)
