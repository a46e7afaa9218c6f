"""The operator's page of a running service with a stand-in Ory, in Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from server.running import HYDRA, KRATOS, REFRESH, Service, hook
from server.wire import Answer, ask
from unit.workbench import OPERATOR_KEY, Recorded

from webhook_service.opening import open_records

POLICY: Final = """
deny:
  - name: retired clients
    when: client.id == "retired"
  - name: from far away
    mode: shadow
    events: [kratos.login]
    when: request.ip != "203.0.113.5"
mfa:
  - name: the mobile app needs a second factor
    when: client.id == "mobile"
    require: {aal: aal2}
    message: Use your authenticator app to go on.
sessions:
  - name: the web app stays signed in
    when: client.id == "web" && token.grant == "refresh_token"
    extend: {when_left: 3650d}
    max_age: unlimited
revoke:
  - name: a new password ends the other sessions
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions, tokens]
"""
"""Every section but claims; a rule that refuses, one in shadow, one with effects."""

WIDE: Final = {"width": 1280, "height": 800}
NARROW: Final = {"width": 400, "height": 800}
SECONDS: Final = 15
MILLISECONDS: Final = 15_000

TAGS: Final = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
SCHEMES: Final = ("light", "dark")


class OperatorPage:
    """A tab of an operator's browser, and the service whose page it shows.

    ``page`` is the tab, ``context`` the profile.
    """

    def __init__(self, service: Service, context: BrowserContext) -> None:
        self.service = service
        self.context = context
        self.url = f"http://127.0.0.1:{service.port}"
        self.complaints: list[str] = []
        """What Chromium says of our scripts and of what the content security policy blocked."""
        self.page = self.watched(context.new_page())

    def watched(self, page: Page) -> Page:
        """Note what Chromium complains of in a tab."""
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def open(self, path: str = "/") -> None:
        """Open a page of the service."""
        self.page.goto(self.url + path)

    def sign_in(self, key: str = OPERATOR_KEY, path: str = "/sign-in") -> None:
        """Give a key at a page that asks for one."""
        self.open(path)
        self.page.get_by_label("Operator key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()

    @property
    def heading(self) -> str:
        """What the page is about."""
        return self.page.locator("h1").inner_text()

    def call(self, target: str, body: object) -> Answer:
        """Send a hook as Ory does."""
        key = KRATOS if "/kratos/" in target else HYDRA
        return ask(self.service.port, hook(body, key=key, target=target))

    def _note(self, message: ConsoleMessage) -> None:
        # A page that is refused is a complaint as well, and wanted by the test.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)


@contextmanager
def opened(browser: Browser, service: Service, **profile: Any) -> Iterator[OperatorPage]:
    """Open a tab in a new profile; at the end Chromium must not have complained."""
    with closing(browser.new_context(viewport=WIDE, **profile)) as context:
        context.set_default_timeout(MILLISECONDS)
        operator = OperatorPage(service, context)
        yield operator
        assert operator.complaints == []


def fill(service: Service) -> None:
    """Let a service decide about one of each, and wait until its database has them."""
    recorded = Recorded()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("hydra/token", REFRESH),
        ("hydra/token", {**REFRESH, "number": 2}),
        ("hydra/token", recorded.body("hydra.token.authorization_code.password-only")),
        ("hydra/token", recorded.body("hydra.token.client_credentials")),
        ("kratos/login/password", recorded.body("kratos.login.api.aal1")),
        ("kratos/login/totp", recorded.body("kratos.login.api.aal2")),
        ("kratos/settings/password", recorded.body("kratos.settings-password.browser")),
        ("kratos/verification", recorded.body("kratos.verification.api")),
    ]
    for target, body in calls:
        key = KRATOS if target.startswith("kratos") else HYDRA
        ask(service.port, hook(body, key=key, target=f"/hooks/{target}"))
    until_kept(service, len(calls))


def until_kept(service: Service, count: int) -> None:
    """Wait until the database has so many decisions."""
    records = open_records(f"sqlite:///{service.folder / 'webhook-service.db'}")
    end = time.monotonic() + SECONDS
    while records.count() < count:
        assert time.monotonic() < end, (service.folder / "log").read_text()
        time.sleep(0.05)


def assert_accessible(page: Page) -> None:
    """Hold a page to WCAG 2.2 AA and to axe's best practices, in light and in dark."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": {"type": "tag", "values": list(TAGS)}}
        violations = Axe().run(page, options=options).response["violations"]
        found += [
            f"{scheme}: {violation['id']}: {violation['help']}\n    {node['html'][:200]}\n    "
            + " ".join(node["failureSummary"].split())
            for violation in violations
            for node in violation["nodes"]
        ]
    page.emulate_media(color_scheme=None)
    assert not found, "\n".join([page.url, *found])


def until_heading(page: Page, text: str) -> None:
    """Wait until a page is about something."""
    expect(page.locator("h1")).to_have_text(text)
