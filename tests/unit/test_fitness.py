"""What must be set before a policy can be decided, and what is said at start."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from webhook_service.fitness import missing_upstreams, start_notices
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.settings import Settings

KEYS = (b"k" * 32,)


def policy(text: str) -> Policy:
    return load(f"version: 1\n{dedent(text)}".encode())


def settings(**more: Any) -> Settings:
    return Settings(**{"hydra_hook_keys": KEYS, "kratos_hook_keys": KEYS, **more})


def test_a_rule_on_a_country_that_nobody_tells_is_said_at_start() -> None:
    text = policy("deny:\n  - {name: far, when: request.country == 'XX'}")
    assert any("COUNTRY_HEADER" in line for line in start_notices(settings(), text))
    told = start_notices(settings(country_header="CF-IPCountry"), text)
    assert not any("COUNTRY_HEADER" in line for line in told)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("deny:\n  - {name: a, when: client.id == 'x'}", ["HYDRA_ADMIN_URL"]),
        ("deny:\n  - {name: a, when: client.id == 'x', events: [hydra.token]}", []),
        ("deny:\n  - {name: a, when: identity.traits.x == 1}", ["KRATOS_ADMIN_URL"]),
        ("mfa:\n  - {name: a, require: {aal: aal1}}", ["KRATOS_ADMIN_URL"]),
        ("sessions:\n  - {name: a, must_be_active: true}", ["KRATOS_ADMIN_URL"]),
        ("deny:\n  - {name: a, when: session.aal == 'aal1', events: [kratos.login]}", []),
        (
            "deny:\n  - {name: a, when: 'identity.metadata_admin.x == 1 && client.name == \"y\"'}",
            ["HYDRA_ADMIN_URL", "KRATOS_ADMIN_URL"],
        ),
        (
            "mfa:\n  - {name: a, events: [kratos.login], step_up_within: 5m, require: {aal: aal2}}",
            ["HYDRA_ADMIN_URL", "KRATOS_ADMIN_URL"],
        ),
        (
            """mfa:
  - {name: a, events: [kratos.login], step_up_within: 5m, require: {aal: aal2},
     enrolment: {grace: 9d}}""",
            ["HYDRA_ADMIN_URL", "KRATOS_ADMIN_URL"],
        ),
        (
            "claims:\n  - {name: a, access_token: {level: session.aal}}",
            ["KRATOS_ADMIN_URL"],
        ),
        ("sessions:\n  - {name: a, max_age: 8h}", ["HYDRA_ADMIN_URL", "KRATOS_ADMIN_URL"]),
        ("sessions:\n  - {name: a, max_age: 8h, mode: shadow}", ["KRATOS_ADMIN_URL"]),
        (
            "revoke:\n  - {name: a, events: [kratos.settings], revoke: [tokens]}",
            ["HYDRA_ADMIN_URL"],
        ),
        (
            "revoke:\n  - {name: a, events: [kratos.recovery], revoke: [other_sessions]}",
            ["KRATOS_ADMIN_URL"],
        ),
        (
            "revoke:\n  - {name: a, events: [kratos.login], revoke: [tokens], mode: shadow}",
            [],
        ),
        ("deny:\n  - {name: a, events: [check], when: session.aal == 'aal1'}", []),
    ],
)
def test_a_rule_names_the_upstream_that_it_cannot_do_without(text: str, missing: list[str]) -> None:
    lines = missing_upstreams(settings(), policy(text))
    assert [line.partition(":")[0] for line in lines] == missing
    assert all('rule "a" (line 3' in line for line in lines)


def test_a_caller_without_keys_needs_no_upstream() -> None:
    only_login = settings(hydra_hook_keys=())
    assert missing_upstreams(only_login, policy("mfa:\n  - {name: a, require: {aal: aal1}}")) == []


def test_where_hydra_has_no_key_a_session_that_ends_has_no_tokens() -> None:
    lines = missing_upstreams(
        settings(hydra_hook_keys=(), kratos_admin_url="http://127.0.0.1:1"),
        policy("sessions:\n  - {name: a, max_age: 8h}"),
    )
    assert lines == []


def test_the_start_says_what_is_not_served() -> None:
    notices = start_notices(
        settings(kratos_hook_keys=(), mode="shadow"),
        policy("""
        sessions:
          - {name: endless, extend: true, max_age: unlimited}
          - {name: at the gateway, events: [check], must_be_active: true}
        revoke:
          - {name: others, events: [kratos.login], revoke: [other_sessions, tokens]}
        """),
    )
    text = "\n".join(notices)
    assert "KRATOS_HOOK_KEYS is not set" in text
    assert "OPERATOR_KEYS is not set" in text
    assert "MODE is shadow" in text
    assert "CHECK_KEYS is not set: /check answers 404" in text
    assert "/session/refresh answers 404" in text
    assert 'rule "at the gateway" (line 5): nobody may call for its events: check' in text
    assert 'rule "others" (line 7): nobody may call for its events: kratos.login' in text
    assert "endless" not in text
    assert "HYDRA_HOOK_KEYS" not in text


def test_the_start_says_who_does_what_outlives_an_answer() -> None:
    capped = policy("sessions:\n  - {name: a, max_age: 8h}")
    apart = start_notices(settings(effects_worker="worker"), capped)
    assert any("webhook-service worker" in line for line in apart)
    inside = start_notices(settings(effects_worker="web"), capped)
    assert not any("webhook-service worker" in line for line in inside)
    idle = policy("deny:\n  - {name: a, when: client.id == 'x', events: [hydra.token]}")
    assert not any(
        "worker" in line for line in start_notices(settings(effects_worker="worker"), idle)
    )


def test_which_setting_the_gates_lack_is_said_at_start() -> None:
    urls = {
        "kratos_admin_url": "http://kratos",
        "kratos_public_url": "http://kratos",
        "hydra_admin_url": "http://hydra",
    }

    def told(**more: str) -> list[str]:
        return [line for line in start_notices(settings(**more), policy("")) if "/oauth2" in line]

    (line,) = told(**urls)
    assert line.startswith("PUBLIC_URL not set: /oauth2/login, ")
    (line,) = told()
    assert line.startswith("PUBLIC_URL, KRATOS_PUBLIC_URL, KRATOS_ADMIN_URL, HYDRA_ADMIN_URL not ")
    assert told(public_url="https://auth.example.org", **urls) == []
