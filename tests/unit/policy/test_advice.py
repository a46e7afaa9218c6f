"""Warnings that follow from the policy alone (settled question 12), and what rules read."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from webhook_service.policy.advice import advice
from webhook_service.policy.loader import load
from webhook_service.policy.overview import overview

EXAMPLES = Path(__file__).parent / "fixtures" / "examples"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MFA = """
mfa:
  - name: second factor
    require: {aal: aal2}
"""


def warned(rules: str) -> list[tuple[int, str]]:
    policy = load(f"version: 1\n{dedent(rules)}".encode())
    return [(each.line, each.code) for each in advice(policy)]


def texts(rules: str) -> list[str]:
    return [each.message for each in advice(load(f"version: 1\n{dedent(rules)}".encode()))]


# jwt-bearer


def test_an_mfa_rule_lets_jwt_bearer_escape() -> None:
    """P19: those tokens have no session to ask."""
    assert warned(MFA) == [(4, "warning.grant_escapes")]


def test_several_rules_are_one_warning_that_names_the_first_of_them() -> None:
    rules = "mfa:\n" + "".join(
        f"  - {{name: rule {number}, require: {{aal: aal2}}}}\n" for number in range(5)
    )
    assert warned(rules) == [(3, "warning.grant_escapes")]
    [text] = texts(rules)
    assert '"rule 0" (line 3), "rule 1" (line 4), "rule 2" (line 5) and 2 more are' in text


@pytest.mark.parametrize(
    "when",
    [
        f'token.grant == "{JWT_BEARER}"',
        f'token.grant in ["client_credentials", "{JWT_BEARER}"]',
        f'client.id != "robot" && token.grant == "{JWT_BEARER}"',
        'token.grant != "authorization_code" && token.grant != "refresh_token"',
        '!(token.grant in ["authorization_code", "refresh_token"])',
    ],
)
def test_a_deny_rule_that_names_the_grant_or_admits_others_only_closes_that_way(when: str) -> None:
    deny = f"deny:\n  - name: no assertions\n    when: '{when}'\n"
    assert warned(deny + MFA) == []


@pytest.mark.parametrize(
    "deny",
    [
        pytest.param(f'    when: token.grant != "{JWT_BEARER}"\n', id="of every other grant"),
        pytest.param('    when: client.id == "robot"\n', id="of a client"),
        pytest.param(
            f'    mode: shadow\n    when: token.grant == "{JWT_BEARER}"\n', id="in shadow"
        ),
        pytest.param(
            f'    events: [hydra.refresh_token]\n    when: token.grant == "{JWT_BEARER}"\n',
            id="at another event",
        ),
        pytest.param("", id="of everything"),
    ],
)
def test_another_deny_rule_does_not(deny: str) -> None:
    assert warned(f"deny:\n  - name: other\n{deny}{MFA}")[-1][1] == "warning.grant_escapes"


def test_a_rule_at_the_older_hook_too_needs_no_deny_rule_there() -> None:
    """That hook is called at a refresh only."""
    deny = f"deny:\n  - name: no assertions\n    when: 'token.grant == \"{JWT_BEARER}\"'\n"
    assert warned(f"{deny}{MFA}    events: [hydra.token, hydra.refresh_token]\n") == []


def test_in_a_policy_in_shadow_a_deny_rule_in_shadow_closes_it_too() -> None:
    deny = f"deny:\n  - name: no assertions\n    when: 'token.grant == \"{JWT_BEARER}\"'\n"
    assert warned("mode: shadow\n" + deny + MFA) == []


@pytest.mark.parametrize(
    "rule",
    [
        'when: token.grant == "refresh_token"',
        "events: [check]",
        "events: [hydra.refresh_token]",
        "events: [kratos.login]\n    step_up_within: 10m",
    ],
)
def test_a_rule_that_never_meets_such_a_token_is_not_warned_of(rule: str) -> None:
    assert warned(f"{MFA}    {rule}\n") == []


# claims


def test_a_claim_that_the_policy_itself_expects_there_is_the_consent_apps() -> None:
    """F16: at a code exchange it can be neither changed nor removed."""
    rules = """
    claims:
      - name: tenant
        when: token.claims.tenant == "t1"
        access_token: {tenant: '"t2"', schema: identity.schema_id}
    """
    [text] = texts(rules)
    assert '"tenant" sets tenant in the access_token' in text


def test_a_claim_of_the_id_token_that_scopes_stand_for_is_the_consent_apps() -> None:
    rules = """
    claims:
      - name: who
        id_token: {email: identity.traits.email, employee: identity.traits.number}
      - name: what
        access_token: {email: identity.traits.email}
    """
    [text] = texts(rules)
    assert '"who" sets email in the id_token' in text


@pytest.mark.parametrize(
    "rule", ['when: token.grant == "refresh_token"', "events: [hydra.refresh_token]"]
)
def test_at_a_refresh_the_rule_counts(rule: str) -> None:
    rules = f"claims:\n  - name: who\n    {rule}\n    id_token: {{email: identity.traits.email}}\n"
    assert warned(rules) == []


# facts that do not arrive


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ('when: request.country == "KP"', "COUNTRY_HEADER"),
        ('when: request.headers["x-device"] == "a"', 'request.headers["x-device"] is absent'),
        ('when: token.acr == "aal2"', "session.aal is the level"),
        (
            'events: [kratos.settings]\n    when: session.aal == "aal1"',
            "Kratos 1.3.1 tells nothing of the session",
        ),
    ],
)
def test_a_fact_that_does_not_reach_every_kratos_is_warned_of(rule: str, part: str) -> None:
    """F105, F9, F33."""
    [text] = texts(f"deny:\n  - name: a\n    {rule}\n")
    assert part in text


@pytest.mark.parametrize(
    "rule",
    [
        'when: request.headers["user-agent"] == "a"',
        'when: request.headers.exists(name, name == "x")',
        'when: request.ip == "192.0.2.1"',
        'events: [check]\n    when: request.country == "KP"',
        'events: [kratos.login]\n    when: session.aal == "aal1"',
    ],
)
def test_a_fact_that_does_is_not(rule: str) -> None:
    assert warned(f"deny:\n  - name: a\n    {rule}\n") == []


def test_a_fact_is_warned_of_once_for_each_rule() -> None:
    rule = '    when: request.country == "KP" || request.country == "XX"\n'
    assert warned(f"deny:\n  - name: a\n{rule}  - name: b\n{rule}") == [
        (3, "warning.out_of_reach"),
        (5, "warning.out_of_reach"),
    ]


# the overview


def test_rules_are_shown_in_the_order_of_the_file() -> None:
    policy = load(
        b"version: 1\nsessions:\n  - {name: late, max_age: 8h}\n"
        b"deny:\n  - {name: early, when: client.id == 'x'}\n"
    )
    assert [rule.name for rule in policy.rules] == ["early", "late"]
    assert [each.rule.name for each in overview(policy)] == ["late", "early"]


def test_a_rule_shows_what_it_reads_and_may_ask_at_each_event() -> None:
    policy = load((EXAMPLES / "07-contractors.yaml").read_bytes())
    key, day = overview(policy)
    assert [str(path) for path in key.reads] == [
        "identity.metadata_public.groups",
        "identity.traits.email",
        "session.methods",
    ]
    assert {event: sorted(sources) for event, sources in day.calls.items()} == {
        "hydra.token": ["kratos.identity", "kratos.session"],
        "kratos.login": [],
        "check": ["kratos.identity", "kratos.session"],
    }


def test_a_claims_rule_reads_what_its_claims_read() -> None:
    policy = load((EXAMPLES / "12-step-up-window-and-claims.yaml").read_bytes())
    assert [str(path) for path in overview(policy)[1].reads] == [
        "session.aal",
        "session.methods",
        "session.authenticated_at",
    ]
