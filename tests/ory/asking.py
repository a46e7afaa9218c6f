"""Whoever asks ``/check``: a backend, a gateway; and whoever follows what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import requests
from ory import native
from ory.browser import Browser
from ory.keys import CHECK_KEY
from ory.lab import Ory
from ory.native import Session
from ory.service import Service
from ory.totp import Authenticator

COOKIE: Final = "ory_kratos_session"


def start(service: Service, ory: Ory, policy: str, **settings: str) -> None:
    """Start the service with a key for those who ask."""
    service.start(policy, CHECK_KEYS=CHECK_KEY, ALLOWED_ORIGINS=ory.app.url, **settings)


def check(service: Service, **asked: Any) -> requests.Response:
    """Ask as a backend does."""
    headers = {"Authorization": f"Bearer {CHECK_KEY}"}
    return requests.post(f"{service.url}/check", json=asked, headers=headers, timeout=10)


def at_gateway(service: Service, headers: Mapping[str, str]) -> requests.Response:
    """Ask as a gateway does, of a request with these headers."""
    sent = {"X-Check-Key": CHECK_KEY, **headers}
    return requests.get(f"{service.url}/check", headers=sent, timeout=10)


def cookie_of(browser: Browser) -> str:
    """Return the value of the cookie by which Kratos knows a browser."""
    (cookie,) = [one.value for one in browser._http.cookies if one.name == COOKIE]
    assert cookie is not None
    return cookie


def follow(
    answer: requests.Response, session: Session, authenticator: Authenticator
) -> requests.Response:
    """Do to the letter what the answer tells an app, with a code of the authenticator app."""
    step = answer.json()["native"]
    proof = {step["header"]: session.token}
    flow = requests.request(step["method"], step["url"], headers=proof, timeout=10)
    assert flow.status_code == 200, flow.text
    code = {"method": "totp", "totp_code": authenticator.code()}
    return native.submit(flow.json(), code, session)


def refresh(service: Service, browser: Browser, origin: str) -> requests.Response:
    """Let a page ask for the session to go on; the browser keeps the cookie that it gets."""
    headers = {"Origin": origin}
    return browser._http.post(f"{service.url}/session/refresh", headers=headers, timeout=10)


def refresh_app(service: Service, session: Session) -> requests.Response:
    """Let an app ask for it."""
    headers = {"X-Session-Token": session.token}
    return requests.post(f"{service.url}/session/refresh", headers=headers, timeout=10)
