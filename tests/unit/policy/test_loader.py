"""Loading whole policy files: the specification's examples and its invalid files."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import EventName, Facts
from webhook_service.policy.loader import load
from webhook_service.policy.model import (
    ClaimsRule,
    DenyRule,
    Enrolment,
    MfaRule,
    Policy,
    Require,
    Revocation,
    RevokeRule,
    Section,
    SessionRule,
)

FIXTURES = Path(__file__).parent / "fixtures"
EXAMPLES = sorted((FIXTURES / "examples").glob("*.yaml"))
INVALID = json.loads((FIXTURES / "invalid.json").read_text())
HINT = "; write the condition in quotes or after `|`"

EVERYTHING = """\
version: 1
mode: shadow
conditions:
  staff: identity.traits.staff == true
claims:
  - name: how the user signed in
    access_token: {acr: session.aal, level: 2, gone: null}
    id_token:
      "https://example.org/staff": staff
revoke:
  - name: a new password ends the other sessions
    description: |
      Two lines
      for readers.
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions, tokens]
    on_error: skip
sessions:
  - name: mobile
    when: client.id == "mobile"
    extend: {when_left: 24h}
    max_age: 90d
    counted_from: issued_at
    must_be_active: true
  - name: kiosk
    mode: enforce
    extend: false
mfa:
  - name: admin console
    when: client.id == "admin-console" && staff
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
    enrolment: {grace: 0s, since: 2026-12-01T01:00:00+01:00}
    message: Use your security key.
  - name: at login
    events: [kratos.login]
    require: {aal: aal1}
    step_up_within: 1h30m
deny:
  - name: blocked countries
    when: request.country in ["KP", "XX"]
    on_error: allow
"""


def load_text(text: str) -> Policy:
    return load(text.encode())


def slowness() -> int:
    """Return how much longer everything may take: a tracer (coverage) slows it down."""
    return 1 if sys.gettrace() is None else 20


def file_of(case: dict[str, Any]) -> bytes:
    (text,) = (value for key, value in case.items() if key not in {"name", "errors"})
    return str(text).encode()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_of_the_specification_loads(path: Path) -> None:
    policy = load(path.read_bytes(), path.name)
    assert policy.rules
    assert policy.tests


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_every_invalid_file_has_exactly_its_errors(case: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as caught:
        load(file_of(case))
    found = [
        {"line": problem.line, "column": problem.column, "kind": problem.kind}
        for problem in caught.value.problems
    ]
    assert found == case["errors"]


@pytest.mark.parametrize("number", [3, 4, 5])
def test_yaml_that_stumbles_over_a_condition_says_how_to_write_it(number: int) -> None:
    with pytest.raises(PolicyError) as caught:
        load(file_of(INVALID[number - 1]))
    assert caught.value.problems[0].message.endswith(HINT)


def test_an_error_reads_as_the_specification_prints_it() -> None:
    with pytest.raises(PolicyError) as caught:
        load(file_of(INVALID[31]))
    assert str(caught.value) == (
        "policy.yaml:4:11: condition.unknown_fact: session.aall is not a fact;"
        " did you mean session.aal?"
    )


def test_errors_name_the_file_that_was_read() -> None:
    with pytest.raises(PolicyError, match=r"^prod/policy\.yaml:1:10: policy\.version: "):
        load(b"version: 2", "prod/policy.yaml")


def test_rules_stand_in_deciding_order_whatever_the_order_of_the_sections() -> None:
    """P21: deny, mfa, sessions, revoke, claims, and file order within a section."""
    assert [(rule.section, rule.name) for rule in load_text(EVERYTHING).rules] == [
        (Section.DENY, "blocked countries"),
        (Section.MFA, "admin console"),
        (Section.MFA, "at login"),
        (Section.SESSIONS, "mobile"),
        (Section.SESSIONS, "kiosk"),
        (Section.REVOKE, "a new password ends the other sessions"),
        (Section.CLAIMS, "how the user signed in"),
    ]


def test_a_rule_knows_the_line_in_which_it_starts() -> None:
    lines = EVERYTHING.splitlines()
    for rule in load_text(EVERYTHING).rules:
        assert lines[rule.line - 1].strip() == f"- name: {rule.name}"


def test_a_rule_is_a_shadow_rule_if_it_or_else_the_file_says_so() -> None:
    """P26: `mode` on a rule overrides the file's."""
    shadow = {rule.name: rule.shadow for rule in load_text(EVERYTHING).rules}
    assert shadow.pop("kiosk") is False
    assert all(shadow.values())
    assert not any(rule.shadow for rule in load(EXAMPLES[0].read_bytes()).rules)


