"""Working a plan into a configuration: foreign hooks stay, ours come right, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.planning import CAP, HYDRA_KEY, KRATOS_KEY, NO_PROFILES, REVOKE, SITE, policy_of, told

from webhook_service.ory_config import hydra, kratos
from webhook_service.ory_config.delta import applied
from webhook_service.ory_config.plan import Entries, HookList, Plan, Value, found
from webhook_service.ory_config.weave import ConflictError, woven

CRM = {"hook": "web_hook", "config": {"url": "https://crm.example.org/hook"}}
REVOKER = {"hook": "revoke_active_sessions"}
PASSWORD = ("selfservice", "flows", "login", "after", "password", "hooks")


def kratos_plan(text: str = CAP, *methods: str, body: str = "base64://Yg==") -> Plan:
    return kratos.plan(policy_of(text), SITE, body, methods or ("password",))


def merged(plan: Plan, config: Any) -> Any:
    """Merge, and see to it that merging again changes nothing."""
    result = applied(config, woven(plan, config))
    assert woven(plan, result) == {}
    return result


def flow(name: str, **after: Any) -> Any:
    return {"selfservice": {"flows": {name: {"after": after}}}}


def ours(method: str = "password", *, parse: bool = True, **more: Any) -> Any:
    (change,) = kratos_plan(CAP, method).changes
    (hook,) = change.hooks
    return {**hook, "config": {**hook["config"], "response": {"parse": parse}, **more}}


def test_foreign_hooks_stay_behind_ours() -> None:
    config = flow("login", password={"hooks": [REVOKER, CRM]})
    assert found(merged(kratos_plan(), config), PASSWORD) == [ours(), REVOKER, CRM]


def test_a_new_list_takes_along_what_the_general_one_did() -> None:
    """F36: else a method's hooks of others would be called no more."""
    config = flow("login", hooks=[CRM, ours()])
    result = merged(kratos_plan(), config)
    assert found(result, PASSWORD) == [ours(), CRM]
    assert found(result, (*PASSWORD[:-2], "hooks")) == [CRM, ours()]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({}, [{"hook": "session"}]),
        ({"hooks": [{"hook": "session"}, CRM]}, [{"hook": "session"}, CRM]),
        ({"hooks": []}, []),
        ({"password": {"hooks": [CRM, {"hook": "session"}]}}, [CRM, {"hook": "session"}]),
        ({"password": {"hooks": []}}, []),
    ],
    ids=["no list", "a general list", "an empty general list", "its own list", "its own, empty"],
)
def test_a_registration_signs_in_as_it_did_before(after: Any, expected: Any) -> None:
    plan = kratos_plan("deny:\n  - {name: a, events: [kratos.registration]}")
    result = merged(plan, flow("registration", **after))
    place = ("selfservice", "flows", "registration", "after", "password", "hooks")
    first, *others = found(result, place)
    assert told(first) == ("/hooks/kratos/registration/password", True)
    assert others == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"response": {"parse": False}},
        {"response": {"ignore": True}},
        {"response": {}, "can_interrupt": True},
        {"url": "http://old.example.org/hooks/kratos/login/password"},
        {"url": "https://hooks.example.org/hooks/kratos/login"},
        {"url": "https://hooks.example.org/hooks/kratos/login/password/"},
        {"auth": {"type": "basic_auth", "config": {"user": "a", "password": "b"}}},
        {"body": "base64://b2xk"},
    ],
)
def test_a_hook_of_ours_comes_right_where_it_stands(wrong: Any) -> None:
    hook = {**ours(), "config": {**ours()["config"], **wrong}}
    config = flow("login", password={"hooks": [CRM, hook]})
    first, second = found(merged(kratos_plan(), config), PASSWORD)
    assert first == CRM
    assert told(second) == ("/hooks/kratos/login/password", True)
    assert second["config"]["response"] == {"parse": True}
    assert "can_interrupt" not in second["config"]
    assert second["config"]["auth"]["config"]["value"] == f"Bearer {KRATOS_KEY}"


def test_what_is_not_ours_to_say_of_a_hook_stays() -> None:
    hook = ours(emit_analytics_event=False, body="file:///etc/own.jsonnet")
    config = flow("login", password={"hooks": [hook]})
    assert merged(kratos_plan(), config) == config


