"""A stand-in for the part of Kratos' public API that tells whose session a credential proves.

The contract tests hold it and the real one against the same expectations.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Final, Literal
from urllib.parse import urlsplit

from webhook_service.ory.fake.answers import Answer, Json, json_answer, not_a_route
from webhook_service.ory.fake.kratos import FakeKratos

NOBODY: Final = {
    "code": 401,
    "status": "Unauthorized",
    "reason": "No valid session credentials found in the request.",
    "message": "The request could not be authorized",
}

_AAL2_REQUIRED: Final = {
    "id": "session_aal2_required",
    "code": 403,
    "status": "Forbidden",
    "reason": (
        "An active session was found but it does not fulfill the requested Authenticator"
        " Assurance Level. Please verify yourself with a second factor to resolve this issue."
    ),
    "message": "Session does not fulfill the requested Authenticator Assurance Level",
}


@dataclass(frozen=True, slots=True)
class _Given:
    """What a credential stands for. A cookie knows when it was given, and the end it was told."""

    session_id: str
    given_at: datetime | None = None
    ends_at: datetime | None = None


class FakeKratosPublic:
    """Kratos' public API, over the same people and sessions as its admin API.

    Attributes:
        cookie_name: how Kratos names its session cookie.
        required_aal: ``session.whoami.required_aal`` (F64).
    """

    def __init__(self, kratos: FakeKratos) -> None:
        self.cookie_name = "ory_kratos_session"
        self.required_aal: Literal["aal1", "highest_available"] = "aal1"
        self._kratos = kratos
        self._given: dict[str, _Given] = {}

    def cookie_of(self, session_id: str) -> str:
        """Give a browser a session: return the value of its cookie."""
        cookie = f"MTc5NTU3Njk3NXx{uuid.uuid4().hex}-_8="
        ends_at = self._kratos.sessions[session_id].expires_at
        self._given[cookie] = _Given(session_id, self._kratos.clock(), ends_at)
        return cookie

    def token_of(self, session_id: str) -> str:
        """Give a native app a session: return its token."""
        token = f"ory_st_{uuid.uuid4().hex}"
        self._given[token] = _Given(session_id)
        return token

    def handle(self, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request; the real one does not look at the method of this call."""
        url = urlsplit(target)
        if url.path in {"/health/ready", "/health/alive"}:
            return json_answer(200, {"status": "ok"})
        if url.path != "/sessions/whoami":
            return not_a_route()
        sent = {name.lower(): value for name, value in headers.items()}
        given = self._given.get(self._credential(sent) or "")
        session = self._session(given)
        if given is None or session is None:
            return json_answer(401, {"error": NOBODY})
        if self._lacks_a_factor(session):
            page = f"http://{sent.get('host', '')}/self-service/login/browser?aal=aal2"
            where = {"redirect_browser_to": page}
            return json_answer(403, {"error": {**_AAL2_REQUIRED, "details": where}, **where})
        named = {"X-Kratos-Authenticated-Identity-Id": session["identity"]["id"]}
        return json_answer(200, session, {**named, **self._fresh_cookie(given)})

    def _fresh_cookie(self, given: _Given) -> dict[str, str]:
        """Renew a cookie that was told another end than the session has by now (F57)."""
        ends_at = self._kratos.sessions[given.session_id].expires_at
        if given.ends_at in {None, ends_at}:
            return {}
        seconds = int((ends_at - self._kratos.clock()).total_seconds())
        expires = ends_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        value = self.cookie_of(given.session_id)
        rest = f"Path=/; Expires={expires}; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        return {"Set-Cookie": f"{self.cookie_name}={value}; {rest}"}

    def _credential(self, headers: Mapping[str, str]) -> str | None:
        """Return what counts: a token before a cookie before a bearer token."""
        if token := headers.get("x-session-token"):
            return token
        cookies = SimpleCookie(headers.get("cookie", ""))
        if self.cookie_name in cookies:
            return cookies[self.cookie_name].value
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        return bearer if scheme.lower() == "bearer" else None

    def _session(self, given: _Given | None) -> dict[str, Json] | None:
        if given is None or self._is_too_old(given):
            return None
        answer = self._kratos.get_session(given.session_id, {"expand": ["identity"]})
        session: dict[str, Json] = json.loads(answer.body)
        return session if session.get("active") else None

    def _is_too_old(self, given: _Given) -> bool:
        """Whether a cookie is older than sessions last, however long its own may (F57)."""
        at = given.given_at
        return at is not None and self._kratos.clock() - at >= self._kratos.lifespan

    def _lacks_a_factor(self, session: dict[str, Json]) -> bool:
        if self.required_aal == "aal1" or session["authenticator_assurance_level"] == "aal2":
            return False
        return bool(self._kratos.identities[session["identity"]["id"]].second_factors)
