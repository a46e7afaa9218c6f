"""What a person or an app does next, and that following it leads on and not around."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from webhook_service.hooks.hints import (
    Hint,
    Places,
    Step,
    browser_url,
    hint,
    native_request,
    www_authenticate,
)
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.sessions import AAL1, AAL2, Session

PLACES = Places("https://auth.example.org", frozenset({"https://app.example.org"}))
HERE = "https://app.example.org/orders?tab=2&x=ü".replace("ü", "%C3%BC")
TOO_LITTLE = (
    'Bearer error="insufficient_user_authentication",'
    ' error_description="Another authentication is needed."'
)
SESSION = Session("a1", active=True)


def policy(require: str = "{aal: aal2}") -> Policy:
    return load(
        dedent(f"""
        version: 1
        mfa:
          - {{name: strict, require: {require}}}
        """).encode()
    )


def decided(verdict: Verdict, reason: Reason, rule: str | None = "strict") -> Decision:
    return Decision(EventName.CHECK, verdict, reason, rule)


@pytest.mark.parametrize(
    "reason",
    [
        Reason.MFA_NO_SESSION,
        Reason.SESSION_NOT_ACTIVE,
        Reason.SESSION_PAST_MAX_AGE,
        Reason.SESSION_ENDING,
    ],
)
def test_without_a_session_the_way_is_the_login_whatever_level_was_asked(reason: Reason) -> None:
    towards = hint(decided(Verdict.STEP_UP, reason), None, policy())
    assert towards == Hint(Step.SIGN_IN)
    assert (
        browser_url(towards, PLACES, None) == "https://auth.example.org/self-service/login/browser"
    )
    assert native_request(towards, PLACES) == {
        "method": "GET",
        "url": "https://auth.example.org/self-service/login/api",
        "header": None,
    }


@pytest.mark.parametrize("reason", [Reason.SESSION_PAST_MAX_AGE, Reason.SESSION_ENDING])
def test_a_session_that_kratos_may_not_have_ended_yet_is_asked_for_again(reason: Reason) -> None:
    """Kratos would send a browser that is signed in straight back to the page."""
    towards = hint(decided(Verdict.DENY, reason), SESSION, policy())
    assert browser_url(towards, PLACES, None).endswith("/login/browser?refresh=true")
    assert native_request(towards, PLACES)["url"] == (
        "https://auth.example.org/self-service/login/api"
    )


def test_a_session_without_a_second_factor_is_sent_to_give_it() -> None:
    towards = hint(decided(Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW), SESSION, policy())
    assert towards == Hint(Step.STEP_UP, AAL2)
    assert browser_url(towards, PLACES, HERE) == (
        "https://auth.example.org/self-service/login/browser?aal=aal2&return_to="
        "https%3A%2F%2Fapp.example.org%2Forders%3Ftab%3D2%26x%3D%25C3%25BC"
    )
    assert native_request(towards, PLACES) == {
        "method": "GET",
        "url": "https://auth.example.org/self-service/login/api?aal=aal2",
        "header": "X-Session-Token",
    }


@pytest.mark.parametrize("reason", [Reason.MFA_TOO_OLD, Reason.MFA_METHOD_NOT_ACCEPTED])
def test_one_that_is_aal2_already_is_told_to_ask_again(reason: Reason) -> None:
    """F98: without ``refresh`` Kratos sees nothing to do, and around it goes."""
    session = Session("a1", active=True, aal=AAL2, claimed_aal=AAL2)
    towards = hint(decided(Verdict.STEP_UP, reason), session, policy("{aal: aal2, max_age: 15m}"))
    assert towards == Hint(Step.STEP_UP, AAL2, timedelta(minutes=15), refresh=True)
    assert browser_url(towards, PLACES, None).endswith("/login/browser?aal=aal2&refresh=true")
    assert str(native_request(towards, PLACES)["url"]).endswith("/login/api?aal=aal2&refresh=true")


def test_so_is_one_that_kratos_takes_for_aal2_and_we_do_not() -> None:
    """Two codes over one channel: Kratos would not ask for another factor by itself."""
    session = Session("a1", active=True, aal=AAL1, claimed_aal=AAL2)
    towards = hint(decided(Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW), session, policy())
    assert towards.refresh


def test_an_old_password_is_asked_for_again_and_no_second_factor() -> None:
    old = decided(Verdict.STEP_UP, Reason.MFA_TOO_OLD)
    towards = hint(old, SESSION, policy("{aal: aal1, max_age: 5m}"))
    assert browser_url(towards, PLACES, None).endswith("/login/browser?refresh=true")


def test_who_has_no_second_factor_is_sent_to_the_settings() -> None:
    """F62: the form would be empty."""
    towards = hint(decided(Verdict.ENROL, Reason.MFA_NOT_ENROLLED), SESSION, policy())
    assert browser_url(towards, PLACES, None) == (
        "https://auth.example.org/self-service/settings/browser"
    )
    assert native_request(towards, PLACES) == {
        "method": "GET",
        "url": "https://auth.example.org/self-service/settings/api",
        "header": "X-Session-Token",
    }


def test_who_is_denied_can_do_nothing() -> None:
    for reason in (Reason.RULE_DENIED, Reason.POLICY_UNKNOWN):
        assert hint(decided(Verdict.DENY, reason), SESSION, policy()).step is Step.NONE


def test_what_kratos_itself_demands_is_a_second_factor() -> None:
    """F64: no rule says so."""
    towards = hint(decided(Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW, None), None, policy())
    assert towards == Hint(Step.STEP_UP, AAL2)


def test_a_browser_is_not_sent_back_to_a_foreign_page() -> None:
    towards = Hint(Step.STEP_UP, AAL2)
    url = browser_url(towards, PLACES, "https://evil.example/")
    assert url == "https://auth.example.org/self-service/login/browser?aal=aal2"


@pytest.mark.parametrize(
    ("towards", "showed", "challenge"),
    [
        (Hint(Step.SIGN_IN), False, "Bearer"),
        (
            Hint(Step.SIGN_IN),
            True,
            'Bearer error="invalid_token", error_description="There is no live session."',
        ),
        (
            Hint(Step.STEP_UP, AAL2, timedelta(minutes=15)),
            True,
            f'{TOO_LITTLE}, acr_values="aal2", max_age="900"',
        ),
        (
            Hint(Step.ENROL, AAL2),
            True,
            f'{TOO_LITTLE}, acr_values="aal2"',
        ),
    ],
)
def test_a_holder_of_a_token_is_challenged_as_the_rfcs_say(
    towards: Hint, *, showed: bool, challenge: str
) -> None:
    """RFC 9470, section 3; RFC 6750, section 3.1."""
    assert www_authenticate(towards, showed_something=showed) == challenge
