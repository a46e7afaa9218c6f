"""What a policy can tell of itself before any event."""

from __future__ import annotations

import pytest

from webhook_service.policy.facts import EventName
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy


def policy_of(rules: str) -> Policy:
    return load(f"version: 1\n{rules}".encode())


@pytest.mark.parametrize(
    ("rules", "ends", "acts"),
    [
        pytest.param("deny:\n  - {name: a}\n", False, False, id="a refusal"),
        pytest.param("mfa:\n  - {name: a, require: {aal: aal2}}\n", False, False, id="a demand"),
        pytest.param(
            "mfa:\n  - {name: a, require: {aal: aal2}, events: [kratos.login],"
            " step_up_within: 10m}\n",
            True,
            True,
            id="a window",
        ),
        pytest.param("sessions:\n  - {name: a, max_age: 8h}\n", True, True, id="a cap"),
        pytest.param("sessions:\n  - {name: a, max_age: unlimited}\n", False, False, id="no cap"),
        pytest.param(
            "sessions:\n  - {name: a, extend: true, max_age: unlimited}\n",
            False,
            True,
            id="an extension",
        ),
        pytest.param("sessions:\n  - {name: a, extend: false}\n", False, False, id="none"),
        pytest.param(
            "revoke:\n  - {name: a, events: [kratos.settings], revoke: [tokens]}\n",
            True,
            True,
            id="a revocation",
        ),
        pytest.param(
            "sessions:\n  - {name: a, mode: shadow, extend: true, max_age: 8h}\n",
            False,
            False,
            id="a cap in shadow",
        ),
        pytest.param(
            "deny:\n  - {name: a}\nsessions:\n  - {name: b, mode: shadow, max_age: 8h}\n"
            "  - {name: c, max_age: 8h}\n",
            True,
            True,
            id="one of several",
        ),
    ],
)
def test_a_policy_knows_whether_it_can_end_anything_or_have_any_effect(
    rules: str, *, ends: bool, acts: bool
) -> None:
    policy = policy_of(rules)
    assert (policy.ends, policy.acts) == (ends, acts)


def test_a_rule_is_found_by_its_name() -> None:
    policy = policy_of("deny:\n  - {name: a}\n  - {name: b}\n")
    second = policy.rule("b")
    assert second is policy.rules[1]
    assert policy.rule("c") is None


def test_the_rules_of_an_event_come_in_deciding_order() -> None:
    policy = policy_of(
        "sessions:\n  - {name: a, max_age: 8h}\n"
        "deny:\n  - {name: b}\n  - {name: c, events: [check]}\n"
    )
    assert [rule.name for rule in policy.at(EventName.KRATOS_LOGIN)] == ["b", "a"]
