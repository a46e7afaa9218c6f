"""An explanation for a page: the words that the command has, and nothing personal."""

from __future__ import annotations

from datetime import UTC, datetime

from webhook_service.desk.explained import Line, remarks_on_facts, told
from webhook_service.policy.explain import Explanation, explain
from webhook_service.policy.facts import EventName, Facts
from webhook_service.policy.loader import load

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICY = load(
    b"""
version: 1
deny:
  - name: "far\\u202e away"
    events: [kratos.registration]
    when: request.ip == "203.0.113.5" && identity.traits.email != null
  - name: trial
    mode: shadow
    events: [kratos.registration]
    when: identity.traits.email != null
  - name: tokens
    when: client.id == "web"
"""
)


def explained(**values: object) -> Explanation:
    facts = {"request.ip": "203.0.113.5", "identity.traits": {"email": "ada@example.org"}}
    return explain(POLICY, Facts(EventName.KRATOS_REGISTRATION, {**facts, **values}), NOON)


def test_values_that_may_be_personal_are_told_only_if_asked_for() -> None:
    """P34."""
    hidden = told(explained(), show_values=False)
    assert hidden.rules[0].lines == (
        Line('request.ip == "203.0.113.5"', "true", ("request.ip present",)),
        Line("identity.traits.email != null", "true", ("identity.traits.email present",)),
    )
    assert "ada@example.org" not in str(hidden)
    shown = told(explained(), show_values=True)
    assert shown.rules[0].lines[1].on == ('identity.traits.email "ada@example.org"',)


def test_every_rule_is_told_with_its_outcome_and_the_one_that_decided() -> None:
    shown = told(explained(), show_values=False)
    assert [(rule.outcome, rule.more, rule.has_a_say) for rule in shown.rules] == [
        ("matched", "", True),
        ("matched", "would: deny rule.denied", True),
        ("not_this_event", "", False),
    ]
    assert shown.by is shown.rules[0]
    assert (shown.verdict, shown.reason, shown.message) == (
        "deny",
        "rule.denied",
        "This is not allowed.",
    )


def test_a_rule_s_name_cannot_turn_the_line_around() -> None:
    assert told(explained(), show_values=False).rules[0].name == "far\\u202e away"


def test_what_nobody_told_is_remarked_on() -> None:
    policy = load(b'version: 1\ndeny:\n  - name: a\n    when: session.aal == "aal1"\n')
    explanation = explain(policy, Facts(EventName.HYDRA_TOKEN, {"client.id": "web"}), NOON)
    assert explanation.is_provisional
    [remark] = remarks_on_facts(explanation)
    assert remark == "not asked: kratos.session; what they would tell goes into --facts"
