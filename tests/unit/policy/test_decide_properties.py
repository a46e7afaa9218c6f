"""What holds of every decision, whatever the rules and the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from unit.policy.drawn import (
    EVENT,
    NOW,
    POLICIES,
    RULES,
    SOURCES,
    UNHURRIED,
    policy_of,
    seen,
    worlds,
)

from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Claims, Decision, Extend, Outcome, Verdict
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loader import load
from webhook_service.policy.model import DenyRule, MfaRule, Policy, RevokeRule, Rule, SessionRule


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_the_same_input_gives_the_same_decision(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    """P32, and what a policy remembers from one decision does not change the next."""
    first = decide(policy, seen(world, event, failed), NOW)
    fresh = Policy(policy.rules, policy.conditions, policy.digest)
    assert decide(policy, seen(world, event, failed), NOW) == first
    assert decide(fresh, seen(world, event, failed), NOW) == first


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_the_verdict_is_the_worst_that_any_rule_gives_alone(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    facts = seen(world, event, failed)
    alone = [(rule, decide(policy_of([rule]), facts, NOW)) for rule in policy.rules]
    worst = max((each.verdict.severity for _, each in alone), default=0)
    together = decide(policy, facts, NOW)
    assert together.verdict.severity == worst
    first = next((rule for rule, each in alone if each.verdict.severity == worst > 0), None)
    assert together.rule == (first.name if first else None)
    assert (together.message is None) == (first is None)


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_a_refusal_has_no_effect_but_the_end_of_an_outlived_session(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    """P25. At kratos.settings the verdict is of the hook before, ``revoke`` of the one after."""
    decision = decide(policy, seen(world, event, failed), NOW)
    assume(decision.verdict is not Verdict.ALLOW)
    assert decision.extend is Extend.NO
    assert (decision.end_at, decision.step_up_by) == (None, None)
    assert decision.claims == Claims()
    assert not decision.revoke or event is EventName.KRATOS_SETTINGS


@UNHURRIED
@given(RULES, worlds(), EVENT, SOURCES, SOURCES)
def test_shadow_rules_change_nothing_but_the_record(
    rules: list[Rule],
    world: dict[str, Any],
    event: EventName,
    failed: frozenset[Source],
    unasked: frozenset[Source],
) -> None:
    facts = seen(world, event, failed, unasked - failed)
    enforced = [rule for rule in rules if not rule.shadow]
    with_them, without = (decide(policy_of(some), facts, NOW) for some in (rules, enforced))
    assert len(with_them.shadow) == len(rules) - len(enforced)
    assert without.wants <= with_them.wants
    assert replace(with_them, shadow=(), wants=frozenset(), may_want=frozenset()) == replace(
        without, wants=frozenset(), may_want=frozenset()
    )


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_in_the_services_shadow_mode_all_is_allowed_and_recorded(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    facts = seen(world, event, failed)
    shadowed = decide(policy, facts, NOW, all_shadow=True)
    assert replace(shadowed, shadow=()) == Decision(event)
    every_rule_enforced = policy_of([replace(rule, shadow=False) for rule in policy.rules])
    assert shadowed.shadow == decide(every_rule_enforced, facts, NOW).rulings


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_an_outage_lets_nobody_in_where_rules_deny_on_error(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    closed = policy_of(
        [
            replace(rule, on_error="deny")
            for rule in policy.rules
            if isinstance(rule, DenyRule | MfaRule | SessionRule)
        ]
    )
    with_all = decide(closed, seen(world, event), NOW)
    with_less = decide(closed, seen(world, event, failed), NOW)
    if with_all.verdict is not Verdict.ALLOW:
        assert with_less.verdict is not Verdict.ALLOW
    if with_all.step_up_by is not None and with_less.verdict is Verdict.ALLOW:
        assert with_less.step_up_by is not None


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_an_outage_never_revokes_less_where_rules_revoke_on_error(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    rules = [rule for rule in policy.rules if isinstance(rule, RevokeRule)]
    closed = policy_of([replace(rule, on_error="revoke") for rule in rules])
    with_all = decide(closed, seen(world, event), NOW)
    assert with_all.revoke <= decide(closed, seen(world, event, failed), NOW).revoke


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_only_a_live_session_is_extended_or_capped(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    facts = seen(world, event, failed)
    decision = decide(policy, facts, NOW)
    live = (
        facts.value("session.found") is True
        and facts.value("session.active") is True
        and facts.value("session.expires_at") > NOW
    )
    assert live or decision.extend is not Extend.YES
    assert live or decision.end_at is None
    if decision.extend is Extend.DEFERRED:
        assert live or Source.KRATOS_SESSION in failed
    if decision.end_at is not None:
        assert decision.end_at > NOW


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES, SOURCES)
def test_a_decision_that_wants_nothing_is_not_changed_by_more_answers(
    policy: Policy,
    world: dict[str, Any],
    event: EventName,
    failed: frozenset[Source],
    unasked: frozenset[Source],
) -> None:
    """P27: what was not asked could not have mattered, and what is wanted can be asked."""
    decision = decide(policy, seen(world, event, failed, unasked - failed), NOW)
    assert decision.wants | decision.may_want <= unasked - failed
    assert not decision.wants & decision.may_want
    if not decision.wants:
        assert replace(decision, may_want=frozenset()) == decide(
            policy, seen(world, event, failed), NOW
        )


@UNHURRIED
@given(POLICIES, worlds(), EVENT, SOURCES)
def test_what_matched_is_what_its_ruling_says(
    policy: Policy, world: dict[str, Any], event: EventName, failed: frozenset[Source]
) -> None:
    decision = decide(policy, seen(world, event, failed), NOW)
    by_name = {ruling.rule: ruling for ruling in decision.rulings}
    assert len(by_name) + len(decision.shadow) == len(policy.rules)
    for name, ruling in by_name.items():
        if name in decision.matched:
            assert ruling.outcome not in {Outcome.NO_MATCH, Outcome.PASSED_OVER}
        else:
            assert ruling.outcome not in {Outcome.MATCHED, Outcome.MET, Outcome.UNMET}


SECTIONS = {
    "deny": '  - name: d\n    when: client.id == "deny"\n',
    "mfa": "  - name: m\n    require: {aal: aal2}\n",
    "sessions": "  - name: s\n    extend: true\n    max_age: 2h\n    must_be_active: true\n",
    "claims": "  - name: c\n    access_token: {acr: session.aal}\n",
}


@pytest.mark.parametrize("client", ["deny", "web"])
def test_the_order_of_the_sections_in_the_file_does_not_matter(
    session: Callable[..., dict[str, Any]], facts: Callable[..., Facts], client: str
) -> None:
    decisions = []
    for order in permutations(SECTIONS):
        text = "".join(f"{section}:\n{SECTIONS[section]}" for section in order)
        known = facts(session("totp/aal2 now-1h") | {"client.id": client})
        decision = decide(load(f"version: 1\n{text}".encode()), known, NOW)
        lineless = tuple(replace(ruling, line=0) for ruling in decision.rulings)
        decisions.append(replace(decision, rulings=lineless))
    assert all(decision == decisions[0] for decision in decisions)
