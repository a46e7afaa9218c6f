"""What ``/check`` answers, for a stand-in that takes its place."""

from __future__ import annotations

import json
from typing import Final

from browser.stand_in import Answer

JSON: Final = ("Content-Type", "application/json")
CHALLENGE: Final = (
    'Bearer error="insufficient_user_authentication", '
    'error_description="A second factor is needed.", acr_values="aal2", max_age="900"'
)
FRESH_COOKIE: Final = "ory_kratos_session=fresh; Path=/; Max-Age=1200; HttpOnly; SameSite=Lax"

SUBJECT: Final = "9f425a8d-7efc-4768-8f23-7647a74fdf13"
SESSION_ID: Final = "f38a9bd0-2d3c-4b0f-8c3e-2d1c0a0e7b11"

ALLOWED: Final = Answer(
    200,
    (
        JSON,
        ("X-Auth-Subject", SUBJECT),
        ("X-Auth-Session-Id", SESSION_ID),
        ("X-Auth-Aal", "aal2"),
    ),
    json.dumps({"verdict": "allow", "reason": None, "subject": SUBJECT}).encode(),
)
EXTENDED: Final = Answer(200, (*ALLOWED.headers, ("Set-Cookie", FRESH_COOKIE)), ALLOWED.body)
DENIED: Final = Answer(
    403, (JSON,), json.dumps({"verdict": "deny", "reason": "rule.denied"}).encode()
)
WITHOUT_A_FACT: Final = Answer(
    503, (JSON,), json.dumps({"verdict": "deny", "reason": "policy.unknown"}).encode()
)
WRONG_KEY: Final = Answer(
    401, (JSON,), json.dumps({"error": {"id": "request.unauthorized", "code": 401}}).encode()
)


def step_up(address: str) -> Answer:
    """Return the answer that sends a person to an address, and tells an app what to do."""
    told = {
        "verdict": "step_up",
        "reason": "mfa.aal_too_low",
        "browser": {"url": address},
        "native": {"method": "GET", "url": address, "header": "X-Session-Token"},
    }
    headers = (JSON, ("X-Auth-Location", address), ("WWW-Authenticate", CHALLENGE))
    return Answer(401, headers, json.dumps(told).encode())


STEP_UP: Final = step_up("http://127.0.0.1/login?aal=aal2&return_to=http%3A%2F%2F127.0.0.1%2F")
