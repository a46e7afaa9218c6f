"""What must be set before a policy can be decided, and what is said at start."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from webhook_service import runtime
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.records.log import make_logger
from webhook_service.settings import Settings
from webhook_service.wiring import (
    StartError,
    missing_upstreams,
    read_policy,
    start_notices,
    wire,
)

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
            [],
        ),
        (
            """mfa:
  - {name: a, events: [kratos.login], step_up_within: 5m, require: {aal: aal2},
     enrolment: {grace: 9d}}""",
            ["KRATOS_ADMIN_URL"],
        ),
        (
            "claims:\n  - {name: a, access_token: {level: session.aal}}",
            ["KRATOS_ADMIN_URL"],
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


def test_with_its_upstream_a_policy_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path))
    text = policy("mfa:\n  - {name: a, require: {aal: aal1}}")
    logger = make_logger("json")
    with pytest.raises(StartError, match="KRATOS_ADMIN_URL: not set"):
        wire(settings(), text, logger)
    wired = wire(settings(kratos_admin_url="http://127.0.0.1:1"), text, logger)
    assert set(wired.upstreams) == {"kratos"}


def test_the_start_says_what_is_not_served_and_not_carried_out() -> None:
    notices = start_notices(
        settings(kratos_hook_keys=(), mode="shadow"),
        policy("""
        mfa:
          - {name: soon, events: [kratos.login], step_up_within: 5m, require: {aal: aal2}}
        sessions:
          - {name: capped, max_age: 8h}
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
    assert 'rule "soon" (line 4): ending the session after step_up_within' in text
    assert 'rule "capped" (line 6): past max_age every token, and every step' in text
    assert 'rule "others" (line 10): revoking other_sessions, tokens' in text
    assert 'rule "at the gateway" (line 8): nothing serves its events yet: check' in text
    assert "endless" not in text
    assert "HYDRA_HOOK_KEYS" not in text


def test_a_policy_file_that_is_not_there_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read .*policy.yaml: No such file"):
        read_policy(tmp_path / "policy.yaml")


def test_a_policy_file_that_is_wrong_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("version: 2\n")
    with pytest.raises(PolicyError, match=r"mine.yaml:1:10: policy.version"):
        read_policy(path)
