"""What follows from a recorded event, and what cannot be decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.simulation.events import MFA, NOW, happening, live, policy_of

from webhook_service.policy.cases import facts_of
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.policy.facts import FACTS, EventName, Facts, Source, source_of
from webhook_service.policy.known import FACTORS
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy, PolicyTest
from webhook_service.simulation.happenings import Happening
from webhook_service.simulation.replay import Replay, Replayed

EXAMPLES = sorted(
    (Path(__file__).parent.parent / "policy" / "fixtures" / "examples").glob("*.yaml")
)


def replayed(rules: str, event: Happening) -> Replayed:
    return Replay(policy_of(rules)).decide(event)


BLOCKED = "deny:\n  - {name: blocked, when: 'token.claims.tenant == \"gone\"'}\n"


# All that is known


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_known_altogether_is_decided_as_ever(path: Path) -> None:
    policy = load(path.read_bytes())
    replay = Replay(policy)
    for test in policy.tests:
        facts = facts_of(test)
        result = replay.decide(Happening((facts,), test.now, "key"))
        decision = decide(policy, facts, test.now)
        assert result == Replayed(
            decision, {}, decision.verdict, decision.reason, decision.rule, ()
        )


# Something is not


CASES = [
    (policy, test)
    for policy in (load(path.read_bytes()) for path in EXAMPLES)
    for test in policy.tests
]


def hidden(facts: Facts, names: set[str], sources: set[Source]) -> Facts:
    """Return the facts without those, as if nobody could tell them."""
    pending = frozenset(sources) - facts.failed.keys()
    values = dict(facts.values)
    for name in FACTS:
        source = source_of(name, facts.event)
        if source in pending or (
            source is None and facts.event in FACTS[name].source and name in names
        ):
            values[name] = UNKNOWN
    if values.get("session.found") is UNKNOWN:
        values.pop(FACTORS, None)
    return replace(facts, values=values, answered=facts.answered - pending)


@settings(max_examples=300, deadline=None)
@given(
    case=st.sampled_from(CASES),
    names=st.sets(st.sampled_from(sorted(FACTS.keys() - {"now", "event.name"}))),
    sources=st.sets(st.sampled_from(list(Source))),
)
def test_a_verdict_that_is_given_holds_whatever_is_not_known(
    case: Any, names: set[str], sources: set[Source]
) -> None:
    """Settled question 3: no guess."""
    policy, test = case
    check_that_nothing_is_guessed(policy, test, names, sources)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1].name)
def test_each_single_fact_that_is_not_known_is_missed_where_it_counts(case: Any) -> None:
    policy, test = case
    for name in FACTS.keys() - {"now", "event.name"}:
        check_that_nothing_is_guessed(policy, test, {name}, set())
    for source in Source:
        check_that_nothing_is_guessed(policy, test, set(), {source})


def check_that_nothing_is_guessed(
    policy: Policy, test: PolicyTest, names: set[str], sources: set[Source]
) -> None:
    facts = facts_of(test)
    decision = decide(policy, facts, test.now)
    result = Replay(policy).decide(Happening((hidden(facts, names, sources),), test.now, "key"))
    if result.verdict is None:
        assert result.missing
    else:
        assert result.verdict is decision.verdict
    rulings = {ruling.rule: ruling for ruling in (*decision.rulings, *decision.shadow)}
    for ruling in (*result.decision.rulings, *result.decision.shadow):
        if ruling.rule not in result.lacking:
            assert ruling == rulings[ruling.rule]


def test_a_fact_that_nobody_tells_leaves_the_verdict_open() -> None:
    result = replayed(BLOCKED, happening({"token.claims": UNKNOWN}))
    assert (result.verdict, result.missing) == (None, ("token.claims",))
    assert result.lacking == {"blocked": ("token.claims",)}


def test_a_call_that_nobody_made_does_too() -> None:
    result = replayed(MFA, happening())
    assert (result.verdict, result.missing) == (None, ("kratos.session",))


def test_a_call_that_failed_then_is_decided_by_on_error() -> None:
    """P17: that is what happened."""
    failed = {Source.KRATOS_SESSION: "upstream.timeout"}
    result = replayed(MFA, happening(failed=failed))
    assert (result.verdict, result.reason, result.rule) == (
        Verdict.DENY,
        Reason.POLICY_UNKNOWN,
        "step up",
    )
    assert result.lacking == {}


def test_a_refusal_that_nothing_can_worsen_stands() -> None:
    """P20: the worst verdict wins."""
    rules = f"{MFA}deny:\n  - {{name: closed, when: client.id == 'web'}}\n"
    result = replayed(rules, happening({"client.id": "web"}))
    assert (result.verdict, result.rule) == (Verdict.DENY, "closed")
    assert result.lacking == {"step up": ("kratos.session",)}
    assert result.missing == ()


def test_a_refusal_that_something_could_worsen_does_not() -> None:
    values = {**live(), "session.expires_at": NOW + timedelta(hours=1), "token.claims": UNKNOWN}
    result = replayed(MFA + BLOCKED, happening(values, answered=True))
    assert (result.verdict, result.missing) == (None, ("token.claims",))


@pytest.mark.parametrize(
    "rule",
    [
        "claims:\n  - {name: a, when: token.acr == 'x', access_token: {b: client.id}}\n",
        "sessions:\n  - {name: a, when: token.acr == 'x', extend: false}\n",
        "sessions:\n  - {name: a, when: token.acr == 'x', extend: true, max_age: unlimited}\n",
        "deny:\n  - {name: a, mode: shadow, when: token.acr == 'x'}\n",
    ],
)
def test_a_rule_that_refuses_nobody_leaves_the_verdict_alone(rule: str) -> None:
    result = replayed(rule, happening({"token.acr": UNKNOWN}))
    assert (result.verdict, result.reason, result.rule) == (Verdict.ALLOW, None, None)
    assert result.lacking == {"a": ("token.acr",)}


def test_at_a_login_no_second_factor_is_asked_for() -> None:
    """P18."""
    rules = (
        "mfa:\n  - {name: a, events: [kratos.login], require: {aal: aal2}, step_up_within: 1h}\n"
    )
    result = replayed(
        rules, happening({"session.found": True, "session.active": UNKNOWN}, "kratos.login")
    )
    assert result.verdict is Verdict.ALLOW
    assert result.lacking == {"a": ("session.active",)}


AT_LOGIN = "name: a, events: [kratos.login]"


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        (f"mfa:\n  - {{{AT_LOGIN}, require: {{aal: aal2}}", "session.aal"),
        (f"sessions:\n  - {{{AT_LOGIN}, max_age: 8h", "session.issued_at"),
        (
            f"mfa:\n  - {{{AT_LOGIN}, require: {{aal: aal2}}, enrolment: {{grace: 9d}}",
            "identity.created_at",
        ),
    ],
)
def test_what_a_rule_is_judged_by_is_lacking_where_nobody_tells_it(rule: str, fact: str) -> None:
    values = {
        **live(),
        "session.expires_at": NOW + timedelta(hours=1),
        "identity.second_factors": (),
        fact: UNKNOWN,
    }
    more = ", step_up_within: 1h}\n" if rule.startswith("mfa") else ", counted_from: issued_at}\n"
    result = replayed(rule + more, happening(values, "kratos.login", answered=True))
    assert result.lacking == {"a": (fact,)}


def test_a_session_that_is_over_may_be_past_a_cap_as_well() -> None:
    """Its age decides between two refusals, and whether it is ended (P24)."""
    rules = "sessions:\n  - {name: a, max_age: 8h, must_be_active: true}\n"
    values = {**live(), "session.active": False, "session.authenticated_at": UNKNOWN}
    result = replayed(rules, happening(values, answered=True))
    assert (result.verdict, result.missing) == (None, ("session.authenticated_at",))


def test_whether_to_step_up_or_to_enrol_takes_what_is_enrolled() -> None:
    """P16."""
    values = {**live(), "session.expires_at": NOW + timedelta(hours=1)}
    facts = Facts(EventName.HYDRA_TOKEN, values, frozenset({Source.KRATOS_SESSION}))
    result = replayed(MFA, Happening((facts,), NOW, "key"))
    assert (result.verdict, result.missing) == (None, ("kratos.identity",))


def test_a_first_level_that_is_not_shown_is_a_step_up_at_most() -> None:
    rules = "mfa:\n  - {name: a, require: {aal: aal1}}\n"
    closed = "deny:\n  - {name: b, when: client.id == 'x'}\n"
    assert replayed(rules + closed, happening({"client.id": "x"})).verdict is Verdict.DENY
    assert replayed(rules + closed, happening({"client.id": "y"})).verdict is None


# Two readings of one record


def both(values: Mapping[str, Value] | None = None) -> Happening:
    facts = [
        Facts(EventName.HYDRA_TOKEN, {**(values or {}), "token.grant": grant})
        for grant in ("client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer")
    ]
    return Happening(tuple(facts), NOW, "key")


def test_what_both_readings_come_to_is_decided() -> None:
    result = replayed(MFA, both())
    assert (result.verdict, result.lacking) == (Verdict.ALLOW, {})


def test_what_only_one_comes_to_is_not() -> None:
    rules = "deny:\n  - {name: machines, when: token.grant == 'client_credentials'}\n"
    result = replayed(rules, both())
    assert (result.verdict, result.missing) == (None, ("token.grant",))


def test_what_one_of_them_lacks_is_lacking() -> None:
    rules = """
    deny:
      - name: a
        when: token.grant != "client_credentials" && token.claims.x == "y"
    """
    result = replayed(rules, both({"token.claims": UNKNOWN}))
    assert set(result.missing) == {"token.grant"}
    assert result.verdict is None
