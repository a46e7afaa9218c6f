"""P17 and P22 to P24: what a sessions rule demands, caps and extends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decision import Decision, Extend, Note, Outcome, Reason, Verdict

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]
At = Callable[[str], datetime]

EIGHT_HOURS = """
sessions:
  - name: eight hours
    max_age: 8h
"""
WHILE_USED = """
sessions:
  - name: while used
    extend: {when_left: 1h}
    max_age: 90d
"""
ALWAYS = """
sessions:
  - name: always
    extend: true
    max_age: unlimited
"""
LIVE = """
sessions:
  - name: signed in
    must_be_active: true
"""
NEVER = """
  - name: never
    extend: false
"""
METADATA = "    when: client.metadata.trusted == true\n"


def test_a_cap_sets_the_end(decided: Decided, session: MakeSession, at: At) -> None:
    decision = decided(EIGHT_HOURS, session("password/aal1 now-7h"))
    assert decision.verdict is Verdict.ALLOW
    assert (decision.end_at, decision.end_at_rule) == (at("now+1h"), "eight hours")
    assert not decision.end_now
    assert decision.rulings[0].outcome is Outcome.MATCHED


@pytest.mark.parametrize("age", ["now-8h", "now-9h"])
def test_at_the_cap_the_session_is_refused_and_ended(
    decided: Decided, session: MakeSession, age: str
) -> None:
    decision = decided(EIGHT_HOURS, session(f"password/aal1 {age}"))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.SESSION_PAST_MAX_AGE)
    assert decision.end_now
    assert decision.end_at is None
    assert decision.matched == ("eight hours",)


def test_a_step_up_moves_the_cap_that_counts_from_it(
    decided: Decided, session: MakeSession, at: At
) -> None:
    values = session("password/aal1 now-9h", "totp/aal2 now-1h")
    assert decided(EIGHT_HOURS, values).end_at == at("now+7h")


def test_a_step_up_does_not_move_the_cap_that_counts_from_the_sign_in(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-9h", "totp/aal2 now-1h")
    decision = decided(EIGHT_HOURS + "    counted_from: issued_at\n", values)
    assert decision.reason is Reason.SESSION_PAST_MAX_AGE


def test_a_start_in_the_future_has_age_zero(decided: Decided, session: MakeSession, at: At) -> None:
    decision = decided(EIGHT_HOURS, session("password/aal1 now+1h"))
    assert (decision.verdict, decision.end_at) == (Verdict.ALLOW, at("now+9h"))


def test_a_cap_beyond_the_last_date_is_the_last_date(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1h")
    values["session.authenticated_at"] = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert decided(EIGHT_HOURS, values).end_at == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "gone", [{"session.active": False}, {"session.expires_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_a_found_session_past_its_cap_is_refused_live_or_not(
    decided: Decided, session: MakeSession, gone: dict[str, Any]
) -> None:
    rules = EIGHT_HOURS + "    must_be_active: true\n"
    decision = decided(rules, session("password/aal1 now-8h") | gone)
    assert decision.reason is Reason.SESSION_PAST_MAX_AGE
    assert decision.end_now


def test_the_earliest_of_several_caps_stands(
    decided: Decided, session: MakeSession, at: At
) -> None:
    others = (
        EIGHT_HOURS.replace("sessions:", "").replace("eight", "four").replace("8h", "4h")
        + EIGHT_HOURS.replace("sessions:", "").replace("eight", "also four").replace("8h", "4h")
        + ALWAYS.replace("sessions:", "")
    )
    decision = decided(EIGHT_HOURS + others, session("password/aal1 now-1h"))
    assert (decision.end_at, decision.end_at_rule) == (at("now+3h"), "four hours")


def test_unlimited_caps_nothing(decided: Decided, session: MakeSession) -> None:
    decision = decided(ALWAYS, session("password/aal1 now-3650d"))
    assert (decision.verdict, decision.end_at) == (Verdict.ALLOW, None)
    assert decision.extend is Extend.YES


@pytest.mark.parametrize(
    "gone", [{"session.found": False, "session.authenticated_at": None}, {"session.active": False}]
)
def test_a_session_that_does_not_live_is_neither_capped_nor_extended(
    decided: Decided, session: MakeSession, gone: dict[str, Any]
) -> None:
    rules = EIGHT_HOURS + "    extend: true\n"
    decision = decided(rules, session("password/aal1 now-1h") | gone)
    assert decision.verdict is Verdict.ALLOW
    assert (decision.extend, decision.end_at) == (Extend.NO, None)
    assert decision.matched == ("eight hours",)


def test_a_session_that_was_not_found_has_no_age(decided: Decided, session: MakeSession) -> None:
    values = session("password/aal1 now-9h") | {"session.found": False}
    assert decided(EIGHT_HOURS, values).verdict is Verdict.ALLOW


def test_must_be_active_refuses_without_a_live_session(
    decided: Decided, session: MakeSession
) -> None:
    decision = decided(LIVE, {"session.found": False})
    assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.SESSION_NOT_ACTIVE)
    assert not decision.end_now
    assert decision.matched == ("signed in",)
    assert decided(LIVE, session("password/aal1 now")).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("expires_at", "extend"),
    [("now+59m", Extend.YES), ("now+1h", Extend.NO), ("now+2h", Extend.NO)],
)
def test_a_window_extends_when_less_than_it_is_left(
    decided: Decided, session: MakeSession, expires_at: str, extend: Extend
) -> None:
    values = session("password/aal1 now-1d", expires_at=expires_at)
    assert decided(WHILE_USED, values).extend is extend


def test_without_an_expiry_nothing_is_known_to_be_left(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1d") | {"session.expires_at": None}
    assert decided(WHILE_USED, values).extend is Extend.NO
    assert decided(ALWAYS, values).extend is Extend.YES


def test_one_rule_that_forbids_beats_all_that_extend(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1d", expires_at="now+1m")
    both = ALWAYS + WHILE_USED.replace("sessions:", "")
    assert decided(both, values).extend is Extend.YES
    assert decided(both + NEVER, values).extend is Extend.NO


def test_a_rule_that_forbids_counts_only_where_it_matches(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1d") | {"client.id": "web"}
    other = NEVER + "    when: client.id == 'kiosk'\n"
    assert decided(ALWAYS + other, values).extend is Extend.YES


def test_a_login_is_never_extended(decided: Decided, session: MakeSession) -> None:
    values = session("password/aal1 now", expires_at="now+1m")
    decision = decided(ALWAYS + WHILE_USED.replace("sessions:", ""), values, "kratos.login")
    assert decision.extend is Extend.NO
    assert decision.end_at is not None


def test_a_login_that_cannot_be_judged_defers_no_extension(
    decided: Decided, session: MakeSession
) -> None:
    rules = ALWAYS + "    when: identity.metadata_admin.x == 1\n"
    values = session("password/aal1 now")
    decision = decided(rules, values, "kratos.login", failed=["kratos.identity"])
    assert decision.extend is Extend.NO


@pytest.mark.parametrize("rules", [ALWAYS, WHILE_USED])
@pytest.mark.parametrize("when", ["", "    when: session.aal == 'aal1'\n"])
def test_without_the_session_an_extension_is_made_later(
    decided: Decided, rules: str, when: str
) -> None:
    decision = decided(rules + when, failed=["kratos.session"])
    assert (decision.verdict, decision.extend) == (Verdict.ALLOW, Extend.DEFERRED)
    assert decision.notes == (Note.RULE_PASSED_OVER,)
    assert len(decision.matched) == (0 if when else 1)


def test_without_the_session_a_cap_alone_is_passed_over(decided: Decided) -> None:
    decision = decided(EIGHT_HOURS, failed=["kratos.session"])
    assert (decision.verdict, decision.extend) == (Verdict.ALLOW, Extend.NO)
    assert decision.notes == (Note.RULE_PASSED_OVER,)


def test_a_rule_that_forbids_also_forbids_to_extend_later(decided: Decided) -> None:
    assert decided(ALWAYS + NEVER, failed=["kratos.session"]).extend is Extend.NO


def test_who_can_extend_now_need_not_later(decided: Decided, session: MakeSession) -> None:
    undecided = WHILE_USED.replace("sessions:", "") + METADATA
    values = session("password/aal1 now-1d", expires_at="now+1m")
    decision = decided(ALWAYS + undecided, values, failed=["hydra.client"])
    assert decision.extend is Extend.YES


@pytest.mark.parametrize(
    ("rules", "values", "extend"),
    [
        (ALWAYS, {}, Extend.DEFERRED),
        (ALWAYS, {"session.active": False}, Extend.NO),
        (ALWAYS.replace("unlimited", "8h"), {}, Extend.DEFERRED),
        (ALWAYS.replace("unlimited", "1h"), {}, Extend.NO),
        (ALWAYS.replace("unlimited", "8h"), {"session.authenticated_at": None}, Extend.NO),
        (WHILE_USED, {}, Extend.NO),
        (EIGHT_HOURS, {}, Extend.NO),
    ],
)
def test_what_is_known_of_the_session_can_rule_a_later_extension_out(
    decided: Decided,
    session: MakeSession,
    rules: str,
    values: dict[str, Any],
    extend: Extend,
) -> None:
    known = session("password/aal1 now-1h") | values
    assert decided(rules + METADATA, known, failed=["hydra.client"]).extend is extend


@pytest.mark.parametrize("rules", [EIGHT_HOURS, ALWAYS, LIVE])
@pytest.mark.parametrize("when", ["", "    when: session.aal == 'aal1'\n"])
def test_on_error_deny_refuses_without_the_session(decided: Decided, rules: str, when: str) -> None:
    decision = decided(rules + when + "    on_error: deny\n", failed=["kratos.session"])
    assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.POLICY_UNKNOWN)
    assert (decision.extend, decision.end_now) == (Extend.NO, False)


@pytest.mark.parametrize("says", ["extend: false", "max_age: unlimited"])
def test_a_rule_that_says_nothing_of_the_session_does_not_need_it(
    decided: Decided, says: str
) -> None:
    rules = f"\nsessions:\n  - name: a\n    {says}\n    on_error: deny\n"
    decision = decided(rules, failed=["kratos.session"])
    assert decision.verdict is Verdict.ALLOW
    assert decision.matched == ("a",)


@pytest.mark.parametrize(("on_error", "verdict"), [("deny", "deny"), ("allow", "allow")])
def test_a_session_that_does_not_tell_its_age_is_left_to_on_error(
    decided: Decided, session: MakeSession, on_error: str, verdict: str
) -> None:
    rules = EIGHT_HOURS + f"    extend: true\n    on_error: {on_error}\n"
    values = session("password/aal1") | {"session.authenticated_at": None}
    decision = decided(rules, values)
    assert (decision.verdict, decision.extend) == (verdict, Extend.NO)
    assert decision.rulings[0].outcome is Outcome.UNKNOWN
    assert decision.matched == ("eight hours",)


@pytest.mark.parametrize("active", [True, False])
def test_a_cap_on_an_age_that_nobody_can_tell_is_left_to_on_error(
    decided: Decided, session: MakeSession, *, active: bool
) -> None:
    """P14: a session that is over may be past its cap, too."""
    values = session("password/aal1 now-7h", active=active)
    values |= {"session.authenticated_at": UNKNOWN}
    decision = decided(EIGHT_HOURS + "    on_error: deny\n", values)
    assert (decision.verdict, decision.reason) == (Verdict.DENY, Reason.POLICY_UNKNOWN)
    assert decision.matched == ("eight hours",)


def test_a_refusal_of_another_rule_still_ends_what_is_past_its_cap(
    decided: Decided, session: MakeSession
) -> None:
    rules = EIGHT_HOURS + "\ndeny:\n  - name: nobody\n"
    decision = decided(rules, session("password/aal1 now-8h"))
    assert (decision.rule, decision.end_now) == ("nobody", True)
