"""What the doctor finds in a hook of Kratos: its address, its key, its body."""

from __future__ import annotations

import base64
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from unit.doctor.kratos_files import codes, configured, found, hook_of
from unit.planning import CAP, SITE, case_of

from webhook_service.doctor import kratos_file
from webhook_service.doctor.finding import Level

UNKNOWN = ["hook.unknown_route"]


def test_another_host_and_an_own_body_file_are_the_operators_business() -> None:
    case = case_of(CAP)
    config = configured(case)
    hook = hook_of(config)["config"]
    hook["url"] = "https://internal.example.org/hooks/kratos/login/totp"
    hook["body"] = "file:///etc/kratos.jsonnet"
    assert codes(config, case) == []


@pytest.mark.parametrize("body", ["file:///etc/body.jsonnet", "file://body.jsonnet"])
def test_a_body_in_a_file_that_is_here_is_judged_like_one_in_the_hook(body: str) -> None:
    """F93: with 'cancel' a flow goes on unasked."""
    texts = {
        "hook.cancels": "function(ctx) error 'cancel'",
        "hook.body": "function(ctx) {}",
        None: case_of(CAP).body.text,
    }
    for code, text in texts.items():
        case = replace(case_of(CAP), read={body.removeprefix("file://"): text}.get)
        config = configured(case)
        hook_of(config)["config"]["body"] = body
        assert set(codes(config, case)) - {"hook.relative_body"} == {code} - {None}
        if code == "hook.body":
            assert str(found(config, case, code).remedy).endswith(" --jsonnet " + body[7:])


def test_a_placeholder_is_named_for_kratos_would_send_it_as_it_stands() -> None:
    case = case_of(CAP)
    config = configured(case)
    hook_of(config)["config"]["auth"]["config"]["value"] = "Bearer ${KRATOS_HOOK_KEY}"
    finding = found(config, case, "hook.placeholder")
    assert finding.level is Level.WARNING
    assert "login.after.totp.hooks" in finding.what


def test_what_stands_before_the_route_is_the_business_of_another_host_alone() -> None:
    at_root, below = case_of(CAP), case_of(CAP, hooks_url="https://hooks.example.org/webhooks")
    for case, url, expected in (
        (at_root, "https://gateway.example.org/webhooks/hooks/kratos/login/totp", []),
        (at_root, "https://hooks.example.org/webhooks/hooks/kratos/login/totp", UNKNOWN),
        (below, "https://hooks.example.org/webhooks/hooks/kratos/login/totp", []),
        (below, "https://hooks.example.org/hooks/kratos/login/totp", UNKNOWN),
    ):
        config = configured(case)
        hook_of(config)["config"]["url"] = url
        assert codes(config, case) == expected


def test_the_address_to_write_is_on_the_host_that_the_hook_calls() -> None:
    case = case_of(CAP)
    config = configured(case)
    for url, written in (
        (
            "http://webhook:8080//hooks/kratos/login/totp",
            "http://webhook:8080/hooks/kratos/login/totp",
        ),
        (
            "http://hooks.example.org:80/hooks/kratos/login/totp",
            f"{SITE.hooks_url}/hooks/kratos/login/totp",
        ),
    ):
        hook_of(config)["config"]["url"] = url
        assert found(config, case, "hook.redirected").remedy == f"url: {written}"


def test_what_an_address_holds_besides_is_not_shown() -> None:
    case = case_of(CAP)
    config = configured(case)
    url = "http://me:secret@10.0.0.7/hooks/kratos/login/totp?key=secret"
    hook_of(config)["config"]["url"] = url
    assert found(config, case, "hook.plain_http").what.endswith(
        " calls http://10.0.0.7/hooks/kratos/login/totp"
    )


def test_a_verification_cannot_be_refused_and_need_not_be_parsed() -> None:
    """F49."""
    case = case_of(CAP)
    config = configured(case)
    hook = deepcopy(hook_of(config))
    hook["config"]["url"] = "https://hooks.example.org/hooks/kratos/verification"
    hook["config"]["response"]["parse"] = False
    config["selfservice"]["flows"]["verification"] = {"after": {"hooks": [hook]}}
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