def test_a_file_that_is_asked_for_takes_the_place_of_another() -> None:
    config = flow("login", password={"hooks": [ours(body="file://old.jsonnet")]})
    (hook,) = found(merged(kratos_plan(body="file://new.jsonnet"), config), PASSWORD)
    assert hook["config"]["body"] == "file://new.jsonnet"


def test_settings_have_two_hooks_that_parse_tells_apart() -> None:
    place = ("selfservice", "flows", "settings", "after", "password", "hooks")
    plan = kratos_plan(NO_PROFILES + REVOKE)
    (change,) = plan.changes
    assert isinstance(change, HookList)
    before, after = change.hooks
    for there, expected in (
        ([CRM], [before, after, CRM]),
        ([CRM, before], [CRM, before, after]),
        ([CRM, after], [before, CRM, after]),
    ):
        config = flow("settings", password={"hooks": there})
        assert found(merged(plan, config), place) == expected


def test_a_placeholder_does_not_overwrite_a_key() -> None:
    site = replace(SITE, kratos_key="${KRATOS_HOOK_KEY}")
    plan = kratos.plan(policy_of(CAP), site, "base64://Yg==", ("password",))
    config = flow("login", password={"hooks": [ours()]})
    assert merged(plan, config) == config


def test_what_is_no_list_is_left_to_its_author() -> None:
    with pytest.raises(ConflictError, match=r"login\.after\.password\.hooks is no list"):
        woven(kratos_plan(), flow("login", password={"hooks": {"a": 1}}))
    entries = Plan((Entries(("clients",), ("a",)),), {})
    with pytest.raises(ConflictError, match="clients is no list"):
        woven(entries, {"clients": "a"})


def test_entries_join_the_others_and_know_spellings_that_make_no_difference() -> None:
    plan = Plan((Entries(("a",), ("X-Device", "https://b/"), ("Accept",)),), {})
    assert merged(plan, {"a": ["x-device", "c"]}) == {"a": ["x-device", "c", "https://b/"]}
    assert merged(plan, {}) == {"a": ["Accept", "X-Device", "https://b/"]}


def test_a_value_takes_anothers_place_unless_it_is_to_be_kept() -> None:
    assert merged(Plan((Value(("a",), 1),), {}), {"a": 2}) == {"a": 1}
    keep = Plan((Value(("a",), 1, keep=True),), {})
    assert merged(keep, {"a": 2}) == {"a": 2}
    assert merged(keep, {}) == {"a": 1}


TOKEN_PLAN = hydra.plan(policy_of(CAP), SITE)
TOKEN_URL = "https://hooks.example.org/hooks/hydra/token"


@pytest.mark.parametrize(
    "there",
    [
        None,
        "http://old.example.org/hooks/hydra/token",
        {"url": "http://old.example.org/hooks/hydra/token"},
        {"url": TOKEN_URL, "auth": {"type": "api_key", "config": {"name": "X", "value": "y"}}},
    ],
)
def test_hydras_hook_comes_right(there: Any) -> None:
    config = {} if there is None else {"oauth2": {"token_hook": there}}
    hook = merged(TOKEN_PLAN, config)["oauth2"]["token_hook"]
    assert hook["url"] == TOKEN_URL
    assert hook["auth"]["config"] == {
        "in": "header",
        "name": "Authorization",
        "value": f"Bearer {HYDRA_KEY}",
    }


def test_the_hook_of_another_program_is_not_taken_from_it() -> None:
    config = {"oauth2": {"token_hook": "https://claims.example.org/hook?key=secret"}}
    with pytest.raises(ConflictError) as raised:
        woven(TOKEN_PLAN, config)
    assert "calls https://claims.example.org/hook already" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_our_older_hook_goes_and_another_programs_stays() -> None:
    """F3."""
    old = {"refresh_token_hook": "http://old.example.org/hooks/hydra/refresh-token"}
    assert list(merged(TOKEN_PLAN, {"oauth2": old})["oauth2"]) == ["token_hook"]
    foreign = {"refresh_token_hook": "https://claims.example.org/hook"}
    kept = merged(TOKEN_PLAN, {"oauth2": foreign})["oauth2"]
    assert kept["refresh_token_hook"] == "https://claims.example.org/hook"


def test_an_address_that_is_none_is_nobodys() -> None:
    hook = {"hook": "web_hook", "config": {"url": "http://[broken/hooks/kratos/login/password"}}
    config = flow("login", password={"hooks": [hook, {"hook": "web_hook"}, None]})
    assert len(found(merged(kratos_plan(), config), PASSWORD)) == 4
