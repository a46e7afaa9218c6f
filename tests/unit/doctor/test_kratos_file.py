"""What the doctor finds in a file of Kratos."""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any

import pytest
from unit.planning import CAP, NO_PROFILES, REVOKE, SITE, case_of

from webhook_service.doctor import kratos_file
from webhook_service.doctor.case import Case
from webhook_service.doctor.finding import Finding, Level
from webhook_service.ory_config import kratos
from webhook_service.ory_config.delta import applied
from webhook_service.ory_config.listening import HeaderNames
from webhook_service.ory_config.methods import enabled
from webhook_service.ory_config.weave import woven

METHODS = {"selfservice": {"methods": {"totp": {"enabled": True}}}}
EVERYTHING = CAP + REVOKE + NO_PROFILES


def configured(case: Case) -> Any:
    """Return the file that ory-config makes."""
    plan = kratos.plan(case.policy, case.site, case.body.inline, enabled(METHODS))
    return deepcopy(applied(METHODS, woven(plan, METHODS)))


def codes(config: Any, case: Case) -> list[str]:
    return [finding.kind.code for finding in kratos_file.look(config, case) if finding.kind]


def hook_of(config: Any, flow: str = "login", method: str = "totp") -> Any:
    return config["selfservice"]["flows"][flow]["after"][method]["hooks"][0]


def found(config: Any, case: Case, code: str) -> Finding:
    (finding,) = [
        one for one in kratos_file.look(config, case) if one.kind and one.kind.code == code
    ]
    return finding


def test_what_ory_config_makes_is_well() -> None:
    case = case_of(EVERYTHING)
    findings = list(kratos_file.look(configured(case), case))
    assert [finding.what for finding in findings] == ["kratos: 6 hooks call the service"]
    assert findings[0].level is Level.OK


def test_another_host_an_own_body_file_and_a_placeholder_are_the_operators_business() -> None:
    case = case_of(CAP)
    config = configured(case)
    hook = hook_of(config)["config"]
    hook["url"] = "https://internal.example.org/hooks/kratos/login/totp"
    hook["body"] = "file:///etc/kratos.jsonnet"
    hook["auth"]["config"]["value"] = "Bearer ${KRATOS_HOOK_KEY}"
    assert codes(config, case) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "https://hooks.example.org/hooks/kratos/login/totp/"}, "hook.redirected"),
        ({"url": "https://hooks.example.org//hooks/kratos/login/totp"}, "hook.redirected"),
        ({"url": "http://hooks.example.org/hooks/kratos/login/totp"}, "hook.redirected"),
        ({"url": "http://10.0.0.7/hooks/kratos/login/totp"}, "hook.plain_http"),
        ({"url": "https://hooks.example.org/hooks/kratos/logins/totp"}, "hook.unknown_route"),
        ({"url": "https://hooks.example.org/hooks/kratos/recovery/totp"}, "hook.unknown_route"),
        ({"auth": None}, "hook.no_key"),
        ({"auth": {"type": "basic_auth", "config": {"user": "a"}}}, "hook.no_key"),
        (
            {
                "auth": {
                    "type": "api_key",
                    "config": {"in": "header", "name": "X-API-Key", "value": "Bearer x"},
                }
            },
            "hook.key_elsewhere",
        ),
        (
            {
                "auth": {
                    "type": "api_key",
                    "config": {"in": "cookie", "name": "Authorization", "value": "Bearer x"},
                }
            },
            "hook.key_elsewhere",
        ),
        (
            {
                "auth": {
                    "type": "api_key",
                    "config": {"in": "header", "name": "authorization", "value": "Bearer x"},
                }
            },
            "hook.wrong_key",
        ),
        ({"method": "GET"}, "hook.not_post"),
        ({"response": {"ignore": True}}, "hook.ignored"),
        ({"response": {"parse": False}}, "hook.parse"),
        ({"body": None}, "hook.body"),
        ({"body": "base64://%%"}, "hook.body"),
        ({"body": "base64://e30="}, "hook.body"),
        ({"body": "file://kratos.jsonnet"}, "hook.relative_body"),
        (
            {"body": "base64://" + base64.b64encode(b"function(ctx) error 'cancel'").decode()},
            "hook.cancels",
        ),
    ],
)
def test_a_hook_that_does_not_do_what_it_should(change: dict[str, Any], code: str) -> None:
    case = case_of(CAP)
    config = configured(case)
    hook_of(config)["config"].update(change)
    assert code in codes(config, case)


def test_a_key_is_never_repeated() -> None:
    case = case_of(CAP)
    config = configured(case)
    hook_of(config)["config"]["auth"]["config"]["value"] = "Bearer somebody-elses"
    assert all("somebody-elses" not in one.what for one in kratos_file.look(config, case))


def test_a_key_without_in_is_found_although_it_is_right() -> None:
    """F91."""
    case = case_of(CAP)
    config = configured(case)
    del hook_of(config)["config"]["auth"]["config"]["in"]
    assert codes(config, case) == ["hook.no_in"]


def test_a_body_that_passes_the_cookie_serves_as_well() -> None:
    case = case_of(CAP)
    config = configured(case)
    for body in case.body.variants:
        hook_of(config)["config"]["body"] = body
        assert codes(config, case) == []
    assert len(case.body.variants) == 2


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
    assert "lacks Cf-Ipcountry" in found(config, case, "kratos.header_allowlist").what


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
    config = {"selfservice": {"allowed_return_urls": allowed}}
    findings = kratos_file.back_to_hydra(config, hydra, case_of(CAP))
    assert [one.kind.code for one in findings if one.kind] == expected


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
