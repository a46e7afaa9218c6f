"""P16: who has no second factor is asked to enrol one, once the grace is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from unit.policy.mfa_rules import FRESH_APP_CODE, GRACE, HAS_NONE, HAS_TOTP, SECOND_FACTOR, outcome

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decision import Decision, Note, Outcome, Reason, Verdict

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]
At = Callable[[str], datetime]


def test_who_has_no_accepted_factor_must_enrol_one(decided: Decided, session: MakeSession) -> None:
    decision = decided(SECOND_FACTOR, session("password/aal1 now-1m") | HAS_NONE)
    assert outcome(decision) == (Verdict.ENROL, Reason.MFA_NOT_ENROLLED)


def test_a_factor_that_the_rule_does_not_accept_is_none(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1m") | {"identity.second_factors": ("webauthn",)}
    assert decided(FRESH_APP_CODE, values).verdict is Verdict.ENROL


def test_aal1_never_asks_to_enrol(decided: Decided, session: MakeSession) -> None:
    rules = SECOND_FACTOR.replace("aal2}", "aal1, max_age: 1m}")
    decision = decided(rules, session("password/aal1 now-1m") | HAS_NONE)
    assert outcome(decision) == (Verdict.STEP_UP, Reason.MFA_TOO_OLD)


def test_where_enrolment_is_unknown_a_step_up_is_asked(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1m")
    decision = decided(GRACE, values, failed=["kratos.identity"])
    assert outcome(decision) == (Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)


def test_an_identity_without_its_credentials_leaves_enrolment_unknown(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1m") | {"identity.found": True}
    assert decided(SECOND_FACTOR, values).verdict is Verdict.STEP_UP


def test_a_person_whom_kratos_does_not_know_has_no_factor(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1m") | {"identity.found": False}
    assert decided(SECOND_FACTOR, values).verdict is Verdict.ENROL


def test_who_has_used_a_code_can_use_one_again(decided: Decided, session: MakeSession) -> None:
    """Kratos lists no code among the enrolled factors (F77): the session shows it."""
    rules = SECOND_FACTOR.replace("aal2}", "aal2, max_age: 15m}")
    values = session("password/aal1 now-1h", "code/aal2 now-1h") | HAS_NONE
    assert outcome(decided(rules, values)) == (Verdict.STEP_UP, Reason.MFA_TOO_OLD)


@pytest.mark.parametrize(
    ("since", "created_at"),
    [
        ("2026-11-22T12:00:00Z", "now-400d"),
        ("2026-11-22T12:00:00Z", None),
        ("2026-01-01T00:00:00Z", "now-2d"),
        ("2026-11-22T12:00:00Z", "now-1d"),
    ],
)
def test_grace_runs_from_the_later_of_the_account_and_the_rule(
    decided: Decided, session: MakeSession, at: At, since: str, created_at: str | None
) -> None:
    values = session("password/aal1 now-1m") | HAS_NONE
    values["identity.created_at"] = at(created_at) if created_at else None
    decision = decided(GRACE.replace("2026-11-22T12:00:00Z", since), values)
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert decision.notes == (Note.ENROLMENT_GRACE,)
    assert decision.rulings[0].outcome is Outcome.UNMET


@pytest.mark.parametrize("created_at", ["now-3d", "now-400d", None])
@pytest.mark.parametrize("since", [", since: 2026-11-21T12:00:00Z", ""])
def test_after_the_grace_the_rule_asks_to_enrol(
    decided: Decided, session: MakeSession, at: At, created_at: str | None, since: str
) -> None:
    rules = GRACE.replace(", since: 2026-11-22T12:00:00Z", since)
    values = session("password/aal1 now-1m") | HAS_NONE
    values["identity.created_at"] = at(created_at) if created_at else None
    assert outcome(decided(rules, values)) == (Verdict.ENROL, Reason.MFA_NOT_ENROLLED)


def test_grace_does_not_excuse_who_has_a_factor(decided: Decided, session: MakeSession) -> None:
    decision = decided(GRACE, session("password/aal1 now-1m") | HAS_TOTP)
    assert outcome(decision) == (Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)
    assert decision.notes == ()


def test_a_grace_of_an_account_whose_age_nobody_can_tell_is_left_to_on_error(
    decided: Decided, session: MakeSession
) -> None:
    """P14: neither in it nor over it; who has a factor steps up either way (P16)."""
    values = session("password/aal1 now-1m") | {"identity.created_at": UNKNOWN}
    unknown = decided(GRACE, values | {"identity.second_factors": ()})
    assert outcome(unknown) == (Verdict.DENY, Reason.POLICY_UNKNOWN)
    assert unknown.rulings[0].outcome is Outcome.UNKNOWN
    assert decided(GRACE, values | HAS_TOTP).verdict is Verdict.STEP_UP


def test_grace_needs_a_live_session(decided: Decided) -> None:
    assert decided(GRACE, {"session.found": False}).reason is Reason.MFA_NO_SESSION


def test_a_grace_that_would_end_after_the_last_date_still_runs(
    decided: Decided, session: MakeSession
) -> None:
    rules = GRACE.replace("3d", "3650d").replace("2026-11-22", "9999-01-01")
    assert decided(rules, session("password/aal1 now-1m") | HAS_NONE).verdict is Verdict.ALLOW
