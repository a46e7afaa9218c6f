"""A stand-in for the part of Kratos' public API that tells whose session a credential proves.

The contract tests hold it and the real one against the same expectations.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
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
        self._sessions: dict[str, str] = {}

    def cookie_of(self, session_id: str) -> str:
        """Give a browser a session: return the value of its cookie."""
        return self._given(f"MTc5NTU3Njk3NXx{uuid.uuid4().hex}-_8=", session_id)

    def token_of(self, session_id: str) -> str:
        """Give a native app a session: return its token."""
        return self._given(f"ory_st_{uuid.uuid4().hex}", session_id)

    def handle(self, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request; the real one does not look at the method of this call."""
        url = urlsplit(target)
        if url.path != "/sessions/whoami":
            return not_a_route()
        sent = {name.lower(): value for name, value in headers.items()}
        session = self._session(self._credential(sent))
        if session is None:
            return json_answer(401, {"error": NOBODY})
        if self._lacks_a_factor(session):
            page = f"http://{sent.get('host', '')}/self-service/login/browser?aal=aal2"
            where = {"redirect_browser_to": page}
            return json_answer(403, {"error": {**_AAL2_REQUIRED, "details": where}, **where})
        identity_id = session["identity"]["id"]
        return json_answer(200, session, {"X-Kratos-Authenticated-Identity-Id": identity_id})

    def _given(self, credential: str, session_id: str) -> str:
        self._sessions[credential] = session_id
        return credential

    def _credential(self, headers: Mapping[str, str]) -> str | None:
        """Return what counts: a token before a cookie before a bearer token."""
        if token := headers.get("x-session-token"):
            return token
        cookies = SimpleCookie(headers.get("cookie", ""))
        if self.cookie_name in cookies:
            return cookies[self.cookie_name].value
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        return bearer if scheme.lower() == "bearer" else None

    def _session(self, credential: str | None) -> dict[str, Json] | None:
        session_id = self._sessions.get(credential or "")
        if session_id is None:
            return None
        answer = self._kratos.get_session(session_id, {"expand": ["identity"]})
        session: dict[str, Json] = json.loads(answer.body)
        return session if session.get("active") else None

    def _lacks_a_factor(self, session: dict[str, Json]) -> bool:
        if self.required_aal == "aal1" or session["authenticator_assurance_level"] == "aal2":
            return False
        return bool(self._kratos.identities[session["identity"]["id"]].second_factors)
