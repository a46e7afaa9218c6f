"""Which hooks a policy needs of Kratos and Hydra, and what is said beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.planning import CAP, HYDRA_KEY, NO_PROFILES, REVOKE, SITE, lists_of, policy_of

from webhook_service.ory_config import hydra, kratos
from webhook_service.ory_config.listening import HeaderNames
from webhook_service.ory_config.methods import DEFAULT, METHODS, enabled
from webhook_service.ory_config.plan import Entries, TokenHook, Value

PASSWORD_AND_TOTP = ("password", "totp")


def plan(text: str, *methods: str, **site: object) -> kratos.Plan:
    where = replace(SITE, **site)
    return kratos.plan(policy_of(text), where, "base64://", methods or PASSWORD_AND_TOTP)


def hydra_plan(text: str, **site: object) -> hydra.Plan:
    return hydra.plan(policy_of(text), replace(SITE, **site))


def test_a_policy_without_rules_needs_no_hook() -> None:
    assert plan("mode: enforce").changes == ()
    assert hydra_plan("mode: enforce").changes == ()


def test_each_method_has_a_list_of_its_own_whose_answer_counts() -> None:
    """F34, F36, F40."""
    assert lists_of(plan(CAP)) == {
        "login.after.password": [("/hooks/kratos/login/password", True)],
        "login.after.totp": [("/hooks/kratos/login/totp", True)],
    }


def test_a_revocation_after_a_change_is_not_parsed_and_is_asked_for_where_it_can_hold() -> None:
    """F50, F89."""
    assert lists_of(plan(REVOKE, "password", "totp", "profile")) == {
        "settings.after.password": [("/hooks/kratos/settings/password", False)]
    }


def test_a_refusal_of_a_change_comes_before_the_revocation() -> None:
    found = lists_of(plan(NO_PROFILES + REVOKE, "password", "profile"))
    path = "/hooks/kratos/settings"
    assert found == {
        "settings.after.password": [(f"{path}/password", True), (f"{path}/password", False)],
        "settings.after.profile": [(f"{path}/profile", True)],
    }


def test_a_shadow_rule_is_heard_too_for_it_is_recorded() -> None:
    shadow = "deny:\n  - {name: a, mode: shadow, events: [kratos.login]}"
    assert "login.after.password" in lists_of(plan(shadow))


def test_a_registration_signs_in_after_ours_where_no_list_is_there() -> None:
    refused = "deny:\n  - {name: a, events: [kratos.registration]}"
    (change,) = plan(refused, "password", "totp").changes
    assert change.at[2:] == ("registration", "after", "password", "hooks")
    assert change.otherwise == ({"hook": "session"},)


def test_a_recovery_has_one_list_for_all_methods() -> None:
    recovery = "revoke:\n  - {name: a, events: [kratos.recovery], revoke: [all_sessions]}"
    assert lists_of(plan(recovery)) == {"recovery.after": [("/hooks/kratos/recovery", True)]}


def test_headers_that_the_policy_reads_are_let_through_with_those_that_others_count_on() -> None:
    """F105. Go's spelling is how the hook's body finds them."""
    text = """
    deny:
      - name: a
        events: [kratos.login]
        when: request.country == "KP" || request.headers["x-device"] == "a"
    """
    names = HeaderNames("X-Real-IP", "CF-IPCountry")
    changes = plan(text, header_names=names).changes
    (entries,) = [change for change in changes if isinstance(change, Entries)]
    assert entries.values == ("Cf-Ipcountry", "X-Device")
    assert {"User-Agent", "True-Client-Ip"} <= set(entries.defaults)


@pytest.mark.parametrize("fact", ["request.user_agent", "request.ip"])
def test_headers_that_every_kratos_hands_over_need_no_setting(fact: str) -> None:
    text = f'deny:\n  - {{name: a, events: [kratos.login], when: {fact} == "x"}}'
    assert not [change for change in plan(text).changes if isinstance(change, Entries)]


def test_a_rule_that_reads_all_headers_is_named() -> None:
    text = "deny:\n  - {name: a, events: [kratos.login], when: '\"x-a\" in request.headers'}"
    assert any('"a" reads request.headers as a whole' in line for line in plan(text).advice)


EXTEND = "sessions:\n  - {name: a, extend: {when_left: 90m}, max_age: 9h}"
SECOND = "mfa:\n  - {name: a, require: {aal: aal2}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EXTEND, "session.earliest_possible_extend: leave it out, or set it to 90m or more"),
        (EXTEND, "feature_flags.faster_session_extend"),
        (EXTEND.replace("90m", "2d"), "set it to 48h or more"),
        (EXTEND.replace("90m", "90s"), "set it to 90s or more"),
        (SECOND, "session.whoami.required_aal: aal1 leaves it to the policy"),
        (REVOKE, "--pass-session-cookie keeps a browser's"),
    ],
)
def test_what_the_rules_hang_on_is_said(text: str, said: str) -> None:
    advice = plan(text).advice
    assert [line for line in advice if said in line]
    assert not plan(CAP).advice


def test_the_session_of_a_change_is_no_matter_where_its_cookie_is_passed() -> None:
    assert plan(REVOKE, passes_session_cookie=True).advice == ()


def test_the_gates_let_people_come_back_and_keep_an_address_that_is_there() -> None:
    """F61, F65."""
    changes = plan(
        CAP,
        gates=True,
        hydra_public_url="https://oauth.example.org",
        hydra_admin_url="http://hydra:4445",
    ).changes
    assert changes[-2:] == (
        Entries(
            ("selfservice", "allowed_return_urls"),
            ("https://oauth.example.org/", "https://hooks.example.org/"),
        ),
        Value(("oauth2_provider", "url"), "http://hydra:4445", keep=True),
    )


def test_the_gates_ask_for_the_address_of_hydra_where_it_is_not_named() -> None:
    assert any("--hydra-public-url" in line for line in plan(CAP, gates=True).advice)


def test_hydra_has_the_hook_for_all_tokens_with_a_key_in_a_header() -> None:
    """F91, F92."""
    plan = hydra_plan(CAP)
    assert [change.value for change in plan.changes if isinstance(change, TokenHook)] == [
        {
            "url": "https://hooks.example.org/hooks/hydra/token",
            "auth": {
                "type": "api_key",
                "config": {"in": "header", "name": "Authorization", "value": f"Bearer {HYDRA_KEY}"},
            },
        }
    ]
    assert any("rotation_grace_period: 10s" in line for line in plan.advice)
    assert any("urls.identity_provider.url" in line for line in plan.advice)


OLDER = "deny:\n  - {name: old, events: [hydra.refresh_token]}\n"


def test_the_older_hook_is_for_who_listens_to_nothing_else() -> None:
    (change,) = hydra_plan(OLDER).changes
    assert change.at == ("oauth2", "refresh_token_hook")


def test_never_both_hooks_and_who_is_not_heard_is_named() -> None:
    """F3."""
    plan = hydra_plan(OLDER + CAP)
    assert [change.at[-1] for change in plan.changes] == ["token_hook"]
    assert any('"old" listens to hydra.refresh_token alone' in line for line in plan.advice)


def test_the_gates_are_hydras_pages() -> None:
    changes = hydra_plan("mode: enforce", gates=True).changes
    assert {change.at[-1]: change.value for change in changes} == {
        "login": "https://hooks.example.org/oauth2/login",
        "consent": "https://hooks.example.org/oauth2/consent",
        "logout": "https://hooks.example.org/oauth2/logout",
    }


def test_saml_is_configured_only_by_name() -> None:
    """Kratos 1.3.1 does not start with a list for it."""
    assert set(METHODS) - set(DEFAULT) == {"saml"}


def test_the_methods_that_a_file_switches_on() -> None:
    """The defaults are Kratos' own; codes alone are for recovery."""
    methods = {
        "password": {"enabled": False},
        "totp": {"enabled": True},
        "code": {"enabled": True},
        "webauthn": None,
    }
    assert enabled({"selfservice": {"methods": methods}}) == ("totp", "profile")
    assert enabled({}) == ("password", "profile")
    codes = {"code": {"passwordless_enabled": True}}
    assert "code" in enabled({"selfservice": {"methods": codes}})


def test_a_project_of_ory_network_is_not_told_where_its_own_parts_are() -> None:
    of_kratos = plan(CAP + REVOKE, gates=True, hydra_admin_url="https://x.example", network=True)
    places = [change.at for change in of_kratos.changes]
    assert ("oauth2_provider", "url") not in places
    of_hydra = hydra_plan(CAP + REVOKE, kratos_admin_url="https://x.example", network=True)
    assert "https://x.example" not in " ".join(of_kratos.advice + of_hydra.advice)
    assert "Before 26.2" not in " ".join(of_kratos.advice)


def test_who_is_asked_for_a_second_factor_must_be_asked_before_the_token() -> None:
    """F19, F24."""
    rule = "mfa:\n  - {name: a, require: {aal: aal2}}"
    assert "--gates" in " ".join(hydra_plan(rule).advice)
    assert "--gates" not in " ".join(hydra_plan(rule, gates=True).advice)
    assert "--gates" not in " ".join(hydra_plan(CAP).advice)
