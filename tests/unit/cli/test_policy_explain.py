"""``policy explain``: why an event is decided as it is (section 8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.cli.explaining import RULES, SHADOW
from unit.workbench import PAYLOADS, VERSIONS, Recorded

Run = Callable[..., Result]
Write = Callable[..., Path]
AT_LOGIN = """
mfa:
  - {name: a, events: [kratos.login], require: {aal: aal2}, step_up_within: 10m}
"""
FACTS = """
now: 2026-11-24T12:00:00Z
client: {id: admin-console}
token: {scopes: [openid]}
session: {factors: [{method: password, aal: aal1, completed_at: now-5m}]}
identity: {second_factors: [totp], traits: {email: ada@example.org}}
"""


@pytest.fixture
def policy(write: Write) -> Path:
    return write(RULES.replace("sessions:", SHADOW.lstrip("\n") + "sessions:"))


@pytest.fixture
def facts(write: Write) -> Path:
    return write(FACTS, "facts.yaml")


def test_it_is_drawn_as_the_specification_draws_it(run: Run, policy: Path, facts: Path) -> None:
    result = run("policy", "explain", policy, "--event", "hydra.token", "--facts", facts)
    assert (
        result.stdout
        == f"""\
hydra.token  ->  step_up  mfa.aal_too_low
by mfa "billing needs a fresh second factor"  {policy}:4
answered: Use your authenticator app or security key to continue.

mfa "billing needs a fresh second factor"                    unmet: mfa.aal_too_low
    client.id == "admin-console"           true              client.id "admin-console"
    "billing:write" in token.scopes        not needed
    require aal2, < 15m, totp or webauthn  session.aal aal1  enrolled: totp
mfa "everyone needs one this week" (shadow)                  would: step_up mfa.aal_too_low
    require aal2                           session.aal aal1  enrolled: totp
sessions "staff sign in every morning"                       no match
    identity.traits.staff == true          false             identity.traits.staff absent
sessions "at the office"                                     not this event
claims "who"                                                 matched
    access_token.mail                      set               identity.traits.email present
    access_token.scopes                    set               token.scopes ["openid"]

