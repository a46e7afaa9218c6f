"""What people do with their accounts in a browser: register, change settings, recover, verify."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ory.browser import Browser, Page
from ory.people import PASSWORD, Person, new_address
from ory.totp import Authenticator

if TYPE_CHECKING:
    from ory.lab import Ory

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id of those whom Kratos does not know yet, as it spells it itself (F38)."""


def stranger() -> Person:
    """Return somebody whom Kratos does not know: the person of a browser that registers."""
    return Person(NOBODY, new_address(), PASSWORD)


def register(browser: Browser) -> Page:
    """Register the person of the browser, and sign them in with it (F80)."""
    person = browser.person
    form = {"method": "password", "password": person.password, "traits.email": person.email}
    return browser.submit(browser.begin("registration"), **form)


def change_password(browser: Browser) -> Page:
    """Set another password; the person of the browser knows it."""
    password = secrets.token_urlsafe(16)
    page = browser.submit(browser.begin("settings"), method="password", password=password)
    if page.flow is not None and page.flow["state"] == "success":
        browser.person = replace(browser.person, password=password)
    return page


def enrol(browser: Browser) -> Page:
    """Add an authenticator app to the account; the browser has it from then on."""
    page = browser.begin("settings")
    assert page.flow is not None, f"the browser ended at {page.address}"
    secret = next(
        node["attributes"]["text"]["context"]["secret"]
        for node in page.flow["ui"]["nodes"]
        if node["attributes"].get("id") == "totp_secret_key"
    )
    browser.authenticator = Authenticator(secret)
    code = browser.authenticator.code()
    return browser.submit(page, method="totp", totp_code=code)


def recover(ory: Ory, browser: Browser) -> Page:
    """Get in with a code that was sent by letter; the way ends at the settings page."""
    address = browser.person.email
    asked = browser.submit(browser.begin("recovery"), method="code", email=address)
    return browser.submit(asked, method="code", code=ory.app.mailbox.recovery_code(address))


def verify(ory: Ory, browser: Browser) -> Page:
    """Give a code that proves the address."""
    address = browser.person.email
    asked = browser.submit(browser.begin("verification"), method="code", email=address)
    return browser.submit(asked, method="code", code=ory.app.mailbox.verification_code(address))
