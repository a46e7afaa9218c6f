"""Which calls an event costs, and which rules need each (P27)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from webhook_service.policy.cases import facts_of
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decide import decide
from webhook_service.policy.explain import Explanation, explain
from webhook_service.policy.facts import Facts, Source
from webhook_service.policy.loader import load

EXAMPLES = sorted((Path(__file__).parent / "fixtures" / "examples").glob("*.yaml"))

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Maker = Callable[..., Facts]
SessionMaker = Callable[..., dict[str, Value]]


def explained(rules: str, facts: Facts, free: frozenset[Source] = frozenset()) -> Explanation:
    policy = load(f"version: 1\n{dedent(rules)}".encode())
    return explain(policy, facts, NOW, free=free)


def asked(explanation: Explanation) -> dict[str, list[str]]:
    return {call.source: [rule.name for rule in call.rules] for call in explanation.calls}


TWO_RULES = """
mfa:
  - name: step up
    when: client.id == "app"
    require: {aal: aal2}
sessions:
  - name: staff
    when: identity.traits.staff == true
    max_age: 8h
deny:
  - name: nobody
    when: client.id == "gone" && client.metadata.closed == true
"""


def test_calls_are_told_with_the_rules_that_need_them(facts: Maker, session: SessionMaker) -> None:
    values = {
        "client.id": "app",
        "identity.traits": {"staff": True},
        "identity.second_factors": ["totp"],
        **session("password/aal1 now-1m"),
    }
    explanation = explained(TWO_RULES, facts(values))
    assert asked(explanation) == {
        "kratos.session": ["step up", "staff"],
        "kratos.identity": ["step up"],
    }
    assert [call.failed for call in explanation.calls] == [None, None]


def test_a_call_is_made_for_the_rules_that_seek_it_and_no_other(facts: Maker) -> None:
    rules = """
    deny:
      - {name: of the session, when: session.active}
      - {name: of the person, when: identity.metadata_admin.banned == true}
      - {name: of the client, when: client.metadata.closed == true}
    """
    assert asked(explained(rules, facts({}))) == {
        "kratos.session": ["of the session"],
        "hydra.client": ["of the client"],
        "kratos.identity": ["of the person"],
    }


LATER = """
deny:
  - {name: at once, when: session.active == false}
  - {name: later, when: "client.metadata.strict == true ? session.active : false"}
mfa:
  - {name: never, when: client.metadata.strict == false, require: {aal: aal1}}
"""


@pytest.mark.parametrize("failed", [[], ["kratos.session"]])
def test_a_rule_that_needs_the_answer_to_an_earlier_call_is_named_for_that_call(
    facts: Maker, session: SessionMaker, failed: list[str]
) -> None:
    known = {} if failed else {**session("password/aal1 now-1m"), "identity.traits": {}}
    values = {"client.metadata": {"strict": True}, **known}
    assert asked(explained(LATER, facts(values, failed=failed))) == {
        "kratos.session": ["at once", "later"],
        "hydra.client": ["later", "never"],
    }


def test_a_session_brings_the_traits_along(facts: Maker, session: SessionMaker) -> None:
    """F100: one call for two sources."""
    values = {"client.id": "web", "identity.traits": {"staff": True}}
    values |= session("password/aal1 now-1m")
    assert asked(explained(TWO_RULES, facts(values))) == {"kratos.session": ["staff"]}


def test_without_a_session_the_traits_are_asked_for(facts: Maker) -> None:
    values = {"client.id": "web", "session.found": False, "identity.traits": {}}
    assert asked(explained(TWO_RULES, facts(values))) == {
        "kratos.session": ["staff"],
        "kratos.identity": ["staff"],
    }


def test_what_no_rule_needs_is_not_called(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: client.id == 'x' && session.active}\n"
    assert explained(rules, facts({"client.id": "y"})).calls == ()


def test_a_call_that_failed_says_why(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: session.active}\n"
    [call] = explained(rules, facts({}, failed=["kratos.session"])).calls
    assert (call.source, call.failed) == ("kratos.session", "upstream.timeout")


def test_a_call_that_nobody_made_leaves_the_decision_open(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: session.active}\n"
    explanation = explained(rules, facts({}, answered=[]))
    assert [call.failed for call in explanation.calls] == ["not asked"]
    assert explanation.missing == ("kratos.session",)
    assert explanation.is_provisional
    assert not explained(rules, facts({})).is_provisional


def test_what_the_payload_shows_needs_no_call(facts: Maker) -> None:
    """F5: a subject that is no UUID has no session."""
    rules = "deny:\n  - {name: a, when: session.found == false}\n"
    known = facts({"session.found": False}, answered=["kratos.session"])
    explanation = explained(rules, known, free=frozenset({Source.KRATOS_SESSION}))
    assert explanation.calls == ()
    assert explanation.rules[0].words == "matched"


def test_a_token_without_a_user_costs_no_call(facts: Maker) -> None:
    rules = """
    mfa:
      - {name: a, require: {aal: aal2}}
    deny:
      - {name: b, when: client.metadata.closed == true}
    """
    known = facts({"token.grant": "client_credentials"})
    assert asked(explained(rules, known)) == {"hydra.client": ["b"]}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_asking_call_by_call_comes_to_the_same_decision(path: Path) -> None:
    """P27: what was never asked for does not matter."""
    policy = load(path.read_bytes())
    for test in policy.tests:
        facts = facts_of(test)
        explanation = explain(policy, facts, test.now)
        called = {call.source for call in explanation.calls}
        unasked = frozenset(Source) - called
        without = replace(facts, answered=facts.answered - unasked, failed=dict(facts.failed))
        decision = decide(policy, without, test.now)
        assert decision.verdict is explanation.decision.verdict
        assert decision.reason is explanation.decision.reason