calls: kratos.session (needed by 4 rules), kratos.identity (2)
"""
    )


def test_personal_values_are_shown_only_if_asked_for(run: Run, policy: Path, facts: Path) -> None:
    """P34."""
    arguments = ("policy", "explain", policy, "--event", "hydra.token", "--facts", facts)
    for more in ((), ("--json",)):
        assert "ada@example.org" not in run(*arguments, *more).stdout
        assert "ada@example.org" in run(*arguments, *more, "--show-values").stdout


def test_consequences_are_told(run: Run, write: Write) -> None:
    policy = write("""
        sessions:
          - {name: eight hours, extend: true, max_age: 8h}
        claims:
          - {name: level, access_token: {acr: session.aal, x: token.claims.x}}
    """)
    session = (
        "session: {expires_at: now+1h, factors: [{method: totp, aal: aal2, completed_at: now}]}"
    )
    facts = write(f"now: 2026-11-24T12:00:00Z\n{session}\n", "facts.yaml")
    text = run("policy", "explain", policy, "--event", "hydra.token", "--facts", facts).stdout
    assert text.splitlines()[:5] == [
        "hydra.token  ->  allow",
        "then: extend the session",
        'then: end the session and its tokens at 2026-11-24T20:00:00Z, by "eight hours"',
        "then: set access_token.acr",
        "then: remove access_token.x",
    ]


@pytest.mark.parametrize(
    ("rules", "event", "facts", "line"),
    [
        (
            "sessions:\n  - {name: a, extend: true, max_age: 8h}\n",
            "hydra.token",
            "unavailable: [kratos.session]",
            "then: extend the session later, once it can be read",
        ),
        (
            "sessions:\n  - {name: a, max_age: 8h}\n",
            "hydra.token",
            "session: {factors: [{method: totp, aal: aal2, completed_at: now-8h}]}",
            "then: end the session and its tokens",
        ),
        (
            AT_LOGIN,
            "kratos.login",
            "now: 2026-11-24T12:00:00Z",
            'then: end the session at 2026-11-24T12:10:00Z unless it has stepped up, by "a"',
        ),
        (
            "revoke:\n  - {name: a, events: [kratos.recovery], revoke: [tokens, all_sessions]}\n",
            "kratos.recovery",
            "",
            "then: revoke all_sessions, tokens",
        ),
    ],
)
def test_every_kind_of_consequence_has_its_words(
    run: Run, write: Write, rules: str, event: str, facts: str, line: str
) -> None:
    path = write(facts, "facts.yaml")
    text = run("policy", "explain", write(rules), "--event", event, "--facts", path).stdout
    assert line in text.splitlines()


# payloads


def payload(case: str) -> Path:
    return PAYLOADS / VERSIONS[1] / f"{case}.json"


def test_a_payload_alone_leaves_what_calls_would_tell_unknown(run: Run, policy: Path) -> None:
    path = payload("hydra.token.refresh_token.consent-claims")
    text = run("policy", "explain", policy, "--payload", path).stdout
    assert text.startswith("hydra.token  ->  deny  policy.unknown  (as far as is known)\n")
    assert "unknown: kratos.session → deny" in text
    assert "kratos.session not asked (needed by" in text
    assert text.splitlines()[-1] == (
        "not asked: kratos.identity, kratos.session; what they would tell goes into --facts"
    )


def test_facts_tell_what_calls_would(run: Run, policy: Path, facts: Path) -> None:
    path = payload("hydra.token.refresh_token.consent-claims")
    text = run("policy", "explain", policy, "--payload", path, "--facts", facts).stdout
    assert text.startswith("hydra.token  ->  step_up  mfa.aal_too_low\n")
    assert "not asked" not in text


def test_a_payload_without_a_user_needs_no_facts(run: Run, policy: Path) -> None:
    path = payload("hydra.token.client_credentials")
    text = run("policy", "explain", policy, "--payload", path).stdout
    assert text.startswith("hydra.token  ->  allow\n")
    assert text.splitlines()[-1] == "calls: none"
    assert "passed over: subject.none" in text


def test_a_login_is_explained_at_its_own_time(
    run_json: Callable[..., Any], policy: Path, recorded: Recorded
) -> None:
    path = payload("kratos.login.api.aal1.minimal")
    body = recorded.body("kratos.login.api.aal1.minimal")
    document = run_json("policy", "explain", policy, "--payload", path, "--json")
    assert document["now"][:19] == body["session"]["authenticated_at"][:19]
    given = ("--now", "2027-01-01T00:00:00Z")
    document = run_json("policy", "explain", policy, "--payload", path, "--json", *given)
    assert document["now"] == "2027-01-01T00:00:00Z"


def test_a_payload_that_cannot_be_used_is_an_error(run: Run, policy: Path, write: Write) -> None:
    path = write("{}", "call.json")
    result = run("policy", "explain", policy, "--payload", path, status=1)
    assert f"{path}: not a hook call" in result.stderr


# the command


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--event", "check"],
        ["--facts", "FACTS"],
        ["--event", "hydra.token", "--facts", "FACTS", "--payload", "FACTS"],
        ["--record", "a"],
        ["--log", "FACTS"],
        ["--record", "a", "--log", "FACTS", "--now", "2026-11-24T12:00:00Z"],
        ["--event", "hydra.tokens", "--facts", "FACTS"],
        ["--event", "hydra.token", "--facts", "FACTS", "--now", "noon"],
        ["--payload", "nowhere.json"],
    ],
)
def test_the_event_is_told_in_one_way(
    run: Run, policy: Path, facts: Path, options: list[str]
) -> None:
    named = [str(facts) if option == "FACTS" else option for option in options]
    run("policy", "explain", policy, *named, status=2)


def test_errors_in_the_facts_are_told_with_their_place(
    run: Run, policy: Path, write: Write
) -> None:
    facts = write("client: {idd: x}\n", "facts.yaml")
    arguments = ("policy", "explain", policy, "--event", "hydra.token", "--facts", facts)
    assert f"{facts}:1:10: policy.unknown_fact" in run(*arguments, status=1).stderr


def test_the_time_is_now_unless_it_is_told(
    run_json: Callable[..., Any], policy: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  for this alone

    clock = datetime(2026, 12, 24, 18, tzinfo=UTC)
    monkeypatch.setattr("webhook_service.cli.policy_explain.utc_now", lambda: clock)
    facts = write("client: {id: x}\n", "facts.yaml")
    arguments = ("policy", "explain", policy, "--event", "hydra.token", "--facts", facts, "--json")
    assert run_json(*arguments)["now"] == "2026-12-24T18:00:00Z"
    assert run_json(*arguments, "--now", "2026-01-01T00:00:00Z")["now"] == "2026-01-01T00:00:00Z"


def test_a_terminal_gets_colours(run: Run, policy: Path, facts: Path) -> None:
    arguments = ("policy", "explain", policy, "--event", "hydra.token", "--facts", facts)
    plain, coloured = run(*arguments).stdout, run(*arguments, color=True).stdout
    assert "\x1b[33m" in coloured
    assert "\x1b[" not in plain


def test_control_characters_do_not_reach_the_terminal(run: Run, policy: Path, write: Write) -> None:
    facts = write('client: {id: "a\\u001b[31mb"}\n', "facts.yaml")
    arguments = ("policy", "explain", policy, "--event", "hydra.token", "--facts", facts)
    assert "\x1b" not in run(*arguments, color=False).stdout


def test_json_tells_every_rule(run_json: Callable[..., Any], policy: Path, facts: Path) -> None:
    document = run_json(
        "policy", "explain", policy, "--event", "hydra.token", "--facts", facts, "--json"
    )
    assert document["verdict"] == "step_up"
    assert document["rule"] == "billing needs a fresh second factor"
    assert document["provisional"] is False
    assert document["claims"] == {"access_token": {}, "id_token": {}}
    rule = document["rules"][0]
    assert rule["words"] == "unmet: mfa.aal_too_low"
    assert rule["operands"][0] == {
        "text": 'client.id == "admin-console"',
        "value": "true",
        "reads": [{"fact": "client.id", "state": "present", "value": "admin-console"}],
    }
    assert rule["demands"] == [
        {
            "text": "require aal2, < 15m, totp or webauthn",
            "result": "session.aal aal1",
            "facts": ["enrolled: totp"],
            "reads": [],
        }
    ]
    assert document["rules"][4]["demands"][0]["reads"] == [
        {"fact": "identity.traits.email", "state": "present"}
    ]
    assert document["rules"][3]["outcome"] is None
    assert document["calls"][0]["source"] == "kratos.session"
