"""P27: a source is asked only where its answer can still change something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from webhook_service.policy.decision import Decision, Verdict
from webhook_service.policy.facts import SESSION_BRINGS, EventName, Source, source_of
from webhook_service.policy.known import FACTORS

Decided = Callable[..., Decision]
MakeSession = Callable[..., dict[str, Any]]

SESSION = Source.KRATOS_SESSION
IDENTITY = Source.KRATOS_IDENTITY
CLIENT = Source.HYDRA_CLIENT
LOGIN_REQUEST = Source.HYDRA_LOGIN_REQUEST


def deny(when: str, name: str = "a") -> str:
    return f"deny:\n  - name: {name}\n    when: |\n      {when}\n"


def mfa(when: str = "true", **keys: str) -> str:
    more = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    return f"mfa:\n  - name: m\n    when: {when}\n    require: {{aal: aal2}}\n{more}"


def sessions(*says: str, when: str = "true") -> str:
    return f"sessions:\n  - name: s\n    when: {when}\n" + "".join(f"    {x}\n" for x in says)


def wants(decision: Decision) -> set[Source]:
    return set(decision.wants)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (deny('client.id == "x" && session.active'), set()),
        (deny('session.active && client.id == "x"'), set()),
        (deny('client.id == "web" || session.active'), set()),
        (deny("session.active"), {SESSION}),
        (deny("identity.traits.a == 1"), {IDENTITY}),
        (deny("identity.metadata_admin.a == 1"), {IDENTITY}),
        (deny("client.metadata.a == 1"), {CLIENT}),
        (deny("session.active && client.metadata.a == 1"), {SESSION, CLIENT}),
        (deny("session.active || client.metadata.a == 1"), {SESSION, CLIENT}),
        (deny('(session.active && client.id == "x") || client.metadata.a == 1'), {CLIENT}),
        (deny('!(session.active && client.id == "x") && client.owner == "y"'), {CLIENT}),
        (deny('(client.id == "web" || session.active) && client.owner == "y"'), {CLIENT}),
        (deny('client.id == "x" ? session.active : client.owner == "y"'), {CLIENT}),
        (deny("session.active ? client.owner == 'y' : false"), {SESSION}),
        (deny('now > timestamp("2020-01-01T00:00:00Z")'), set()),
        ("conditions:\n  c: session.active && client.id == 'x'\n" + deny("c || false"), set()),
        (
            "conditions:\n  c: session.active && client.id == 'x'\n"
            + deny("c || client.owner == 'y'"),
            {CLIENT},
        ),
        (mfa("client.id == 'x'"), set()),
        (mfa(), {SESSION}),
        (mfa(mode="shadow"), {SESSION}),
        (mfa("client.metadata.a == 1"), {CLIENT}),
        (sessions("max_age: 8h"), {SESSION}),
        (sessions("must_be_active: true"), {SESSION}),
        (sessions("extend: true", "max_age: unlimited"), {SESSION}),
        (sessions("extend: false"), set()),
        (sessions("max_age: unlimited"), set()),
        (sessions("max_age: 8h", when="token.grant == 'refresh_token'"), set()),
        ("claims:\n  - name: c\n    access_token: {acr: session.aal}\n", {SESSION}),
        ("claims:\n  - name: c\n    id_token: {n: client.name, a: client.id}\n", {CLIENT}),
        (
            "claims:\n  - name: c\n    when: client.id == 'x'\n    id_token: {a: session.aal}\n",
            set(),
        ),
        (
            "claims:\n  - name: c\n    id_token: {a: \"client.id == 'x' ? session.aal : '-'\"}\n",
            set(),
        ),
    ],
)
def test_only_what_can_decide_is_wanted(decided: Decided, rules: str, wanted: set[Source]) -> None:
    decision = decided(rules, {"client.id": "web"}, answered=[])
    assert wants(decision) == wanted


def test_all_rules_are_decided_though_one_denies_already(decided: Decided) -> None:
    """P20: the record shows how every rule came out."""
    rules = deny("client.id == 'web'") + mfa()
    decision = decided(rules, {"client.id": "web"}, answered=[])
    assert decision.verdict is Verdict.DENY
    assert wants(decision) == {SESSION}


def test_a_source_that_failed_is_not_asked_again(decided: Decided) -> None:
    rules = mfa() + deny("client.metadata.a == 1 || session.active")
    decision = decided(rules, answered=[], failed=[SESSION])
    assert wants(decision) == {CLIENT}


def test_what_no_answer_can_decide_is_not_asked(decided: Decided) -> None:
    rules = deny("session.active ? client.owner == 'y' : client.owner == 'z'")
    assert wants(decided(rules, answered=[], failed=[SESSION])) == set()


def test_at_a_login_the_session_is_in_the_payload(decided: Decided, session: MakeSession) -> None:
    rules = sessions("max_age: 8h") + mfa(events="[kratos.login]", step_up_within="10m")
    decision = decided(rules, session("password/aal1 now"), "kratos.login", answered=[])
    assert wants(decision) == set()


def test_at_a_login_the_client_is_asked_for(decided: Decided) -> None:
    decision = decided(deny("client.id == 'x'"), event="kratos.login", answered=[])
    assert wants(decision) == {LOGIN_REQUEST}


def test_an_unmet_rule_wants_the_enrolled_factors(decided: Decided, session: MakeSession) -> None:
    unmet = decided(mfa(), session("password/aal1 now"), answered=[SESSION])
    assert wants(unmet) == {IDENTITY}
    met = decided(mfa(), session("totp/aal2 now"), answered=[SESSION])
    assert wants(met) == set()


def test_without_a_live_session_nothing_is_asked_about_factors(decided: Decided) -> None:
    assert wants(decided(mfa(), {"session.found": False}, answered=[SESSION])) == set()


def test_an_unmet_aal1_does_not_want_them(decided: Decided, session: MakeSession) -> None:
    rules = mfa().replace("aal2", "aal1, max_age: 1m")
    decision = decided(rules, session("password/aal1 now-1h"), answered=[SESSION])
    assert decision.verdict is Verdict.STEP_UP
    assert wants(decision) == set()


def test_an_unmet_login_wants_them_only_while_a_grace_may_run(
    decided: Decided, session: MakeSession
) -> None:
    at_login = {"events": "[kratos.login]", "step_up_within": "10m"}
    values = session("password/aal1 now")
    for rules, wanted in (
        (mfa(**at_login), set()),
        (mfa(**at_login, enrolment="{grace: 3d, since: 2026-11-23T00:00:00Z}"), {IDENTITY}),
        (mfa(**at_login, enrolment="{grace: 3d, since: 2026-11-01T00:00:00Z}"), set()),
    ):
        assert wants(decided(rules, values, "kratos.login", answered=[])) == wanted


@pytest.mark.parametrize(
    ("rules", "may_want"),
    [
        (sessions("max_age: 8h", when="identity.traits.staff == true"), {SESSION}),
        (sessions("extend: false", when="identity.traits.staff == true"), set()),
        (mfa("identity.traits.staff == true"), {SESSION}),
        (mfa("session.active && identity.traits.staff == true"), set()),
        (deny("identity.traits.staff == true"), set()),
        (
            (
                "claims:\n  - name: c\n    when: identity.traits.staff == true\n"
                "    access_token: {a: session.aal, o: client.owner}\n"
            ),
            {SESSION, CLIENT},
        ),
        (mfa("client.id == 'x' && identity.traits.staff == true"), set()),
        (mfa(), set()),
    ],
)
def test_what_a_rule_would_need_if_it_matched_is_told(
    decided: Decided, rules: str, may_want: set[Source]
) -> None:
    assert decided(rules, {"client.id": "web"}, answered=[]).may_want == may_want


def test_nothing_that_failed_or_answered_may_be_wanted(decided: Decided) -> None:
    rules = sessions("max_age: 8h", when="identity.traits.staff == true")
    assert decided(rules, answered=[], failed=[SESSION]).may_want == set()
    assert decided(rules, answered=[SESSION]).may_want == set()
    assert decided(rules, answered=[], failed=[IDENTITY]).may_want == set()


def asked(
    decided: Decided, rules: str, payload: Mapping[str, Any], world: Mapping[str, Any]
) -> list[Source]:
    """Decide and ask until the decision stands, as the service does; return the calls."""
    event, values, calls = EventName.HYDRA_TOKEN, dict(payload), list[Source]()
    while True:
        decision = decided(rules, values, event, answered=calls)
        if not decision.wants:
            return calls
        both = SESSION in decision.may_want and IDENTITY in decision.wants
        source = SESSION if both or SESSION in decision.wants else min(decision.wants)
        assert source not in calls
        calls.append(source)
        brought = {FACTORS, *SESSION_BRINGS} if source is SESSION else set()
        values |= {
            name: value
            for name, value in world.items()
            if name in brought or (name != FACTORS and source_of(name, event) is source)
        }


STAFF = sessions("max_age: 8h", when="identity.traits.staff == true")


@pytest.mark.parametrize(
    ("rules", "calls"),
    [
        (deny("client.id == 'x'"), []),
        (STAFF, [SESSION]),
        (STAFF + mfa(), [SESSION, IDENTITY]),
        (STAFF + mfa("client.metadata.strict == true"), [SESSION, CLIENT]),
        (STAFF + mfa("client.metadata.strict == false"), [SESSION, CLIENT, IDENTITY]),
    ],
)
def test_an_event_costs_as_many_calls_as_its_rules_need(
    decided: Decided, session: MakeSession, rules: str, calls: list[Source]
) -> None:
    world = session("password/aal1 now-1h") | {
        "identity.found": True,
        "identity.traits": {"staff": True},
        "identity.second_factors": ("totp",),
        "client.metadata": {"strict": False},
    }
    assert asked(decided, rules, {"client.id": "web"}, world) == calls
