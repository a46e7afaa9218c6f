"""Section 7: the tests of a policy file are checked when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.loader import load
from webhook_service.policy.model import PolicyTest

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]

RULES = "version: 1\nmfa:\n  - name: admins\n    require: {aal: aal2}\n"
TEST = f"{RULES}tests:\n  - name: t\n"
TOKEN = f"{TEST}    event: hydra.token\n"
FACTS = f"{TOKEN}    expect: {{verdict: allow}}\n    facts: "
EXPECT = f"{TOKEN}    expect: "


def only_test(text: str) -> PolicyTest:
    (test,) = load(text.encode()).tests
    return test


def test_a_test_has_its_defaults() -> None:
    test = only_test(f"{EXPECT}{{verdict: allow}}")
    assert test == PolicyTest(
        name="t",
        line=6,
        event=EventName.HYDRA_TOKEN,
        now=datetime(2026, 11, 24, 12, tzinfo=UTC),
        payload=None,
        facts={},
        unavailable=frozenset(),
        expect={"verdict": "allow"},
    )


def test_a_test_keeps_what_it_says_with_its_times_as_written() -> None:
    test = only_test(
        f"""{TEST}    event: kratos.login
    now: 2026-12-01T01:00:00+01:00
    payload: ../payloads/login.json
    unavailable: [kratos.identity, hydra.login_request]
    facts:
      session:
        found: true
        expires_at: now+2d
        issued_at: 2026-01-01T00:00:00Z
        id: null
        factors: [{{method: totp, aal: aal2, completed_at: now-1m}}]
      identity: {{traits: {{age: 7, deep: [1.5, {{a: null}}]}}, second_factors: [totp]}}
    expect: {{rule: admins, end_at: now, step_up_by: null, extend: deferred, revoke: []}}
