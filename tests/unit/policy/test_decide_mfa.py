"""P15, P17, P18: what an mfa rule demands, and what follows where it is not met."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from unit.policy.mfa_rules import FRESH_APP_CODE, HAS_NONE, HAS_TOTP, SECOND_FACTOR, outcome

from webhook_service.policy.decision import Decision, Note, Outcome, Reason, Verdict

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]
At = Callable[[str], datetime]
AT_LOGIN = """
mfa:
  - name: step up soon
    events: [kratos.login, hydra.token]
    require: {aal: aal2}
    step_up_within: 10m
"""


def test_a_live_session_with_a_fresh_accepted_factor_meets_the_rule(
    decided: Decided, session: MakeSession
) -> None:
    decision = decided(FRESH_APP_CODE, session("password/aal1 now-1h", "totp/aal2 now-14m"))
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert decision.rulings[0].outcome is Outcome.MET
    assert decision.matched == ("fresh app code",)
    assert decision.message is None


@pytest.mark.parametrize(
    ("factors", "reason"),
    [
        (["password/aal1 now-1m"], Reason.MFA_AAL_TOO_LOW),
        (["password/aal1 now-1m", "webauthn/aal2 now-1m"], Reason.MFA_METHOD_NOT_ACCEPTED),
        (["password/aal1 now-1m", "totp/aal2 now-15m"], Reason.MFA_TOO_OLD),
        (["totp/aal2 now-2h", "totp/aal2 now-16m"], Reason.MFA_TOO_OLD),
        (["totp/aal2"], Reason.MFA_TOO_OLD),
    ],
)
def test_the_first_thing_that_is_missing_is_the_reason(
    decided: Decided, session: MakeSession, factors: list[str], reason: Reason
) -> None:
    decision = decided(FRESH_APP_CODE, session(*factors) | HAS_TOTP)
    assert outcome(decision) == (Verdict.STEP_UP, reason)
    assert decision.rulings[0].outcome is Outcome.UNMET
    assert decision.rule == "fresh app code"
    assert decision.matched == ("fresh app code",)


@pytest.mark.parametrize(
    "gone",
    [
        {"session.found": False},
        {"session.active": False},
        {"session.expires_at": datetime.fromisoformat("2026-11-24T12:00:00Z")},
        {"session.active": None},
    ],
)
def test_a_session_that_does_not_live_meets_nothing(
    decided: Decided, session: MakeSession, gone: dict[str, Any]
) -> None:
    values = session("password/aal1 now-1m", "totp/aal2 now-1m") | HAS_NONE | gone
    decision = decided(FRESH_APP_CODE, values)
    assert outcome(decision) == (Verdict.STEP_UP, Reason.MFA_NO_SESSION)


def test_a_session_lives_until_its_last_microsecond(
    decided: Decided, session: MakeSession, at: At
) -> None:
    values = session("totp/aal2 now-1m")
    last = at("now").replace(hour=12, microsecond=1)
    assert outcome(decided(SECOND_FACTOR, values | {"session.expires_at": last})) == (
        Verdict.ALLOW,
        None,
    )


def test_the_newest_accepted_factor_counts(decided: Decided, session: MakeSession) -> None:
    decision = decided(FRESH_APP_CODE, session("totp/aal2 now-1d", "totp/aal2 now-5m"))
    assert outcome(decision) == (Verdict.ALLOW, None)


def test_a_factor_from_the_future_is_new(decided: Decided, session: MakeSession) -> None:
    decision = decided(FRESH_APP_CODE, session("totp/aal2 now+1h"))
    assert outcome(decision) == (Verdict.ALLOW, None)


def test_a_young_password_does_not_refresh_an_old_second_factor(
    decided: Decided, session: MakeSession
) -> None:
    values = session("totp/aal2 now-20m", "password/aal1 now-1m") | HAS_TOTP
    assert decided(FRESH_APP_CODE, values).reason is Reason.MFA_TOO_OLD


def test_without_methods_any_factor_of_the_level_counts(
    decided: Decided, session: MakeSession
) -> None:
    """A provider that Kratos maps to aal2 (F76) is in no list of ours."""
    assert decided(SECOND_FACTOR, session("oidc/aal2 now-1m")).verdict is Verdict.ALLOW


def test_aal1_asks_for_the_age_of_any_factor(decided: Decided, session: MakeSession) -> None:
    rules = """
mfa:
  - name: signed in today
    require: {aal: aal1, max_age: 12h}
