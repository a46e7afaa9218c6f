"""P19 to P21 and P26: how the rules of one event become one decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from unit.policy.rules_of_each_section import (
    CAP,
    CLAIMS,
    DENY,
    ENROLLED,
    EVERYTHING,
    LIVE,
    MFA,
    REVOKE,
)

from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Claims, Decision, Extend, Note, Outcome, Reason, Verdict
from webhook_service.policy.facts import Facts
from webhook_service.policy.loader import load
from webhook_service.policy.messages import stock_message

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]


def test_an_event_that_no_rule_listens_to_is_allowed(decided: Decided) -> None:
    decision = decided(EVERYTHING, event="kratos.verification", answered=[])
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.ALLOW, None, None)
    assert (decision.rulings, decision.shadow, decision.wants) == ((), (), frozenset())


def test_every_rule_of_the_event_is_ruled_on_in_deciding_order(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-1h") | ENROLLED | {"client.id": "deny"}
    backwards = CLAIMS + REVOKE + CAP + MFA + DENY
    decision = decided(backwards, values)
    assert [ruling.rule for ruling in decision.rulings] == ["deny", "mfa", "cap", "level"]
    assert [ruling.outcome for ruling in decision.rulings] == [
        Outcome.MATCHED,
        Outcome.UNMET,
        Outcome.MATCHED,
        Outcome.MATCHED,
    ]
    assert [ruling.line for ruling in decision.rulings] == [21, 17, 13, 4]


def test_the_worst_verdict_wins(decided: Decided, session: MakeSession) -> None:
    step_up = session("password/aal1 now-1h") | ENROLLED
    assert decided(EVERYTHING, step_up).verdict is Verdict.STEP_UP
    denied = step_up | {"client.id": "deny"}
    assert (decided(EVERYTHING, denied).rule) == "deny"
    past_cap = session("password/aal1 now-8h") | ENROLLED
    assert decided(EVERYTHING, past_cap).rule == "cap"


def test_to_enrol_is_worse_than_to_step_up(decided: Decided, session: MakeSession) -> None:
    """The key in one rule is not there, the app code of the other is: enrol comes first."""
    rules = """
mfa:
  - name: app
    require: {aal: aal2, methods: [totp]}
  - name: key
    require: {aal: aal2, methods: [webauthn]}
"""
    decision = decided(rules, session("password/aal1 now") | ENROLLED)
    assert (decision.verdict, decision.rule) == (Verdict.ENROL, "key")


def test_of_rules_with_the_same_verdict_the_first_decides(
    decided: Decided, session: MakeSession
) -> None:
    rules = (
        LIVE
        + """
deny:
  - name: second
    message: Not from here.
  - name: third
"""
    )
    decision = decided(rules, {"session.found": False})
    assert (decision.rule, decision.reason) == ("second", Reason.RULE_DENIED)
    assert decision.message == "Not from here."


def test_mfa_comes_before_sessions_in_the_reason(decided: Decided) -> None:
    decision = decided(LIVE + "    on_error: deny\n" + MFA, failed=["kratos.session"])
    assert (decision.verdict, decision.rule) == (Verdict.DENY, "mfa")


def test_each_mfa_rule_must_be_met_on_its_own(decided: Decided, session: MakeSession) -> None:
    rules = """
mfa:
  - name: app
    require: {aal: aal2, methods: [totp]}
  - name: key
    require: {aal: aal2, methods: [webauthn]}
"""
    both = {"identity.second_factors": ("totp", "webauthn")}
    one = decided(rules, session("totp/aal2 now") | both)
    assert (one.verdict, one.rule) == (Verdict.STEP_UP, "key")
    assert decided(rules, session("totp/aal2 now", "webauthn/aal2 now")).verdict is Verdict.ALLOW


def test_without_a_message_of_its_own_the_rule_has_the_stock_text(decided: Decided) -> None:
    decision = decided(DENY, {"client.id": "deny"})
    assert decision.message == stock_message(Reason.RULE_DENIED)


def test_an_unknown_deny_rule_denies_unless_it_says_otherwise(decided: Decided) -> None:
    rules = "\ndeny:\n  - name: a\n    when: client.metadata.blocked == true\n"
    closed = decided(rules, failed=["hydra.client"])
    assert (closed.verdict, closed.reason) == (Verdict.DENY, Reason.POLICY_UNKNOWN)
    opened = decided(rules + "    on_error: allow\n", failed=["hydra.client"])
    assert (opened.verdict, opened.notes) == (Verdict.ALLOW, (Note.RULE_PASSED_OVER,))


def test_a_condition_over_its_budget_is_unknown(decided: Decided) -> None:
    """P33: no source is to blame, so none is asked; ``on_error`` decides."""
    rules = """
