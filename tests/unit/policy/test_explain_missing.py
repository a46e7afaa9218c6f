"""What an explanation says of facts that nobody told (P14, P34)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from textwrap import dedent

import pytest

from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.explain import Explained, Explanation, explain
from webhook_service.policy.facts import Facts
from webhook_service.policy.loader import load

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Maker = Callable[..., Facts]
SessionMaker = Callable[..., dict[str, Value]]


def explained(rules: str, facts: Facts) -> Explanation:
    return explain(load(f"version: 1\n{dedent(rules)}".encode()), facts, NOW)


def only_rule(rules: str, facts: Facts) -> Explained:
    [rule] = explained(rules, facts).rules
    return rule


def test_an_explanation_knows_its_moment(facts: Maker) -> None:
    assert explained("deny: []", facts({})).now == NOW


@pytest.mark.parametrize(
    ("when", "unknown"),
    [
        pytest.param(
            "(client.owner == 'x' && token.acr == '1') || session.active",
            ("kratos.session",),
            id="an operand that is false whatever the unknown fact in it is",
        ),
        pytest.param(
            "session.active && !(token.acr == '1' && client.owner == 'x')",
            ("kratos.session",),
            id="an operand that is true under a negation",
        ),
        pytest.param(
            "client.owner == session.id || token.acr == session.aal",
            ("hydra.client", "kratos.session"),
            id="a call that two operands lack",
        ),
        pytest.param(
            "[client.owner == 'x', session.active] == [true, true]",
            ("hydra.client", "kratos.session"),
            id="an operand that is looked at as a whole",
        ),
    ],
)
def test_only_what_could_decide_the_condition_is_named(
    facts: Maker, when: str, unknown: tuple[str, ...]
) -> None:
    rules = f'deny:\n  - name: a\n    when: "{when}"\n'
    known = facts({"token.acr": "2"}, failed=["hydra.client", "kratos.session"])
    rule = only_rule(rules, known)
    assert rule.unknown == unknown
    assert rule.words == f"unknown: {', '.join(unknown)} → deny"


def test_a_rule_whose_condition_holds_names_what_its_demand_lacks(facts: Maker) -> None:
    rules = "mfa:\n  - {name: a, when: client.id == 'app', require: {aal: aal2}}\n"
    rule = only_rule(rules, facts({"client.id": "app"}, failed=["kratos.session"]))
    assert rule.words == "unknown: kratos.session → deny"


def test_a_rule_that_may_not_hold_demands_nothing(facts: Maker, session: SessionMaker) -> None:
    rules = "mfa:\n  - {name: a, when: client.owner == 'x', require: {aal: aal2}}\n"
    known = facts(session("password/aal1 now-1m"), failed=["hydra.client"])
    assert only_rule(rules, known).demands == ()


def test_a_rule_that_was_decided_lacks_nothing(facts: Maker, session: SessionMaker) -> None:
    rules = "sessions:\n  - {name: a, max_age: 8h}\n"
    rule = only_rule(rules, facts(session("password/aal1 now-1m")))
    assert (rule.words, rule.unknown) == ("matched", ())


def test_a_session_that_may_be_over_is_named_before_its_age(
    facts: Maker, session: SessionMaker
) -> None:
    rules = "sessions:\n  - {name: a, max_age: 8h}\n"
    known = {**session("password/aal1 now-1m"), "session.active": UNKNOWN}
    assert only_rule(rules, facts(known)).words == "unknown: session.active → allow"


def test_a_fact_that_nobody_told_and_that_did_not_matter_is_missing(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: client.id == 'x' || token.acr == '2'}\n"
    explanation = explained(rules, facts({"client.id": "x", "token.acr": UNKNOWN}))
    assert explanation.rules[0].words == "matched"
    assert explanation.missing == ("token.acr",)
    assert not explanation.is_provisional


def test_an_unknown_fact_is_shown_as_unknown(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: client.owner == 'x'}\n"
    [operand] = only_rule(rules, facts({}, failed=["hydra.client"])).operands
    assert [read.state.value for read in operand.reads] == ["unknown"]


def test_only_a_rule_with_a_grace_lacks_the_day_of_the_account(
    facts: Maker, session: SessionMaker
) -> None:
    """P16."""
    known = {
        **session("password/aal1 now-1m"),
        "session.aal": UNKNOWN,
        "identity.created_at": UNKNOWN,
    }
    rules = "mfa:\n  - {name: a, require: {aal: aal2}}\n"
    assert only_rule(rules, facts(known)).unknown == ("session.aal",)
