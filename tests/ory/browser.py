"""A browser: it keeps cookies, follows redirects and fills in the login form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from ory.people import Person
from ory.totp import Authenticator

if TYPE_CHECKING:
    from ory.lab import Ory

MOST_STEPS: Final = 25
"""More redirects and forms than any way of these tests needs: beyond, it goes in circles."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where a browser's way ended."""

    address: str
    status: int
    flow: dict[str, Any] | None = None
    """The login flow, where the way ended at the login page."""

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.address).path

    @property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.address).query).items()}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the login page shows above its form."""
        return [] if self.flow is None else self.flow["ui"].get("messages", [])


class Browser:
    """A browser of one person. Use it as a context manager: it keeps connections open."""

    def __init__(
        self, ory: Ory, person: Person, authenticator: Authenticator | None = None
    ) -> None:
        self._ory = ory
        self._person = person
        self._authenticator = authenticator
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def has_session(self) -> bool:
        """Whether Kratos knows this browser."""
        return self._whoami().status_code == 200

    @property
    def session_id(self) -> str:
        """The id of this browser's Kratos session."""
        reply = self._whoami()
        assert reply.status_code == 200, reply.text
        session_id: str = reply.json()["id"]
        return session_id

    @property
    def cookies(self) -> list[str]:
        """The values of all cookies that this browser holds."""
        return [cookie.value for cookie in self._http.cookies if cookie.value]

    def login(self) -> Page:
        """Sign in at Kratos, without any OAuth client."""
        return self.go(f"{self._login_page}")

    def step_up(self, *, again: bool = False) -> Page:
        """Give the second factor; ``again`` asks although one was given already (F98)."""
        query = {"aal": "aal2", **({"refresh": "true"} if again else {})}
        return self._arrived(self.go(f"{self._login_page}?{urlencode(query)}"))

    def give_password_again(self) -> Page:
        """Sign in again in the session at hand."""
        return self._arrived(self.go(f"{self._login_page}?refresh=true"))

    def logout(self) -> None:
        """Sign out at Kratos: it ends the session, and Hydra learns nothing of it (F68)."""
        made = self._http.get(
            f"{self._ory.kratos_public_url}/self-service/logout/browser", timeout=10
        )
        assert made.status_code == 200, made.text
        self.go(made.json()["logout_url"])

    def spa_login(self) -> requests.Response:
        """Sign in as a single-page app does, with JSON, and return Kratos' answer."""
        headers = {"Accept": "application/json"}
        flow = self._http.get(self._login_page, headers=headers, timeout=10).json()
        return self._http.post(
            flow["ui"]["action"], json=self._filled(flow), headers=headers, timeout=60
        )

    def go(self, address: str) -> Page:
        """Open an address and do what a person would do, until nothing more can be done.

        A login form without an error message is filled in and sent; one with a message is
        where the way ends.
        """
        reply = self._http.get(address, allow_redirects=False, timeout=60)
        for _ in range(MOST_STEPS):
            if reply.is_redirect:
                address = urljoin(address, reply.headers["Location"])
                reply = self._http.get(address, allow_redirects=False, timeout=60)
                continue
            page = self._page(address, reply.status_code)
            if page.flow is None or _has_error(page):
                return page
            address = page.flow["ui"]["action"]
            reply = self._http.post(
                address, data=self._filled(page.flow), allow_redirects=False, timeout=60
            )
        raise AssertionError(f"the browser goes in circles at {address}")

    @property
    def _login_page(self) -> str:
        return f"{self._ory.kratos_public_url}/self-service/login/browser"

    def _arrived(self, page: Page) -> Page:
        """Check that the way ended where Kratos sends those who signed in."""
        assert page.path == "/", f"the browser ended at {page.address}: {page.messages}"
        return page

    def _page(self, address: str, status: int) -> Page:
        if not address.startswith(f"{self._ory.app.url}/login?"):
            return Page(address, status)
        flow_id = Page(address, status).query["flow"]
        reply = self._http.get(
            f"{self._ory.kratos_public_url}/self-service/login/flows",
            params={"id": flow_id},
            timeout=10,
        )
        assert reply.status_code == 200, reply.text
        return Page(address, status, reply.json())

    def _filled(self, flow: dict[str, Any]) -> dict[str, str]:
        nodes = {node["attributes"].get("name"): node["attributes"] for node in flow["ui"]["nodes"]}
        form = {"csrf_token": nodes["csrf_token"]["value"]}
        if "totp_code" in nodes:
            assert self._authenticator is not None, "this person has no authenticator app"
            return {**form, "method": "totp", "totp_code": self._authenticator.code()}
        return {
            **form,
            "method": "password",
            "identifier": self._person.email,
            "password": self._person.password,
        }

    def _whoami(self) -> requests.Response:
        return self._http.get(f"{self._ory.kratos_public_url}/sessions/whoami", timeout=10)


def _has_error(page: Page) -> bool:
    return any(message["type"] == "error" for message in page.messages)
