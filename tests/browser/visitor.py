"""A person at a real browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from browser.lab import Lab
from ory.people import Person
from ory.totp import Authenticator
from playwright.sync_api import Error, Locator, Page


class Visitor:
    """Fills in the pages of ``ui.py`` as a person would, in one profile of Chromium.

    ``page`` is the tab at hand, for everything that is not here.
    """

    def __init__(self, lab: Lab, page: Page) -> None:
        self.page = page
        self._lab = lab

    @property
    def address(self) -> str:
        """The address of the page, without its query."""
        return self.page.url.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The query of the page's address."""
        asked = parse_qs(urlsplit(self.page.url).query)
        return {name: values[0] for name, values in asked.items()}

    @property
    def heading(self) -> str:
        """What the page is about."""
        return self.page.locator("h1").inner_text()

    @property
    def messages(self) -> list[str]:
        """What Kratos tells the person on a flow's page."""
        return self.page.get_by_role("alert").all_inner_texts()

    def open(self, address: str) -> None:
        """Open an address and follow where it leads."""
        self.page.goto(address)

    def begin(self, kind: str, **query: str) -> None:
        """Begin a flow at Kratos: ``login``, ``settings`` and so on."""
        address = f"{self._lab.ory.kratos_public_url}/self-service/{kind}/browser"
        self.open(f"{address}?{urlencode(query)}")

    def send(self, form: str, button: str | None = None, **fields: str) -> None:
        """Fill in the form of a group of nodes, send it, and follow where it leads.

        ``button`` is the button's text; it may be left out where there is only one.
        """
        place = self.page.locator(f"form#{form}")
        for name, value in fields.items():
            place.locator(f'[name="{name}"]').fill(value)
        buttons = place.get_by_role("button")
        self.press(buttons if button is None else buttons.and_(self._button(button)))

    def press(self, button: Locator) -> None:
        """Press a button that leads to another page, and wait for that page."""
        # Pressing returns before the answer is there, and the page's address is read at once.
        with self.page.expect_navigation():
            button.click()

    def register(self, person: Person) -> None:
        """Sign up at the page of a registration flow, which asks for one thing at a time."""
        self.send("profile", **{"traits.email": person.email})
        self.send("password", password=person.password)

    def sign_in(self, person: Person) -> None:
        """Give address and password at the page of a login flow, the first time or again."""
        self.send("password", identifier=person.email, password=person.password)

    def give_code(self, authenticator: Authenticator) -> None:
        """Give the second factor at the page of a login flow."""
        self.send("totp", totp_code=authenticator.code())

    def enrol_authenticator(self) -> Authenticator:
        """Add an authenticator app at the page of a settings flow."""
        authenticator = Authenticator(self.page.locator("#totp_secret_key").inner_text())
        self.give_code(authenticator)
        return authenticator

    def allow(self) -> None:
        """Give consent at the page for it."""
        self.press(self._button("Allow"))

    def session(self) -> dict[str, Any] | None:
        """Return the session that Kratos sees behind this browser's cookies, if there is one.

        The question goes past the browser: no fresh cookie reaches it by being watched (F57).
        """
        kratos = self._lab.ory.kratos_public_url
        cookies = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies(kratos)}
        reply = requests.get(f"{kratos}/sessions/whoami", cookies=cookies, timeout=10)
        if reply.status_code == requests.codes.unauthorized:
            return None
        assert reply.status_code == requests.codes.ok, reply.text
        session: dict[str, Any] = reply.json()
        return session

    def seen(self) -> str:
        """Return what is on the page, for whoever reads of a failure."""
        try:
            return f"{self.page.url}\n{self.page.locator('body').inner_text(timeout=1000)}"
        except Error as error:
            # That the browser no longer answers may be the failure itself.
            return f"{self.page.url}\n{error}"

    def _button(self, text: str) -> Locator:
        return self.page.get_by_role("button", name=text, exact=True)