def test_a_deny_rule_has_its_keys() -> None:
    rule = load_text(EVERYTHING).rules[0]
    assert isinstance(rule, DenyRule)
    assert (rule.on_error, rule.message, rule.description) == ("allow", None, None)


def test_a_name_keeps_its_blanks() -> None:
    """It stands in records and metrics as it stands in the file."""
    [rule] = load_text('version: 1\ndeny:\n  - name: " a "\n').rules
    assert rule.name == " a "


def test_an_mfa_rule_has_its_keys() -> None:
    rule = load_text(EVERYTHING).rules[1]
    assert isinstance(rule, MfaRule)
    assert rule.require == Require("aal2", timedelta(minutes=15), ("totp", "webauthn"))
    assert rule.enrolment == Enrolment(timedelta(0), datetime(2026, 12, 1, tzinfo=UTC))
    assert (rule.message, rule.on_error) == ("Use your security key.", "deny")
    assert rule.step_up_within is None


def test_an_mfa_rule_without_methods_accepts_any_of_its_level() -> None:
    rule = load_text(EVERYTHING).rules[2]
    assert isinstance(rule, MfaRule)
    assert rule.require.any_method
    assert set(rule.require.methods) == set(
        "totp webauthn lookup_secret code password oidc saml passkey".split()
    )
    assert rule.step_up_within == timedelta(minutes=90)
    example = load(EXAMPLES[4].read_bytes()).rules[0]
    assert isinstance(example, MfaRule)
    assert set(example.require.methods) == set("totp webauthn lookup_secret code".split())


def test_a_sessions_rule_has_its_keys() -> None:
    mobile, kiosk = load_text(EVERYTHING).rules[3:5]
    assert isinstance(mobile, SessionRule)
    assert isinstance(kiosk, SessionRule)
    assert (mobile.extend, mobile.max_age) == (timedelta(hours=24), timedelta(days=90))
    assert (mobile.counted_from, mobile.must_be_active) == ("issued_at", True)
    assert (kiosk.extend, kiosk.max_age) == (False, None)
    assert (kiosk.counted_from, kiosk.must_be_active) == ("authenticated_at", False)
    assert (mobile.on_error, kiosk.when) == ("allow", None)


def test_a_revoke_rule_has_its_keys() -> None:
    rule = load_text(EVERYTHING).rules[5]
    assert isinstance(rule, RevokeRule)
    assert rule.revoke == {Revocation.OTHER_SESSIONS, Revocation.TOKENS}
    assert (rule.on_error, rule.description) == ("skip", "Two lines\nfor readers.")


def test_a_claims_rule_has_an_expression_for_each_claim() -> None:
    """P30, P31: an expression of any type, YAML's own numbers and null among them."""
    rule = load_text(EVERYTHING).rules[6]
    assert isinstance(rule, ClaimsRule)
    facts = Facts(EventName.HYDRA_TOKEN, {"session.aal": "aal2"})
    values = {claim: each.evaluate(facts) for claim, each in rule.access_token.items()}
    assert values == {"acr": "aal2", "level": 2, "gone": None}
    assert rule.id_token["https://example.org/staff"].evaluate(facts) is UNKNOWN
    assert rule.on_error is None


def test_a_named_condition_carries_its_facts_into_the_rules_that_use_it() -> None:
    """P11."""
    policy = load_text(EVERYTHING)
    assert {name: each.text for name, each in policy.conditions.items()} == {
        "staff": "identity.traits.staff == true"
    }
    when = policy.rules[1].when
    assert when
    assert when.facts == {"client.id", "identity.traits"}


def test_the_digest_is_the_beginning_of_the_sha_256_of_the_file() -> None:
    data = EXAMPLES[0].read_bytes()
    assert load(data).digest == hashlib.sha256(data).hexdigest()[:12]
    assert load(data + b"# a comment\n").digest != load(data).digest


def test_a_policy_without_rules_is_a_policy() -> None:
    assert load(b"version: 1").rules == ()
    assert load(b"version: 1\nmfa: []\ntests: []\n").rules == ()


@pytest.mark.measured
def test_a_policy_of_300_rules_loads_within_half_a_second(benchmark_policy: bytes) -> None:
    began = process_time()
    assert len(load(benchmark_policy).rules) == 300
    assert process_time() - began < 0.5 * slowness()


@pytest.fixture
def benchmark_policy() -> bytes:
    rule = """\
  - name: rule number {0}
    description: some words about this rule and why it is here
    when: client.id == "client-{0}" || "billing:write" in token.scopes
    require: {{aal: aal2, max_age: 15m, methods: [totp, webauthn]}}
    message: Use your authenticator app or security key to continue.
"""
    return ("version: 1\nmfa:\n" + "".join(rule.format(n) for n in range(300))).encode()
