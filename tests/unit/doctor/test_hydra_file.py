"""What the doctor finds in a file of Hydra."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from unit.planning import CAP, SITE, case_of

from webhook_service.doctor import hydra_file
from webhook_service.doctor.case import Case
from webhook_service.ory_config import hydra
from webhook_service.ory_config.delta import applied
from webhook_service.ory_config.weave import woven

MORE = {
    "oauth2": {"grant": {"refresh_token": {"rotation_grace_period": "10s"}}},
    "urls": {"identity_provider": {"url": "http://kratos:4434"}},
}
OLDER_URL = f"{SITE.public_url}/hooks/hydra/refresh-token"


def configured(case: Case) -> Any:
    """Return the file that ory-config makes, with its advice taken."""
    return deepcopy(applied(MORE, woven(hydra.plan(case.policy, case.site), MORE)))


def codes(config: Any, text: str = CAP, **site: Any) -> list[str]:
    return [one.kind.code for one in hydra_file.look(config, case_of(text, **site)) if one.kind]


def test_what_ory_config_makes_is_well() -> None:
    case = case_of(CAP)
    findings = list(hydra_file.look(configured(case), case))
    assert [one.what for one in findings] == ["hydra: oauth2.token_hook calls the service"]


def test_a_policy_without_rules_needs_nothing() -> None:
    assert codes({}, "mode: enforce") == []


def test_a_missing_hook_leaves_tokens_unasked() -> None:
    assert codes(MORE) == ["hydra.hook_missing"]
    assert codes({**MORE, "oauth2": {"token_hook": "https://other.example.org/"}}) == [
        "hydra.hook_missing"
    ]


def test_both_hooks_are_one_too_many() -> None:
    """F3."""
    config = configured(case_of(CAP))
    config["oauth2"]["refresh_token_hook"] = {
        **config["oauth2"]["token_hook"],
        "url": OLDER_URL,
    }
    assert codes(config) == ["hydra.both_hooks"]


def test_a_hook_that_is_only_an_address_sends_no_key() -> None:
    config = configured(case_of(CAP))
    config["oauth2"]["token_hook"] = f"{SITE.public_url}/hooks/hydra/token"
    assert codes(config) == ["hook.no_key"]


def test_a_key_without_in_is_not_sent() -> None:
    """F91."""
    config = configured(case_of(CAP))
    del config["oauth2"]["token_hook"]["auth"]["config"]["in"]
    assert codes(config) == ["hook.no_in"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{SITE.public_url}/hooks/hydra/token/", "hook.redirected"),
        (f"{SITE.public_url}/hooks/hydra/tokens", "hook.unknown_route"),
        (f"{SITE.public_url}/hooks/kratos/login", "hook.unknown_route"),
    ],
)
def test_a_hook_that_calls_another_path(url: str, code: str) -> None:
    config = configured(case_of(CAP))
    config["oauth2"]["token_hook"]["url"] = url
    assert codes(config) == [code]


@pytest.mark.parametrize("grace", ["0s", "soon", None, 10])
def test_two_refreshes_at_once_need_a_grace_period(grace: Any) -> None:
    """F85."""
    config = configured(case_of(CAP))
    config["oauth2"]["grant"]["refresh_token"]["rotation_grace_period"] = grace
    assert codes(config) == ["hydra.no_grace_period"]


def test_hydra_must_know_kratos_to_end_its_sessions() -> None:
    """F31."""
    case = case_of(CAP, kratos_admin_url="http://kratos:4434")
    config = configured(case)
    del config["urls"]
    (finding,) = [one for one in hydra_file.look(config, case) if one.kind]
    assert finding.remedy == "urls: {identity_provider: {url: http://kratos:4434}}"
    assert codes(config) == ["hydra.no_identity_provider"]
    assert codes(config, "deny:\n  - {name: a, events: [hydra.token]}") == []


def test_a_log_with_keys_in_it_is_found() -> None:
    config = {**configured(case_of(CAP)), "log": {"leak_sensitive_values": True}}
    assert codes(config) == ["log.leaks"]


def test_in_a_project_of_ory_network_hydra_knows_kratos_by_itself() -> None:
    config = configured(case_of(CAP))
    del config["urls"]
    assert codes(config) == ["hydra.no_identity_provider"]
    assert codes(config, network=True) == []


def test_gates_that_hydra_sends_people_to_must_be_served() -> None:
    gates = {"login": f"{SITE.public_url}/oauth2/login", "consent": "https://app.example.org/"}
    served = dict.fromkeys(("kratos_public_url", "kratos_admin_url", "hydra_admin_url"), "http://x")
    config = configured(case_of(CAP))
    config["urls"] |= gates
    assert codes(config) == ["hydra.gates_not_served"]
    assert codes(config, **served) == []
    config["urls"]["login"] = "https://app.example.org/oauth2/login"
    assert codes(config) == []
