"""What a rule asks for once its condition holds, and what it found (section 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest

from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.explain import Explained, explain
from webhook_service.policy.explain_demands import spelled
from webhook_service.policy.facts import Facts
from webhook_service.policy.loader import load

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

Maker = Callable[..., Facts]
SessionMaker = Callable[..., dict[str, Value]]


def only_rule(rules: str, facts: Facts) -> Explained:
    policy = load(f"version: 1\n{dedent(rules)}".encode())
    [rule] = explain(policy, facts, NOW).rules
    return rule


def demand_rows(rule: Explained) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.text, each.result, each.facts) for each in rule.demands]


MFA = """
mfa:
  - name: a
    when: client.id == "app"
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
"""


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


def test_a_level_that_nobody_can_tell_is_said(facts: Maker, session: SessionMaker) -> None:
    values = {**session("password/aal1 now-1m"), "session.aal": UNKNOWN}
    rule = only_rule(MFA.replace('    when: client.id == "app"\n', ""), facts(values))
    assert rule.words == "unknown: session.aal → deny"
    assert demand_rows(rule) == [
        ("require aal2, < 15m, totp or webauthn", "session.aal unknown", ())
    ]


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


def test_a_session_has_ended_when_nothing_is_left(facts: Maker, session: SessionMaker) -> None:
    rule = only_rule(SESSIONS, facts(session("password/aal1 now-1h", expires_at="now")))
    assert demand_rows(rule)[2] == ("extend when_left 1d", "not due", ("ended 0s ago",))


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
