"""Why a decision is as it is (section 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from webhook_service.policy.cases import facts_of
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.decide import decide
from webhook_service.policy.explain import Explained, Explanation, explain
from webhook_service.policy.explain_demands import spelled
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


def demand_rows(rule: Explained) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.text, each.result, each.facts) for each in rule.demands]


def asked(explanation: Explanation) -> dict[str, list[str]]:
    return {call.source: [rule.name for rule in call.rules] for call in explanation.calls}


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


# demands


def test_what_an_mfa_rule_requires_and_found(facts: Maker, session: SessionMaker) -> None:
    values = {
        "client.id": "app",
        "identity.second_factors": ["totp"],
        **session("password/aal1 now-2h", "totp/aal2 now-1h30m"),
    }
    assert demand_rows(only_rule(MFA, facts(values))) == [
        (
            "require aal2, < 15m, totp or webauthn",
            "session.aal aal2",
            ("totp 1h30m ago", "enrolled: totp"),
        )
    ]


@pytest.mark.parametrize(
    ("methods", "text"),
    [
        ("", "require aal2"),
        (", methods: [totp]", "require aal2, totp"),
        (", methods: [totp, code, webauthn]", "require aal2, totp, code or webauthn"),
    ],
)
def test_a_requirement_in_words(facts: Maker, methods: str, text: str) -> None:
    rules = f"mfa:\n  - {{name: a, require: {{aal: aal2{methods}}}}}\n"
    assert only_rule(rules, facts({})).demands[0].text == text


@pytest.mark.parametrize(
    ("values", "failed", "result"),
    [
        ({}, [], "no session"),
        ({"session.found": True, "session.active": False}, [], "the session is over"),
        ({}, ["kratos.session"], "the session is unknown"),
    ],
)
def test_a_session_that_is_not_live(
    facts: Maker, values: Mapping[str, Value], failed: list[str], result: str
) -> None:
    rule = only_rule(MFA, facts({"client.id": "app", **values}, failed=failed))
    assert [(each.result, each.facts) for each in rule.demands] == [(result, ())]


@pytest.mark.parametrize(
    ("second_factors", "failed", "shown"),
    [
        (["totp", "webauthn"], [], "totp, webauthn"),
        ([], [], "none"),
        (None, ["kratos.identity"], "unknown"),
    ],
)
def test_what_is_enrolled_is_told_where_a_rule_is_unmet(
    facts: Maker,
    session: SessionMaker,
    second_factors: list[str] | None,
    failed: list[str],
    shown: str,
) -> None:
    values = {"client.id": "app", **session("password/aal1 now-1m")}
    if second_factors is not None:
        values["identity.second_factors"] = second_factors
    rule = only_rule(MFA, facts(values, failed=failed))
    assert rule.demands[0].facts == (f"enrolled: {shown}",)


def test_a_rule_of_the_first_level_asks_for_no_enrolment(
    facts: Maker, session: SessionMaker
) -> None:
    rules = "mfa:\n  - {name: a, require: {aal: aal1, max_age: 15m}}\n"
    rule = only_rule(rules, facts(session("password/aal1 now-20m")))
    assert rule.words == "unmet: mfa.too_old"
    assert demand_rows(rule) == [("require aal1, < 15m", "session.aal aal1", ("password 20m ago",))]


def test_a_factor_without_a_time_is_told(facts: Maker, session: SessionMaker) -> None:
    rules = "mfa:\n  - {name: a, require: {aal: aal1, max_age: 15m}}\n"
    rule = only_rule(rules, facts(session("password/aal1")))
    assert rule.demands[0].facts == ("password at no known time",)


def test_a_login_has_time_to_step_up(facts: Maker, session: SessionMaker) -> None:
    """P18."""
    rules = (
        "mfa:\n  - {name: a, events: [kratos.login], require: {aal: aal2}, step_up_within: 10m}\n"
    )
    rule = only_rule(rules, facts(session("password/aal1 now"), "kratos.login"))
    assert demand_rows(rule)[1] == ("step up within 10m", "by 2026-11-24T12:10:00Z", ())
    met = only_rule(rules, facts(session("password/aal1 now", "totp/aal2 now"), "kratos.login"))
    assert len(met.demands) == 1


SESSIONS = """
sessions:
  - name: a
    extend: {when_left: 24h}
    max_age: 8h
    must_be_active: true
