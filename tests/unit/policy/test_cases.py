"""Section 7: the tests that a policy file brings along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from webhook_service.policy.cases import Difference, facts_of, read_moment, run
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.known import FACTORS
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy, PolicyTest
from webhook_service.sessions import Factor

EXAMPLES = sorted((Path(__file__).parent / "fixtures" / "examples").glob("*.yaml"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = """version: 1
deny:
  - name: blocked
    when: client.id == "blocked"
mfa:
  - name: second factor
    when: client.id == "console"
    require: {aal: aal2}
  - name: at login
    events: [kratos.login]
    require: {aal: aal2}
    step_up_within: 10m
sessions:
  - name: eight hours
    when: client.id == "web"
    extend: true
    max_age: 8h
revoke:
  - name: others
    events: [kratos.settings]
    revoke: [other_sessions, tokens]
claims:
  - name: level
    when: client.id == "web"
    access_token: {acr: session.aal, amr: session.methods, age: now - session.issued_at}
    id_token: {tenant: identity.traits.tenant}
"""
SIGNED_IN = "session: {factors: [{method: password, aal: aal1, completed_at: now-1h}]}"


def file_with(test: str) -> tuple[Policy, PolicyTest]:
    """Load the rules above with one test; ``test`` is what it says beside its name."""
    policy = load(f"{RULES}tests:\n  - name: t\n    {test}\n".encode())
    return policy, policy.tests[0]


def differences(
    facts: str, expect: str, event: str = "hydra.token", payload: dict[str, Any] | None = None
) -> list[str]:
    policy, test = file_with(f"event: {event}\n    facts: {{{facts}}}\n    expect: {{{expect}}}")
    return [str(difference) for difference in run(policy, test, payload or {})]


def given_facts(facts: str, event: str = "hydra.token", unavailable: str = "") -> Facts:
    _, test = file_with(
        f"event: {event}\n    facts: {{{facts}}}\n    unavailable: [{unavailable}]\n"
        "    expect: {verdict: allow}"
    )
    return facts_of(test)


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


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("now-15m", NOW - timedelta(minutes=15)),
        ("now+2d", NOW + timedelta(days=2)),
        ("now+0s", NOW),
        ("2026-12-01T00:00:00+01:00", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        ("now-15", None),
        ("now15m", None),
        ("tomorrow", None),
    ],
)
def test_times_are_relative_or_absolute(text: str, moment: datetime | None) -> None:
    assert read_moment(text, NOW) == moment


def test_a_time_beyond_the_calendar_is_its_end() -> None:
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    assert read_moment("now+1d", last) == last
    assert read_moment("now-1d", first) == first


def test_factors_give_what_follows_from_them() -> None:
    facts = given_facts(
        "session: {factors: [{method: password, aal: aal1, completed_at: now-2h},"
        " {method: totp, aal: aal2, completed_at: now-1h},"
        " {method: password, aal: aal1, completed_at: null}]}"
    )
    one, two = NOW - timedelta(hours=1), NOW - timedelta(hours=2)
    assert facts.values[FACTORS] == (
        Factor("password", "aal1", two),
        Factor("totp", "aal2", one),
        Factor("password", "aal1", None),
    )
    assert facts.value("session.aal") == "aal2"
    assert facts.value("session.methods") == ("password", "totp", "password")
    assert facts.value("session.authenticated_at") == one
    assert facts.value("session.issued_at") == two
    assert facts.value("session.second_factor_at") == one


def test_what_is_stated_beats_what_follows_from_factors() -> None:
    facts = given_facts(
        "session: {aal: aal1, issued_at: now-9h,"
        " factors: [{method: totp, aal: aal2, completed_at: now}]}"
    )
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.issued_at") == NOW - timedelta(hours=9)
    assert facts.value("session.authenticated_at") == NOW


def test_a_level_is_never_higher_than_the_factors_prove() -> None:
    facts = given_facts(
        "session: {factors: [{method: code, aal: aal1, completed_at: now},"
        " {method: code, aal: aal2, completed_at: now}]}"
    )
    assert facts.value("session.aal") == "aal1"


def test_no_factor_gives_no_time() -> None:
    facts = given_facts("session: {factors: []}")
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.authenticated_at") is None


def test_a_stated_session_or_identity_is_there_and_active() -> None:
    facts = given_facts("session: {}, identity: {}")
    assert facts.value("session.found") is True
    assert facts.value("session.active") is True
    assert facts.value("identity.found") is True
    assert facts.value("identity.state") == "active"
    assert facts.value("identity.second_factors") == ()


def test_a_session_stated_as_not_found_is_not_active() -> None:
    assert given_facts("session: {found: false}").value("session.active") is False


def test_what_is_not_stated_is_absent() -> None:
    facts = given_facts("session: {factors: null}")
    assert facts.value("session.expires_at") is None
    assert facts.value("session.aal") is None
    assert facts.value("identity.found") is None
    assert facts.value("client.name") is None


def test_what_is_unavailable_is_unknown_though_stated() -> None:
    facts = given_facts(
        f"{SIGNED_IN}, identity: {{traits: {{a: 1}}}}", unavailable="kratos.session, hydra.client"
    )
    assert facts.value("session.found") is UNKNOWN
    assert facts.value("session.aal") is UNKNOWN
    assert FACTORS not in facts.values
    assert facts.value("client.name") is UNKNOWN
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.failed.keys() == {Source.KRATOS_SESSION, Source.HYDRA_CLIENT}
    assert facts.answered == {Source.KRATOS_IDENTITY, Source.HYDRA_LOGIN_REQUEST}


def test_a_session_brings_its_identity_where_that_source_is_down() -> None:
    stated = f"{SIGNED_IN}, identity: {{traits: {{a: 1}}, metadata_admin: {{b: 2}}}}"
    facts = given_facts(stated, unavailable="kratos.identity")
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.value("identity.created_at") is None
    assert facts.value("identity.metadata_admin") is UNKNOWN
    assert facts.value("identity.second_factors") is UNKNOWN


def test_without_a_session_the_identity_is_unknown_too() -> None:
    stated = "session: {found: false}, identity: {traits: {a: 1}}"
    assert given_facts(stated, unavailable="kratos.identity").value("identity.traits") is UNKNOWN


def test_at_a_login_the_payload_is_known_whatever_is_down() -> None:
    facts = given_facts(
        f"{SIGNED_IN}, identity: {{traits: {{a: 1}}}}",
        "kratos.login",
        "kratos.session, kratos.identity, hydra.login_request",
    )
    assert facts.event is EventName.KRATOS_LOGIN
    assert facts.value("session.aal") == "aal1"
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.value("client.id") is UNKNOWN


def test_stated_facts_override_the_payloads() -> None:
    payload = {
        "client.id": "other",
        "session.found": True,
        "session.active": False,
        "session.aal": "aal2",
        "session.expires_at": NOW,
    }
    _, test = file_with(
        f"event: kratos.login\n    facts: {{client: {{id: web}}, {SIGNED_IN}}}\n"
        "    expect: {verdict: allow}"
    )
    facts = facts_of(test, payload)
    assert facts.value("client.id") == "web"
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.active") is False
    assert facts.value("session.expires_at") == NOW


def test_the_payload_alone_is_decided_on() -> None:
    assert differences("", "verdict: deny", payload={"client.id": "blocked"}) == []


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