"""
    assert decided(rules, session("code_recovery/aal1 now-1h")).verdict is Verdict.ALLOW
    stale = decided(rules, session("password/aal1 now-12h"))
    assert outcome(stale) == (Verdict.STEP_UP, Reason.MFA_TOO_OLD)


def test_a_level_that_is_absent_is_aal1(decided: Decided, session: MakeSession) -> None:
    values = session("password/aal1 now-1m") | {"session.aal": None}
    assert decided(SECOND_FACTOR, values | HAS_TOTP).reason is Reason.MFA_AAL_TOO_LOW
    aal1 = SECOND_FACTOR.replace("aal2", "aal1")
    assert decided(aal1, values).verdict is Verdict.ALLOW


@pytest.mark.parametrize("fact", ["session.active", "session.expires_at"])
def test_a_session_of_which_too_little_is_known_is_unknown(
    decided: Decided, session: MakeSession, fact: str
) -> None:
    values = session("totp/aal2 now-1m")
    del values[fact]
    decision = decided(SECOND_FACTOR, values, failed=["kratos.session"])
    assert outcome(decision) == (Verdict.DENY, Reason.POLICY_UNKNOWN)


@pytest.mark.parametrize(("on_error", "verdict"), [("deny", "deny"), ("allow", "allow")])
def test_a_level_that_is_unknown_is_left_to_on_error(
    decided: Decided, session: MakeSession, on_error: str, verdict: str
) -> None:
    """P14: neither too low nor reached."""
    values = session("totp/aal2 now-1m") | HAS_TOTP
    del values["session.aal"]
    rules = SECOND_FACTOR + f"    on_error: {on_error}\n"
    decision = decided(rules, values, failed=["kratos.session"])
    assert decision.verdict == verdict
    assert decision.rulings[0].outcome is Outcome.UNKNOWN
    assert len(decision.matched) == 1


def test_aal0_is_below_aal1(decided: Decided, session: MakeSession) -> None:
    aal1 = SECOND_FACTOR.replace("aal2", "aal1")
    values = session("password/aal1 now-1m") | {"session.aal": "aal0"}
    assert outcome(decided(aal1, values)) == (Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)


def test_a_rule_that_does_not_match_demands_nothing(decided: Decided) -> None:
    decision = decided(SECOND_FACTOR + "    when: client.id == 'x'\n", {"client.id": "y"})
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert decision.rulings[0].outcome is Outcome.NO_MATCH
    assert decision.matched == ()


@pytest.mark.parametrize("when", ["", '    when: session.aal != "aal2"\n'])
def test_without_the_session_the_rule_denies(decided: Decided, when: str) -> None:
    decision = decided(SECOND_FACTOR + when, failed=["kratos.session"])
    assert outcome(decision) == (Verdict.DENY, Reason.POLICY_UNKNOWN)
    assert decision.rulings[0].outcome is Outcome.UNKNOWN
    assert decision.matched == (() if when else ("second factor",))


@pytest.mark.parametrize("when", ["", '    when: session.aal != "aal2"\n'])
def test_on_error_allow_passes_the_rule_over(decided: Decided, when: str) -> None:
    rules = SECOND_FACTOR + when + "    on_error: allow\n"
    decision = decided(rules, failed=["kratos.session"])
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert decision.notes == (Note.RULE_PASSED_OVER,)
    assert decision.rulings[0].outcome is Outcome.UNKNOWN


def test_an_unmet_rule_never_refuses_a_login(
    decided: Decided, session: MakeSession, at: At
) -> None:
    decision = decided(AT_LOGIN, session("password/aal1 now") | HAS_TOTP, "kratos.login")
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert (decision.step_up_by, decision.step_up_by_rule) == (at("now+10m"), "step up soon")
    assert decision.rulings[0].reason is Reason.MFA_AAL_TOO_LOW


def test_at_other_events_the_same_rule_refuses(decided: Decided, session: MakeSession) -> None:
    decision = decided(AT_LOGIN, session("password/aal1 now") | HAS_TOTP)
    assert decision.verdict is Verdict.STEP_UP
    assert decision.step_up_by is None


def test_an_unknown_condition_at_login_opens_the_window(decided: Decided, at: At) -> None:
    rules = AT_LOGIN + "    when: identity.metadata_admin.vip == true\n"
    decision = decided(rules, event="kratos.login", failed=["kratos.identity"])
    assert outcome(decision) == (Verdict.ALLOW, None)
    assert decision.step_up_by == at("now+10m")
    assert decision.rulings[0].reason is Reason.POLICY_UNKNOWN


def test_an_unknown_condition_with_on_error_allow_opens_none(decided: Decided) -> None:
    rules = AT_LOGIN + "    when: identity.metadata_admin.vip == true\n    on_error: allow\n"
    decision = decided(rules, event="kratos.login", failed=["kratos.identity"])
    assert decision.step_up_by is None
    assert decision.notes == (Note.RULE_PASSED_OVER,)


def test_the_grace_opens_no_window(decided: Decided, session: MakeSession) -> None:
    rules = AT_LOGIN + "    enrolment: {grace: 3d, since: 2026-11-22T12:00:00Z}\n"
    decision = decided(rules, session("password/aal1 now") | HAS_NONE, "kratos.login")
    assert decision.step_up_by is None
    assert decision.notes == (Note.ENROLMENT_GRACE,)


def test_of_several_windows_the_earliest_stands(
    decided: Decided, session: MakeSession, at: At
) -> None:
    sooner = AT_LOGIN.replace("mfa:", "").replace("step up soon", "sooner").replace("10m", "5m")
    decision = decided(AT_LOGIN + sooner, session("password/aal1 now"), "kratos.login")
    assert (decision.step_up_by, decision.step_up_by_rule) == (at("now+5m"), "sooner")


def test_a_login_that_is_denied_has_no_window(decided: Decided, session: MakeSession) -> None:
    deny = "\ndeny:\n  - name: nobody\n"
    decision = decided(AT_LOGIN + deny, session("password/aal1 now"), "kratos.login")
    assert decision.verdict is Verdict.DENY
    assert decision.step_up_by is None