deny:
  - name: a
    when: token.scopes.exists(a, token.audience.exists(b, a == b))
"""
    many = [str(number) for number in range(2000)]
    values = {"token.scopes": many, "token.audience": [f"x{item}" for item in many]}
    decision = decided(rules, values, answered=[])
    assert (decision.reason, decision.wants) == (Reason.POLICY_UNKNOWN, frozenset())


def test_a_condition_that_comes_to_null_does_not_hold(decided: Decided) -> None:
    rules = "\ndeny:\n  - name: a\n    when: session.active\n"
    assert decided(rules, {"session.found": False}).rulings[0].outcome is Outcome.NO_MATCH


@pytest.mark.parametrize(
    "grant", ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]
)
def test_without_a_user_only_client_rules_and_claims_apply(decided: Decided, grant: str) -> None:
    rules = DENY + MFA + LIVE + "    on_error: deny\n" + CLAIMS
    decision = decided(rules, {"token.grant": grant, "client.id": "robot"}, answered=[])
    assert (decision.verdict, decision.wants) == (Verdict.ALLOW, frozenset())
    assert [ruling.outcome for ruling in decision.rulings] == [
        Outcome.NO_MATCH,
        Outcome.PASSED_OVER,
        Outcome.PASSED_OVER,
        Outcome.MATCHED,
    ]
    assert decision.notes == (Note.SUBJECT_NONE,)
    assert decision.matched == ("level",)
    assert decision.claims == Claims({"acr": None})
    assert decided(rules, {"token.grant": grant, "client.id": "deny"}).rule == "deny"


def test_without_a_user_the_facts_of_one_are_absent(decided: Decided, session: MakeSession) -> None:
    rules = "\ndeny:\n  - name: a\n    when: has(session.id) || has(identity.traits)\n"
    values = session("password/aal1 now") | {"identity.traits": {"a": 1}}
    assert decided(rules, values).verdict is Verdict.DENY
    machine = values | {"token.grant": "client_credentials"}
    assert decided(rules, machine).verdict is Verdict.ALLOW


def test_a_grant_that_nobody_knows_has_a_user(decided: Decided) -> None:
    decision = decided(LIVE, {"token.grant": "urn:example:new", "session.found": False})
    assert decision.reason is Reason.SESSION_NOT_ACTIVE


def test_a_shadow_rule_is_recorded_and_nothing_else(decided: Decided, session: MakeSession) -> None:
    shadow = EVERYTHING.replace("    ", "    mode: shadow\n    ", 1).replace(
        "    require", "    mode: shadow\n    require"
    )
    decision = decided(shadow, session("password/aal1 now-1h") | ENROLLED | {"client.id": "deny"})
    assert decision.verdict is Verdict.ALLOW
    assert [(ruling.rule, ruling.verdict) for ruling in decision.shadow] == [
        ("deny", Verdict.DENY),
        ("mfa", Verdict.STEP_UP),
    ]
    assert [ruling.rule for ruling in decision.rulings] == ["cap", "level"]
    assert decision.matched == ("cap", "level")
    assert decision.extend is Extend.YES


def test_the_services_shadow_mode_makes_every_rule_one(
    decided: Decided, session: MakeSession
) -> None:
    values = session("password/aal1 now-9h") | {"client.id": "deny"}
    decision = decided(EVERYTHING, values, all_shadow=True)
    assert decision == replace(Decision(decision.event), shadow=decided(EVERYTHING, values).rulings)


def test_now_is_the_clock_reading_whatever_the_facts_say(decided: Decided) -> None:
    rules = "\ndeny:\n  - name: a\n    when: now == timestamp('2026-11-24T12:00:00Z')\n"
    assert decided(rules).verdict is Verdict.DENY
    assert decided(rules, {"now": None}).verdict is Verdict.DENY


def test_the_event_is_a_fact(decided: Decided) -> None:
    rules = "\ndeny:\n  - name: a\n    when: event.name == 'hydra.token'\n"
    assert decided(rules).verdict is Verdict.DENY
    assert decided(rules, event="check").verdict is Verdict.ALLOW


def test_deciding_changes_no_fact(facts: Callable[..., Facts], session: MakeSession) -> None:
    policy = load(f"version: 1\n{EVERYTHING}".encode())
    values = session("password/aal1 now-1h")
    before = dict(values)
    decide(policy, facts(values), values["session.expires_at"])
    assert values == before
