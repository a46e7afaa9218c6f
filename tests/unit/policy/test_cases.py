"""Section 7: the tests that a policy file brings along."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.policy.file_with_a_test import NOW, SIGNED_IN, differences, file_with

from webhook_service.policy.cases import Difference, facts_of, run
from webhook_service.policy.facts import EventName
from webhook_service.policy.loader import load
from webhook_service.policy.model import PolicyTest

EXAMPLES = sorted((Path(__file__).parent / "fixtures" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_test_of_the_examples_passes(path: Path) -> None:
    policy = load(path.read_bytes())
    assert policy.tests
    failed = {test.name: [str(each) for each in run(policy, test)] for test in policy.tests}
    assert {name: found for name, found in failed.items() if found} == {}


def test_the_examples_are_all_there() -> None:
    assert len(EXAMPLES) == 12


@pytest.mark.parametrize(
    ("facts", "right", "wrong"),
    [
        ("client: {id: blocked}", "verdict: deny", "verdict: allow"),
        ("client: {id: blocked}", "rule: blocked", "rule: second factor"),
        ("client: {id: blocked}", "reason: rule.denied", "reason: policy.unknown"),
        ("client: {id: other}", "rule: null", "rule: blocked"),
        ("client: {id: other}", "reason: null", "reason: rule.denied"),
        ("client: {id: blocked}", "matched: [blocked]", "matched: []"),
        ("client: {id: web}", "matched: [level, eight hours]", "matched: [level]"),
        (f"client: {{id: web}}, {SIGNED_IN}", "extend: true", "extend: deferred"),
        (f"client: {{id: other}}, {SIGNED_IN}", "extend: false", "extend: true"),
        (f"client: {{id: web}}, {SIGNED_IN}", "end_now: false", "end_now: true"),
        (f"client: {{id: web}}, {SIGNED_IN}", "end_at: now+7h", "end_at: now+8h"),
        (f"client: {{id: web}}, {SIGNED_IN}", 'end_at: "2026-11-24T19:00:00Z"', "end_at: null"),
        (f"client: {{id: other}}, {SIGNED_IN}", "end_at: null", "end_at: now"),
        (
            f"client: {{id: web}}, {SIGNED_IN}",
            "claims: {access_token: {acr: aal1, amr: [password], age: 3600}}",
            "claims: {access_token: {acr: aal2}}",
        ),
        (
            f"client: {{id: web}}, {SIGNED_IN}",
            "claims: {id_token: {tenant: null}}",
            "claims: {id_token: {other: null}}",
        ),
        ("client: {id: other}", "claims: {}", "claims: {access_token: {acr: null}}"),
        ("client: {id: web}", "claims: {access_token: {acr: null}}", "claims: {}"),
        ("client: {id: other}", "claims: {id_token: {}}", "claims: {id_token: {tenant: 1}}"),
        ("client: {id: web}", "claims: {access_token: {age: null}}", "claims: {access_token: {}}"),
    ],
)
def test_what_is_expected_is_compared_and_nothing_else(facts: str, right: str, wrong: str) -> None:
    assert differences(facts, right) == []
    assert len(differences(facts, wrong)) == 1


def test_a_window_and_revocations_are_compared_too() -> None:
    assert differences(SIGNED_IN, "step_up_by: now+10m", "kratos.login") == []
    assert differences(SIGNED_IN, "step_up_by: null", "kratos.login") != []
    assert differences("", "revoke: [tokens, other_sessions]", "kratos.settings") == []
    assert differences("", "revoke: [tokens]", "kratos.settings") != []


def test_a_difference_reads_as_one_line() -> None:
    web = f"client: {{id: web}}, {SIGNED_IN}"
    assert differences(web, "verdict: deny, matched: [], extend: deferred, end_at: null") == [
        "verdict: expected deny, got allow",
        'matched: expected [], got ["eight hours", "level"]',
        "extend: expected deferred, got true",
        "end_at: expected null, got 2026-11-24T19:00:00Z",
    ]
    assert differences("client: {id: other}", "claims: {id_token: {tenant: null}}") == [
        "claims.id_token.tenant: expected null, got no such claim"
    ]


def test_claims_where_none_are_expected_are_all_shown() -> None:
    web = f"client: {{id: web}}, {SIGNED_IN}, identity: {{traits: {{tenant: acme}}}}"
    access_token = '{"acr": "aal1", "age": 3600, "amr": ["password"]}'
    id_token = '{"tenant": "acme"}'
    assert differences(web, "claims: {}") == [
        f'claims: expected {{}}, got {{"access_token": {access_token}, "id_token": {id_token}}}'
    ]
    assert differences(web, "claims: {access_token: {}, id_token: {}}") == [
        f"claims.access_token: expected {{}}, got {access_token}",
        f"claims.id_token: expected {{}}, got {id_token}",
    ]


def test_maps_are_the_same_in_any_order_and_shown_as_written() -> None:
    facts = "client: {id: web}, identity: {traits: {tenant: {a: 1, b: é}}}"
    assert differences(facts, "claims: {id_token: {tenant: {b: é, a: 1}}}") == []
    assert differences(facts, "claims: {id_token: {tenant: null}}") == [
        'claims.id_token.tenant: expected null, got {"a": 1, "b": "é"}'
    ]


def test_true_is_not_one() -> None:
    facts = f"client: {{id: web}}, {SIGNED_IN}, identity: {{traits: {{tenant: 1}}}}"
    assert differences(facts, "claims: {id_token: {tenant: 1}}") == []
    assert differences(facts, "claims: {id_token: {tenant: true}}") == [
        "claims.id_token.tenant: expected true, got 1"
    ]


def test_a_difference_names_key_expectation_and_result() -> None:
    policy, test = file_with("event: check\n    expect: {verdict: deny}")
    assert run(policy, test) == [Difference("verdict", "deny", "allow")]


def test_the_tests_own_time_is_the_clock() -> None:
    policy, test = file_with(
        "event: hydra.token\n    now: 2027-01-01T00:00:00Z\n"
        f"    facts: {{client: {{id: web}}, {SIGNED_IN}}}\n"
        "    expect: {end_at: 2027-01-01T07:00:00Z}"
    )
    assert run(policy, test) == []


def test_a_time_that_is_none_is_refused() -> None:
    """The loader lets none through; this is for tests made by hand."""
    by_hand = PolicyTest(
        name="t",
        line=1,
        event=EventName.CHECK,
        now=NOW,
        payload=None,
        facts={"session": {"expires_at": "soon"}},
        unavailable=frozenset(),
        expect={},
    )
    with pytest.raises(ValueError, match="'soon' is no time"):
        facts_of(by_hand)