"""
    )
    assert test.now == datetime(2026, 12, 1, tzinfo=UTC)
    assert test.payload == "../payloads/login.json"
    assert test.unavailable == {Source.KRATOS_IDENTITY, Source.HYDRA_LOGIN_REQUEST}
    assert test.facts == {
        "session": {
            "found": True,
            "expires_at": "now+2d",
            "issued_at": "2026-01-01T00:00:00Z",
            "id": None,
            "factors": [{"method": "totp", "aal": "aal2", "completed_at": "now-1m"}],
        },
        "identity": {
            "traits": {"age": 7, "deep": [1.5, {"a": None}]},
            "second_factors": ["totp"],
        },
    }
    assert test.expect == {
        "rule": "admins",
        "end_at": "now",
        "step_up_by": None,
        "extend": "deferred",
        "revoke": [],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{RULES}tests: {{}}", ["5:8 policy.wrong_type"]),
        (f"{RULES}tests: [a]", ["5:9 policy.wrong_type"]),
        (f"{RULES}tests:\n  - expect: {{}}", [
            "6:5 policy.missing_key",
            "6:5 policy.missing_key",
            "6:13 policy.no_effect",
        ]),
        (f"{RULES}tests: [{{name: t, event: check}}]", ["5:9 policy.missing_key"]),
        (f"{TEST}    event: hydra.tokens\n    expect: {{verdict: deny}}", ["7:12 policy.value"]),
        (f"{TOKEN}    expect: allow", ["8:13 policy.wrong_type"]),
        (f"{EXPECT}{{verdict: deny}}\n    nwo: x", ["9:5 policy.unknown_key"]),
        (f"{EXPECT}{{verdict: deny}}\n    now: now", ["9:10 policy.timestamp"]),
        (f"{EXPECT}{{verdict: deny}}\n    payload: ''", ["9:14 policy.value"]),
        (f"{EXPECT}{{verdict: deny}}\n    facts: []", ["9:12 policy.wrong_type"]),
        (f"{EXPECT}{{verdict: deny}}\n    unavailable: [kratos]", ["9:19 policy.value"]),
        # facts
        (f"{FACTS}{{sesion: {{}}}}", ["9:13 policy.unknown_fact"]),
        (f"{FACTS}{{now: 2026-12-01T00:00:00Z}}", ["9:13 policy.unknown_fact"]),
        (f"{FACTS}{{session: aal1}}", ["9:22 policy.wrong_type"]),
        (f"{FACTS}{{session: {{aall: aal1}}}}", ["9:23 policy.unknown_fact"]),
        (f"{FACTS}{{request: {{ip: 192.0.2.1}}}}", ["9:23 policy.unknown_fact"]),
        (f"{FACTS}{{session: {{aal: aal3}}}}", ["9:28 policy.value"]),
        (f"{FACTS}{{session: {{aal: 2}}}}", ["9:28 policy.wrong_type"]),
        (f"{FACTS}{{session: {{active: yes}}}}", ["9:31 policy.wrong_type"]),
        (f"{FACTS}{{session: {{methods: totp}}}}", ["9:32 policy.wrong_type"]),
        (f"{FACTS}{{session: {{methods: [totp, 1]}}}}", ["9:32 policy.wrong_type"]),
        (f"{FACTS}{{session: {{issued_at: 2026-12-01}}}}", ["9:34 policy.timestamp"]),
        (f"{FACTS}{{session: {{issued_at: now - 15m}}}}", ["9:34 policy.timestamp"]),
        (f"{FACTS}{{session: {{issued_at: now-15}}}}", ["9:34 policy.timestamp"]),
        (f"{FACTS}{{session: {{issued_at: 15}}}}", ["9:34 policy.wrong_type"]),
        (f"{FACTS}{{event: {{name: check}}}}", ["9:27 policy.value"]),
        (f"{FACTS}{{identity: {{traits: {{a: .nan}}}}}}", ["9:36 policy.value"]),
        (f"{FACTS}{{identity: {{state: gone}}}}", ["9:31 policy.value"]),
        (f"{FACTS}{{session: {{factors: totp}}}}", ["9:32 policy.wrong_type"]),
        (f"{FACTS}{{session: {{factors: [totp]}}}}", ["9:33 policy.wrong_type"]),
        (f"{FACTS}{{session: {{factors: [{{}}]}}}}", ["9:33 policy.missing_key"] * 3),
        (
            f"{FACTS}{{session: {{factors: [{{method: , aal: aal3, completed_at: x, a: b}}]}}}}",
            [
                "9:41 policy.wrong_type",
                "9:49 policy.value",
                "9:69 policy.timestamp",
                "9:72 policy.unknown_key",
            ],
        ),
        # expect
        (f"{EXPECT}{{verdicts: allow}}", ["8:14 policy.unknown_key"]),
        (f"{EXPECT}{{verdict: stepup}}", ["8:23 policy.value"]),
        (f"{EXPECT}{{verdict: null}}", ["8:23 policy.wrong_type"]),
        (f"{EXPECT}{{rule: 1}}", ["8:20 policy.wrong_type"]),
        (f"{EXPECT}{{rule: admin}}", ["8:20 policy.unknown_rule"]),
        (f"{EXPECT}{{reason: mfa.to_old}}", ["8:22 policy.value"]),
        (f"{EXPECT}{{matched: admins}}", ["8:23 policy.wrong_type"]),
        (f"{EXPECT}{{matched: [admins, users, 1]}}", [
            "8:32 policy.unknown_rule",
            "8:39 policy.wrong_type",
        ]),
        (f"{EXPECT}{{extend: later}}", ["8:22 policy.wrong_type"]),
        (f"{EXPECT}{{end_now: 1}}", ["8:23 policy.wrong_type"]),
        (f"{EXPECT}{{end_at: 1d}}", ["8:22 policy.timestamp"]),
        (f"{EXPECT}{{end_at: [now]}}", ["8:22 policy.wrong_type"]),
        (f"{EXPECT}{{step_up_by: true}}", ["8:26 policy.wrong_type"]),
        (f"{EXPECT}{{revoke: [token]}}", ["8:23 policy.value"]),
        (f"{EXPECT}{{claims: []}}", ["8:22 policy.wrong_type"]),
        (f"{EXPECT}{{claims: {{acr: aal1}}}}", ["8:23 policy.unknown_key"]),
        (f"{EXPECT}{{claims: {{id_token: acr}}}}", ["8:33 policy.wrong_type"]),
        (f"{EXPECT}{{claims: {{id_token: {{a: .inf}}}}}}", ["8:37 policy.value"]),
    ],
)  # fmt: skip
def test_what_a_test_cannot_mean_is_refused_at_its_place(
    text: str, expected: list[str], errors: Errors
) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    "facts",
    [
        "{session: {}}",
        "{session: {factors: []}}",
        "{session: {factors: null, aal: null, methods: null, expires_at: null, active: null}}",
        "{session: {factors: [{method: totp, aal: aal2, completed_at: null}]}}",
        "{session: {issued_at: now, expires_at: now+0s}}",
        "{identity: {traits: text, metadata_admin: 1}}",
        "{event: {name: hydra.token}}",
        "{token: {grant: 'urn:example:new', amr: [mood_ring]}, session: {methods: [mood_ring]}}",
    ],
)
def test_facts_may_be_what_they_can_be(facts: str) -> None:
    """A method or a grant that no condition may name can still come from Ory (F34)."""
    assert only_test(FACTS + facts)


@pytest.mark.parametrize(
    ("expect", "value"),
    [
        ("{rule: null, reason: null}", {"rule": None, "reason": None}),
        ("{matched: [], revoke: [tokens]}", {"matched": [], "revoke": ["tokens"]}),
        ("{extend: true, end_now: false}", {"extend": True, "end_now": False}),
        ("{end_at: 2026-12-01T00:00:00Z}", {"end_at": "2026-12-01T00:00:00Z"}),
        (
            "{claims: {access_token: {acr: aal2, amr: [totp], n: 1, gone: null}}}",
            {"claims": {"access_token": {"acr": "aal2", "amr": ["totp"], "n": 1, "gone": None}}},
        ),
    ],
)
def test_a_test_may_expect_what_a_decision_can_be(expect: str, value: dict[str, Any]) -> None:
    assert only_test(EXPECT + expect).expect == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{FACTS}{{sesion: {{}}}}", "sesion is not a fact; did you mean session?"),
        (
            f"{FACTS}{{session: {{aall: x}}}}",
            "session.aall is not a fact; did you mean session.aal",
        ),
        (f"{FACTS}{{client: {{'{'x' * 80}': 1}}}}", "… is not a fact"),
        (f"{FACTS}{{request: {{ip: x}}}}", "request.ip does not exist at hydra.token"),
        (f"{FACTS}{{session: {{aal: x}}}}", "session.aal is never x; write aal0, aal1 or aal2"),
        (f"{FACTS}{{client: {{id: 7}}}}", "client.id is a number; it takes a text"),
        (f"{FACTS}{{session: {{issued_at: x}}}}", "x is not a timestamp, `now`, `now-15m` or"),
        (f"{EXPECT}{{rule: admin}}", "no rule has the name admin; did you mean admins?"),
        (f"{EXPECT}{{rule: x}}", "no rule has the name x"),
        (f"{EXPECT}{{}}", "a test that expects nothing shows nothing"),
        (f"{EXPECT}{{extend: x}}", "extend is the text x; it takes true, false or deferred"),
        (f"{EXPECT}{{end_at: x}}", "end_at: x is not a timestamp, `now`"),
    ],
)
def test_a_message_about_a_test_says_what_to_do(text: str, words: str, message: Message) -> None:
    assert words in message(text)


def test_a_value_of_a_trait_stands_in_no_message(message: Message) -> None:
    """P34."""
    assert "secret" not in message(f"{FACTS}{{identity: {{verified_addresses: secret}}}}")


def test_a_test_may_name_a_rule_that_has_errors_of_its_own(errors: Errors) -> None:
    text = f"{EXPECT}{{rule: admins}}".replace("aal2", "aal3")
    assert errors(text) == ["4:20 policy.value"]


def test_suggestions_for_rules_end_when_there_are_many_errors(
    problems: Callable[[str], tuple[object, ...]],
) -> None:
    """Five hundred long names, looked through two hundred times, take ten seconds."""
    found = problems(f"{EXPECT}{{matched: [{', '.join(['admin'] * 9)}]}}")
    assert ["did you mean admins?" in str(problem) for problem in found] == [True] * 3 + [False] * 6
