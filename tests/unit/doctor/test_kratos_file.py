"""What the doctor finds in a file of Kratos."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from unit.doctor.kratos_files import EVERYTHING, codes, configured, found, hook_of
from unit.planning import CAP, NO_PROFILES, REVOKE, SITE, case_of

from webhook_service.doctor import kratos_file
from webhook_service.doctor.finding import Level
from webhook_service.ory_config.listening import HeaderNames


def test_what_ory_config_makes_is_well() -> None:
    case = case_of(EVERYTHING)
    findings = list(kratos_file.look(configured(case), case))
    assert [finding.what for finding in findings] == ["kratos: 6 hooks call the service"]
    assert findings[0].level is Level.OK


def test_a_method_that_is_switched_on_without_a_list_is_a_way_past_the_rule() -> None:
    """F36: a list for one method is none for another."""
    case = case_of(CAP)
    config = configured(case)
    del config["selfservice"]["flows"]["login"]["after"]["totp"]
    finding = found(config, case, "kratos.hook_missing")
    assert "login.after.totp.hooks has no hook to https://hooks.example.org" in finding.what


def test_the_general_list_reaches_a_method_without_its_own() -> None:
    case = case_of(CAP)
    config = configured(case)
    after = config["selfservice"]["flows"]["login"]["after"]
    after["hooks"] = [hook_of(config)]
    after["hooks"][0]["config"]["url"] = "https://hooks.example.org/hooks/kratos/login"
    del after["totp"]
    assert codes(config, case) == []
    after["totp"] = {"hooks": []}
    assert codes(config, case) == ["kratos.hook_missing"]


@pytest.mark.parametrize("parse", [True, False])
def test_settings_need_each_hook_on_its_side_of_the_change(parse: bool) -> None:  # noqa: FBT001  the setting's own value
    """F50, F103."""
    case = case_of(REVOKE if parse else NO_PROFILES)
    config = configured(case)
    hook_of(config, "settings", "password")["config"]["response"]["parse"] = parse
    wanted = str(not parse).lower()
    assert f"with parse: {wanted}" in found(config, case, "hook.parse").what


def test_a_general_list_that_refuses_is_never_called() -> None:
    """F89."""
    case = case_of(NO_PROFILES)
    config = configured(case)
    after = config["selfservice"]["flows"]["settings"]["after"]
    after["hooks"] = [deepcopy(hook_of(config, "settings", "profile"))]
    assert "kratos.general_list" in codes(config, case)


def test_a_header_that_does_not_arrive_is_named() -> None:
    """F105."""
    text = 'deny:\n  - {name: a, events: [kratos.login], when: request.country == "KP"}'
    case = case_of(text, header_names=HeaderNames("True-Client-Ip", "cf-ipcountry"))
    config = configured(case)
    assert codes(config, case) == []
    del config["clients"]
    finding = found(config, case, "kratos.header_allowlist")
    assert "lacks Cf-Ipcountry" in finding.what
    # A list of its own takes the place of what is handed over without one.
    assert "User-Agent, Cf-Ipcountry]" in str(finding.remedy)


WINDOW = "sessions:\n  - {name: a, extend: {when_left: 24h}, max_age: 9d}"
ALWAYS = "sessions:\n  - {name: a, extend: true, max_age: 9d}"
SECOND = "mfa:\n  - {name: a, require: {aal: aal2}}"
STRICT = {"session": {"whoami": {"required_aal": "highest_available"}}}


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        (WINDOW, {"session": {"earliest_possible_extend": "1h30m"}}, ["kratos.extend_window"]),
        (WINDOW, {"session": {"earliest_possible_extend": "24h"}}, []),
        (WINDOW, {"session": {"earliest_possible_extend": "soon"}}, []),
        (WINDOW, {}, []),
        (ALWAYS, {}, ["kratos.writes_each_time"]),
        (ALWAYS, {"session": {"earliest_possible_extend": "1h"}}, []),
        (
            WINDOW,
            {"feature_flags": {"faster_session_extend": True}},
            ["kratos.faster_session_extend"],
        ),
        (CAP, {"feature_flags": {"faster_session_extend": True}}, []),
        (SECOND, {}, ["kratos.required_aal"]),
        (SECOND, {"session": {"whoami": {"required_aal": "aal1"}}}, ["kratos.required_aal"]),
        (SECOND, STRICT, []),
        (CAP, {"session": {"whoami": {"required_aal": "aal2"}}}, ["kratos.required_aal_value"]),
        (CAP, {"log": {"leak_sensitive_values": True}}, ["log.leaks"]),
        (CAP, {"session": {"cookie": {"name": "sid"}}}, ["cookie.name"]),
    ],
)
def test_settings_that_the_policy_hangs_on(text: str, more: Any, expected: list[str]) -> None:
    case = case_of(text)
    assert codes({**configured(case), **more}, case) == expected


@pytest.mark.parametrize(
    ("base_url", "domain", "reached"),
    [
        ("https://hooks.example.org/kratos", None, True),
        ("https://id.example.org", None, False),
        ("https://id.example.org", "example.org", True),
        ("https://id.example.org", ".EXAMPLE.org", True),
        ("https://id.example.org", "id.example.org", False),
        ("https://id.example.org", "ample.org", False),
        (None, None, True),
    ],
)
def test_a_cookie_reaches_its_own_host_or_its_domain(
    base_url: str | None,
    domain: str | None,
    reached: bool,  # noqa: FBT001  what is expected
) -> None:
    """F57."""
    case = case_of(CAP)
    config = configured(case)
    config["serve"] = {"public": {"base_url": base_url}}
    config["cookies"] = {"domain": domain}
    assert (codes(config, case) == []) is reached


def test_the_line_to_write_is_for_the_setting_that_goes_before_the_other() -> None:
    case = case_of(CAP)
    config = configured(case)
    config["session"] = {"cookie": {"domain": "id.example.org"}}
    config["serve"] = {"public": {"base_url": "https://id.example.org"}}
    remedy = found(config, case, "cookie.host").remedy
    assert remedy is not None
    assert remedy.startswith("session: {cookie: {domain: ")


def test_the_setting_says_where_kratos_is_where_its_file_does_not() -> None:
    case = case_of(CAP, kratos_public_url="https://id.example.org")
    assert codes(configured(case), case) == ["cookie.host"]


GATES = {
    "urls": {
        "login": f"{SITE.public_url}/oauth2/login",
        "self": {"public": "https://oauth.example.org/"},
    }
}


@pytest.mark.parametrize(
    ("allowed", "hydra", "expected"),
    [
        ([], GATES, ["kratos.return_url"]),
        (None, GATES, ["kratos.return_url"]),
        (["https://oauth.example.org"], GATES, []),
        ([], {"urls": {"login": "https://app.example.org/login"}}, []),
        ([], {"urls": {"login": f"{SITE.public_url}/oauth2/login"}}, []),
    ],
)
def test_a_step_up_finds_back_to_hydra(allowed: Any, hydra: Any, expected: list[str]) -> None:
    """F65."""
    config = {
        "selfservice": {"allowed_return_urls": allowed},
        "oauth2_provider": {"url": "http://hydra:4445"},
    }
    findings = kratos_file.back_to_hydra(config, hydra, case_of(CAP))
    assert [one.kind.code for one in findings if one.kind] == expected


def test_kratos_must_know_hydra_where_people_come_by_the_gates() -> None:
    """F61."""
    config = {"selfservice": {"allowed_return_urls": ["https://oauth.example.org/"]}}

    def said(hydra: Any, **site: Any) -> list[str | None]:
        found = kratos_file.back_to_hydra(config, hydra, case_of(CAP, **site))
        return [one.remedy for one in found]

    assert said(GATES, hydra_admin_url="http://hydra:4445") == [
        "oauth2_provider: {url: http://hydra:4445}"
    ]
    assert said(GATES, network=True) == []
    assert said({"urls": {"login": "https://app.example.org/login"}}) == []


def test_a_file_of_any_shape_is_judged() -> None:
    odd = {
        "selfservice": {
            "flows": {
                "login": {"after": [1]},
                "settings": {"after": {"password": 1, "hooks": [1, {"hook": "web_hook"}]}},
                "recovery": {"after": {"hooks": {"a": 1}}},
                "verification": {
                    "after": {"hooks": [{"config": {"url": "http://[x/hooks/kratos/verification"}}]}
                },
            }
        },
        "clients": [],
        "session": "x",
    }
    assert "kratos.hook_missing" in codes(odd, case_of(EVERYTHING))
