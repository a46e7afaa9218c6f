"""Why a decision is as it is (section 8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from webhook_service.policy.cases import facts_of
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.decide import decide
from webhook_service.policy.explain import Explained, Explanation, explain
from webhook_service.policy.explain_operands import on_one_line
from webhook_service.policy.facts import Facts, Source
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy

EXAMPLES = sorted((Path(__file__).parent / "fixtures" / "examples").glob("*.yaml"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Maker = Callable[..., Facts]
SessionMaker = Callable[..., dict[str, Value]]


def policy_of(rules: str) -> Policy:
    return load(f"version: 1\n{dedent(rules)}".encode())


def explained(rules: str, facts: Facts, free: frozenset[Source] = frozenset()) -> Explanation:
    return explain(policy_of(rules), facts, NOW, free=free)


def only_rule(rules: str, facts: Facts) -> Explained:
    [rule] = explained(rules, facts).rules
    return rule


def operand_rows(rule: Explained) -> list[tuple[str, str]]:
    return [(operand.text, operand.answer.value) for operand in rule.operands]


# the decision


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_explained_is_what_is_decided(path: Path) -> None:
    policy = load(path.read_bytes())
    for test in policy.tests:
        facts = facts_of(test)
        explanation = explain(policy, facts, test.now)
        assert explanation.decision == decide(policy, facts, test.now)
        rulings = {
            ruling.rule: ruling
            for ruling in (*explanation.decision.rulings, *explanation.decision.shadow)
        }
        assert {each.rule.name: each.ruling for each in explanation.rules if each.ruling} == rulings


def test_the_deciding_rule_is_named(facts: Maker) -> None:
    rules = "deny:\n  - {name: first, when: client.id == 'x'}\n  - {name: second}\n"
    deciding = explained(rules, facts({"client.id": "y"})).deciding
    assert deciding is not None
    assert deciding.name == "second"
    allowed = explained("deny:\n  - {name: a, when: client.id == 'x'}\n", facts({}))
    assert allowed.deciding is None


def test_rules_come_in_the_order_of_the_file(facts: Maker) -> None:
    rules = """
    sessions:
      - {name: last to decide, max_age: 8h}
    deny:
      - {name: first to decide}
    """
    names = [each.rule.name for each in explained(rules, facts({})).rules]
    assert names == ["last to decide", "first to decide"]


# words


MFA = """
mfa:
  - name: a
    when: client.id == "app"
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
"""


@pytest.mark.parametrize(
    ("client", "factors", "words"),
    [
        ("web", [], "no match"),
        ("app", ["password/aal1 now-1m"], "unmet: mfa.aal_too_low"),
        ("app", ["password/aal1 now-1m", "totp/aal2 now-1m"], "met"),
    ],
)
def test_the_words_of_an_mfa_rule(
    facts: Maker, session: SessionMaker, client: str, factors: list[str], words: str
) -> None:
    values = {"client.id": client, "identity.second_factors": ["totp"], **session(*factors)}
    assert only_rule(MFA, facts(values)).words == words


def test_a_rule_of_another_event_does_not_listen(facts: Maker) -> None:
    rule = only_rule(MFA, facts({"client.id": "app"}, "kratos.login"))
    assert rule.words == "not this event"
    assert (rule.ruling, rule.operands, rule.demands) == (None, (), ())
    assert rule.rule.name == "a"


def test_a_shadow_rule_says_what_it_would_do(facts: Maker, session: SessionMaker) -> None:
    rules = "mfa:\n  - {name: a, mode: shadow, require: {aal: aal2}}\n"
    values = {**session("password/aal1 now-1m"), "identity.second_factors": ["totp"]}
    assert only_rule(rules, facts(values)).words == "would: step_up mfa.aal_too_low"
    met = session("password/aal1 now-1m", "totp/aal2 now-1m")
    assert only_rule(rules, facts(met)).words == "met"


def test_a_token_without_a_user_is_passed_over(facts: Maker) -> None:
    """P19."""
    rules = "mfa:\n  - {name: a, require: {aal: aal2}}\n"
    rule = only_rule(rules, facts({"token.grant": "client_credentials"}))
    assert rule.words == "passed over: subject.none"


def test_a_grace_is_told(facts: Maker, session: SessionMaker) -> None:
    """P16."""
    rules = "mfa:\n  - {name: a, require: {aal: aal2}, enrolment: {grace: 3d}}\n"
    values = {
        **session("password/aal1 now-1m"),
        "identity.second_factors": [],
        "identity.created_at": NOW - timedelta(days=1),
    }
    words = only_rule(rules, facts(values)).words
    assert words == "unmet: mfa.not_enrolled, in mfa.enrolment_grace"


@pytest.mark.parametrize(
    ("rules", "failed", "words"),
    [
        ("deny:\n  - {name: a, when: session.active}\n", "kratos.session", "kratos.session → deny"),
        (
            "deny:\n  - {name: a, on_error: allow, when: session.active || client.owner == 'x'}\n",
            "kratos.session",
            "kratos.session → allow",
        ),
        ("sessions:\n  - {name: a, max_age: 8h}\n", "kratos.session", "kratos.session → allow"),
        (
            "deny:\n  - {name: a, when: '!(identity.traits.a == 1)'}\n",
            "kratos.identity",
            "kratos.identity → deny",
        ),
        (
            "claims:\n  - {name: a, when: session.active, access_token: {b: client.id}}\n",
            "kratos.session",
            "kratos.session → claims removed",
        ),
    ],
)
def test_an_unknown_rule_names_the_source_and_what_follows(
    facts: Maker, rules: str, failed: str, words: str
) -> None:
    rule = only_rule(rules, facts({"client.id": "app"}, failed=[failed]))
    assert rule.words == f"unknown: {words}"


def test_a_rule_says_what_follows_from_two_unknown_sources(facts: Maker) -> None:
    rules = """
    conditions:
      left: identity.traits.left == true
    deny:
      - name: a
        when: left || client.metadata.closed == true || client.id == "x"
    """
    rule = only_rule(rules, facts({}, failed=["kratos.identity", "hydra.client"]))
    assert rule.unknown == ("kratos.identity", "hydra.client")


def test_a_fact_that_nobody_can_tell_is_named_itself(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: '\"billing\" in token.scopes'}\n"
    explanation = explained(rules, facts({"token.scopes": UNKNOWN}))
    assert explanation.rules[0].words == "unknown: token.scopes → deny"
    assert explanation.missing == ("token.scopes",)
    assert explanation.is_provisional


def test_a_condition_over_its_budget_says_so(facts: Maker) -> None:
    """P33."""
    when = "token.scopes.exists(a, token.scopes.exists(b, a == b && a != b))"
    many = [str(number) for number in range(200)]
    rule = only_rule(f"deny:\n  - {{name: a, when: '{when}'}}\n", facts({"token.scopes": many}))
    assert rule.words == "unknown: too many steps → deny"


def test_of_two_facts_the_unknown_one_is_named(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: client.id == session.id}\n"
    rule = only_rule(rules, facts({"client.id": "x"}, failed=["kratos.session"]))
    assert rule.unknown == ("kratos.session",)


def test_a_session_that_does_not_tell_its_age_is_unknown(
    facts: Maker, session: SessionMaker
) -> None:
    rules = "sessions:\n  - {name: a, max_age: 8h, counted_from: issued_at, on_error: deny}\n"
    values = {**session("password/aal1 now-1m"), "session.issued_at": None}
    login = facts(values, "kratos.login")
    assert only_rule(rules, login).words == "unknown: session.issued_at → deny"


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        ("sessions:\n  - {name: a, max_age: 8h, on_error: deny}\n", "session.authenticated_at"),
        ("mfa:\n  - {name: a, require: {aal: aal2}}\n", "session.aal"),
        (
            "mfa:\n  - {name: a, require: {aal: aal2}, enrolment: {grace: 9d}}\n",
            "identity.created_at",
        ),
        ("mfa:\n  - {name: a, require: {aal: aal2}}\n", "session.active"),
    ],
)
def test_a_fact_that_a_rule_is_judged_by_and_nobody_can_tell_is_named(
    facts: Maker, session: SessionMaker, rule: str, fact: str
) -> None:
    """What a decision record does not hold could still change the verdict."""
    known = {**session("password/aal1 now-1m"), "identity.second_factors": ()}
    explanation = explained(rule, facts({**known, fact: UNKNOWN}))
    assert explanation.rules[0].words == f"unknown: {fact} → deny"
    assert explanation.missing == (fact,)
    assert explanation.is_provisional


def test_a_fact_that_a_record_does_not_keep_is_named_and_not_its_call(facts: Maker) -> None:
    """P34: the call was made then."""
    rules = "deny:\n  - {name: a, when: identity.traits.staff == true}\n"
    explanation = explained(rules, facts({"identity.traits": UNKNOWN}))
    assert explanation.rules[0].words == "unknown: identity.traits → deny"
    assert explanation.missing == ("identity.traits",)


# operands


def test_each_operand_has_its_value_and_what_it_read(facts: Maker) -> None:
    rules = """
    deny:
      - name: a
        when: |
          client.id != "x"          // not the old one
          && identity.traits.staff == true
          && token.scopes.exists(s, s == "b")
    """
    values = {"client.id": "web", "identity.traits": {"staff": True}, "token.scopes": ["seldom"]}
    rule = only_rule(rules, facts(values))
    assert [read.value for operand in rule.operands for read in operand.reads] == [
        "web",
        True,
        ["seldom"],
    ]
    assert operand_rows(rule) == [
        ('client.id != "x"', "true"),
        ("identity.traits.staff == true", "true"),
        ('token.scopes.exists(s, s == "b")', "false"),
    ]
    reads = [read for operand in rule.operands for read in operand.reads]
    assert [(read.name, read.state.value, read.is_private) for read in reads] == [
        ("client.id", "present", False),
        ("identity.traits.staff", "present", True),
        ("token.scopes", "present", False),
    ]
    assert "seldom" not in repr(reads)


@pytest.mark.parametrize(
    ("when", "answers"),
    [
        ("true || session.active", ["true", "not needed"]),
        ("session.active || true || session.found", ["unknown", "true", "not needed"]),
        ("false && session.active", ["false", "not needed"]),
        ("session.active && true", ["unknown", "true"]),
        ("false || false", ["false", "false"]),
        ("session.active", ["unknown"]),
        ("client.id in ['a']", ["false"]),
        ("has(client.id) ? true : false", ["false"]),
    ],
)
def test_what_stands_behind_the_deciding_operand_was_not_needed(
    facts: Maker, when: str, answers: list[str]
) -> None:
    """P14: in either order."""
    rules = f'deny:\n  - name: a\n    when: "{when}"\n'
    rule = only_rule(rules, facts({}, failed=["kratos.session"]))
    assert [operand.answer.value for operand in rule.operands] == answers


def test_everything_that_was_not_needed_is_shown_as_written(facts: Maker) -> None:
    rules = "deny:\n  - {name: a, when: 'true || session.active || client.id == session.id'}\n"
    assert operand_rows(only_rule(rules, facts({}))) == [
        ("true", "true"),
        ("session.active", "not needed"),
        ("client.id == session.id", "not needed"),
    ]


def test_an_absent_flag_is_null(facts: Maker) -> None:
    """P12."""
    rules = "deny:\n  - {name: a, when: session.active}\n"
    rule = only_rule(rules, facts({}))
    assert operand_rows(rule) == [("session.active", "null")]
    assert [read.state.value for read in rule.operands[0].reads] == ["absent"]
    assert rule.words == "no match"


def test_a_named_condition_stands_by_its_name(facts: Maker) -> None:
    rules = """
    conditions:
      staff: identity.traits.staff == true
    deny:
      - {name: a, when: staff}
    """
    rule = only_rule(rules, facts({"identity.traits": {}}))
    assert operand_rows(rule) == [("staff", "false")]
    assert [read.name for read in rule.operands[0].reads] == ["identity.traits.staff"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n  && b", "a && b"),
        ('x == "a  // b"  // c', 'x == "a  // b"'),
        ("f(a,b)", "f(a,b)"),
        ("// only\na", "a"),
    ],
)
def test_an_expression_is_put_on_one_line(text: str, line: str) -> None:
    assert on_one_line(text) == line
