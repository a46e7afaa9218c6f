"""``/check`` where Kratos itself hides a session until the second factor was given (F64)."""

from __future__ import annotations

import pytest
from ory import asking, native
from ory.browser import Browser
from ory.configuration import Setup
from ory.device import person_with_authenticator
from ory.lab import Ory
from ory.service import Service


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(required_aal="highest_available")


def test_an_app_is_told_the_way_though_no_rule_asks(ory: Ory, service: Service) -> None:
    person, authenticator = person_with_authenticator(ory)
    asking.start(service, ory, "")
    reply = native.try_login(ory, person)
    token = reply.json()["session_token"]
    answer = asking.check(service, session_token=token)
    assert (answer.status_code, answer.json()["reason"]) == (401, "mfa.aal_too_low")
    assert answer.json()["rule"] is None
    session = native.Session("not told", token)
    assert asking.follow(answer, session, authenticator).status_code == 200
    assert asking.check(service, session_token=token).status_code == 200


def test_so_is_a_browser(ory: Ory, service: Service) -> None:
    person, authenticator = person_with_authenticator(ory)
    asking.start(service, ory, "")
    with Browser(ory, person) as browser:
        # The way to the second factor is left as soon as Kratos asks for it.
        with pytest.raises(AssertionError, match="no authenticator app"):
            browser.login()
        cookie = asking.cookie_of(browser)
        answer = asking.check(service, session_cookie=cookie)
        assert answer.json()["reason"] == "mfa.aal_too_low"
        browser.authenticator = authenticator
        browser.go(answer.json()["browser"]["url"])
        assert asking.check(service, session_cookie=asking.cookie_of(browser)).status_code == 200


def test_who_has_none_passes(ory: Ory, service: Service) -> None:
    session = native.login(ory, ory.people.create())
    asking.start(service, ory, "")
    assert asking.check(service, session_token=session.token).status_code == 200
