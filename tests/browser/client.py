"""A client of a gateway: what it asks for, and what it may not make the other side believe."""

from __future__ import annotations

from typing import Final

import requests
from browser.gateways import Gateway

PAGE: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
API_CALL: Final = {"Accept": "application/json"}

FORGED: Final = {
    "X-Auth-Subject": "forged",
    "X-Auth-Session-Id": "forged",
    "X-Auth-Aal": "forged",
    "X-Auth-Location": "forged",
    "X-Check-Key": "forged",
    "X-Forwarded-For": "forged",
    "X-Forwarded-Host": "forged",
    "X-Forwarded-Method": "forged",
    "X-Forwarded-Port": "forged",
    "X-Forwarded-Prefix": "forged",
    "X-Forwarded-Proto": "forged",
    "X-Forwarded-Uri": "forged",
    "X-Original-Host": "forged",
    "X-Original-Method": "forged",
    "X-Original-Uri": "forged",
    "X-Original-Url": "forged",
}
"""What a client may not tell: neither to the application nor to ``/check``."""


def ask(
    gateway: Gateway,
    headers: dict[str, str] = PAGE,
    path: str = "/",
    method: str = "GET",
    body: str | None = None,
) -> requests.Response:
    """Ask the gateway for something, and follow no redirect."""
    return requests.request(
        method, gateway.url + path, headers=headers, data=body, allow_redirects=False, timeout=10
    )