"""


def test_what_a_sessions_rule_asks_and_found(facts: Maker, session: SessionMaker) -> None:
    values = session("password/aal1 now-2h", expires_at="now+23h")
    assert demand_rows(only_rule(SESSIONS, facts(values))) == [
        ("must be active", "it is", ()),
        (
            "max_age 8h, from authenticated_at",
            "ends 2026-11-24T18:00:00Z",
            ("session.authenticated_at 2h ago",),
        ),
        ("extend when_left 1d", "extend", ("23h left",)),
    ]


def test_an_extension_that_is_not_due(facts: Maker, session: SessionMaker) -> None:
    rule = only_rule(SESSIONS, facts(session("password/aal1 now-2h", expires_at="now+24h")))
    assert demand_rows(rule)[2] == ("extend when_left 1d", "not due", ("1d left",))


def test_a_session_past_its_age(facts: Maker, session: SessionMaker) -> None:
    rule = only_rule(SESSIONS, facts(session("password/aal1 now-8h")))
    assert rule.words == "matched"
    assert demand_rows(rule)[1][1] == "over: end it now"


def test_a_session_that_has_ended(facts: Maker, session: SessionMaker) -> None:
    rule = only_rule(SESSIONS, facts(session("password/aal1 now-1h", expires_at="now-5m")))
    assert demand_rows(rule) == [
        ("must be active", "the session is over", ()),
        (
            "max_age 8h, from authenticated_at",
            "the session is over",
            ("session.authenticated_at 1h ago",),
        ),
        ("extend when_left 1d", "not due", ("ended 5m ago",)),
    ]


def test_a_session_that_cannot_be_read(facts: Maker) -> None:
    rule = only_rule(SESSIONS, facts({}, failed=["kratos.session"]))
    assert demand_rows(rule) == [
        ("must be active", "the session is unknown", ()),
        (
            "max_age 8h, from authenticated_at",
            "the session is unknown",
            ("session.authenticated_at unknown",),
        ),
        ("extend when_left 1d", "extend later", ("session.expires_at unknown",)),
    ]


def test_a_live_session_without_an_age(facts: Maker, session: SessionMaker) -> None:
    values = {**session("password/aal1 now-1h"), "session.authenticated_at": None}
    assert demand_rows(only_rule(SESSIONS, facts(values)))[1] == (
        "max_age 8h, from authenticated_at",
        "no end",
        ("session.authenticated_at absent",),
    )


def test_an_extension_that_is_forbidden(facts: Maker, session: SessionMaker) -> None:
    values = {**session("password/aal1 now-1h"), "session.expires_at": None}
    rule = only_rule("sessions:\n  - {name: a, extend: false}\n", facts(values))
    assert demand_rows(rule) == [("extend false", "do not extend", ("session.expires_at absent",))]


def test_an_unlimited_session_has_no_line_for_its_end(facts: Maker, session: SessionMaker) -> None:
    rules = "sessions:\n  - {name: a, extend: true, max_age: unlimited}\n"
    rule = only_rule(rules, facts(session("password/aal1 now-1h", expires_at="now+1h")))
    assert demand_rows(rule) == [("extend true", "extend", ("1h left",))]


def test_what_a_revoke_rule_ends(facts: Maker) -> None:
    rules = "revoke:\n  - {name: a, events: [kratos.recovery], revoke: [tokens, other_sessions]}\n"
    rule = only_rule(rules, facts({}, "kratos.recovery"))
    assert demand_rows(rule) == [("revoke other_sessions, tokens", "after the answer", ())]


def test_what_a_claims_rule_sets_and_removes(facts: Maker, session: SessionMaker) -> None:
    rules = """
    claims:
      - name: a
        access_token: {acr: session.aal, mail: identity.traits.email}
        id_token: {mark: '"x"'}
    """
    rule = only_rule(rules, facts({"identity.traits": {}, **session("password/aal1 now")}))
    assert demand_rows(rule) == [
        ("access_token.acr", "set", ()),
        ("access_token.mail", "removed", ()),
        ("id_token.mark", "set", ()),
    ]
    reads = [[read.name for read in each.reads] for each in rule.demands]
    assert reads == [["session.aal"], ["identity.traits.email"], []]


def test_a_deny_rule_asks_for_nothing(facts: Maker) -> None:
    assert only_rule("deny:\n  - {name: a}\n", facts({})).demands == ()


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(days=1, hours=12), "1d12h"),
        (timedelta(minutes=15, seconds=1), "15m1s"),
        (timedelta(milliseconds=900), "0s"),
    ],
)
def test_durations_are_written_as_in_a_policy_file(duration: timedelta, text: str) -> None:
    assert spelled(duration) == text


# calls


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
