"""A browser: it keeps cookies, follows redirects and fills in the login form by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from ory.people import Person
from ory.totp import Authenticator

if TYPE_CHECKING:
    from ory.lab import Ory

FLOWS: Final = frozenset({"login", "registration", "settings", "recovery", "verification"})
"""The app shows each on a page of that name."""

MOST_STEPS: Final = 25
"""More redirects and forms than any way of these tests needs: beyond, it goes in circles."""

_ONE_STEP: Final[dict[str, Any]] = {"allow_redirects": False, "timeout": 60}


@dataclass(frozen=True, slots=True)
class Page:
    """Where a browser's way ended."""

    address: str
    status: int
    flow: dict[str, Any] | None = None
    """The flow of Kratos', where the way ended at the page of one."""

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
        """What the page shows above its form."""
        return [] if self.flow is None else self.flow["ui"].get("messages", [])


class Browser:
    """A browser of one person. Use it as a context manager: it keeps connections open."""

    def __init__(
        self, ory: Ory, person: Person, authenticator: Authenticator | None = None
    ) -> None:
        self.person = person
        self.authenticator = authenticator
        self._ory = ory
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
        return self._followed(address, self._http.get(address, **_ONE_STEP))

    def begin(self, kind: str) -> Page:
        """Open the page of a new flow: ``registration``, ``settings`` and so on."""
        return self.go(self._beginning(kind))

    def submit(self, page: Page, **form: str) -> Page:
        """Send the form of a flow's page, and go on until nothing more can be done."""
        assert page.flow is not None, f"there is no form at {page.address}"
        address = page.flow["ui"]["action"]
        form = {"csrf_token": _fields(page.flow)["csrf_token"]["value"], **form}
        return self._followed(address, self._http.post(address, data=form, **_ONE_STEP))

    def _followed(self, address: str, reply: requests.Response) -> Page:
        for _ in range(MOST_STEPS):
            if reply.is_redirect:
                address = urljoin(address, reply.headers["Location"])
                reply = self._http.get(address, **_ONE_STEP)
                continue
            page = self._page(address, reply.status_code)
            if page.path != "/login" or page.flow is None or _has_error(page):
                return page
            address = page.flow["ui"]["action"]
            reply = self._http.post(address, data=self._filled(page.flow), **_ONE_STEP)
        raise AssertionError(f"the browser goes in circles at {address}")

    @property
    def _login_page(self) -> str:
        return self._beginning("login")

    def _beginning(self, kind: str) -> str:
        return f"{self._ory.kratos_public_url}/self-service/{kind}/browser"

    def _arrived(self, page: Page) -> Page:
        """Check that the way ended where Kratos sends those who signed in."""
        assert page.path == "/", f"the browser ended at {page.address}: {page.messages}"
        return page

    def _page(self, address: str, status: int) -> Page:
        page = Page(address, status)
        kind = page.path.removeprefix("/")
        at_the_app = address.startswith(f"{self._ory.app.url}/")
        if kind not in FLOWS or not at_the_app or "flow" not in page.query:
            return page
        reply = self._http.get(
            f"{self._ory.kratos_public_url}/self-service/{kind}/flows",
            params={"id": page.query["flow"]},
            timeout=10,
        )
        assert reply.status_code == 200, reply.text
        return Page(address, status, reply.json())

    def _filled(self, flow: dict[str, Any]) -> dict[str, str]:
        fields = _fields(flow)
        form = {"csrf_token": fields["csrf_token"]["value"]}
        if "totp_code" in fields:
            assert self.authenticator is not None, "this person has no authenticator app"
            return {**form, "method": "totp", "totp_code": self.authenticator.code()}
        return {
            **form,
            "method": "password",
            "identifier": self.person.email,
            "password": self.person.password,
        }

    def _whoami(self) -> requests.Response:
        return self._http.get(f"{self._ory.kratos_public_url}/sessions/whoami", timeout=10)


def _fields(flow: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the attributes of a form's fields by name."""
    fields = (node["attributes"] for node in flow["ui"]["nodes"])
    return {field["name"]: field for field in fields if "name" in field}


def _has_error(page: Page) -> bool:
    return any(message["type"] == "error" for message in page.messages)
