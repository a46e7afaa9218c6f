"""Where the operator lets it, one hook tells by whose cookie settings were changed (F33, F94)."""

from __future__ import annotations

from typing import Final

import pytest
from ory import browser_account, native, native_account
from ory.browser import Browser
from ory.configuration import Setup
from ory.lab import Ory

COOKIE: Final = "session_cookie"


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(every_hook=True, pass_session_cookie=True)


def test_of_all_hooks_only_the_one_after_a_stored_change_carries_the_cookie(ory: Ory) -> None:
    """One file makes the bodies of all hooks, and its switch is on for all of them."""
    with Browser(ory, browser_account.stranger()) as browser:
        browser_account.register(browser)
        browser.give_password_again()
        # The answer to the change brings another cookie of the same session.
        cookies = browser.cookies
        browser_account.change_password(browser)
        cookies += browser.cookies
        with Browser(ory, browser.person) as lost:
            browser_account.recover(ory, lost)
            cookies += lost.cookies
    calls = ory.receiver.calls()
    assert len(calls) == 5
    (carried,) = [call for call in calls if COOKIE in call.body]
    assert carried.path == "/hooks/kratos/settings/password"
    assert carried.body["flow"]["state"] == "success"
    assert carried.body[COOKIE] in cookies
    told = b"".join(call.raw for call in calls if call is not carried).decode()
    assert not any(cookie in told for cookie in cookies)


def test_an_app_has_no_cookie_to_tell(ory: Ory) -> None:
    person = ory.people.create()
    native_account.change_password(ory, native.login(ory, person), person)
    (_, after) = ory.receiver.calls("/hooks/kratos/settings/")
    assert after.body.get(COOKIE) is None
