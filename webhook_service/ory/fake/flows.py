"""What the stand-in of Hydra keeps of logins, consents and sign-outs that wait for an answer.

It does what 2.3.0 was seen to do: a login or consent that was answered is told of as if it
were new and can be answered again, a sign-out too until the browser has brought the answer.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from webhook_service.ory.fake.answers import Answer, Json, json_answer

REQUESTS: Final = "/admin/oauth2/auth/requests/"
PUBLIC_URL: Final = "http://127.0.0.1"

Kind = Literal["login", "consent", "logout"]


@dataclass(slots=True)
class FakeRequest:
    """A login, consent or sign-out that waits, with what it tells of itself.

    ``answer`` is the last one that was given: ``accept`` or ``reject``, and its body;
    ``expired`` says that it has waited for too long.
    """

    kind: Kind
    told: dict[str, Json]
    client_id: str | None
    answer: tuple[str, Json] | None = None
    expired: bool = False


@dataclass(slots=True)
class FakeFlows:
    """The requests of the stand-in, by challenge. ``client_json`` spells a client."""

    client_json: Callable[[str], Json]
    requests: dict[str, FakeRequest] = field(default_factory=dict)

    def add_login(
        self,
        client_id: str,
        scopes: Iterable[str] = ("openid",),
        *,
        subject: str = "",
        challenge: str | None = None,
        oidc_context: Mapping[str, Json] | None = None,
        **asked: str,
    ) -> str:
        """Let a client begin a sign-in and return the challenge, a new one if none is given.

        With a ``subject`` Hydra remembers that login, and says ``skip``. ``asked`` are more
        parameters of the authorization request.
        """
        told = {
            **_of_oauth(client_id, scopes, asked, oidc_context),
            "skip": bool(subject),
            "subject": subject,
            "session_id": str(uuid.uuid4()),
        }
        challenge = challenge or secrets.token_urlsafe(700)
        return self._add(challenge, FakeRequest("login", told, client_id))

    def add_consent(
        self,
        client_id: str,
        subject: str,
        scopes: Iterable[str] = ("openid",),
        *,
        skip: bool = False,
        **asked: str,
    ) -> str:
        """Let a client ask for consent and return the challenge."""
        told = {
            **_of_oauth(client_id, scopes, asked),
            "skip": skip,
            "subject": subject,
            "login_challenge": uuid.uuid4().hex,
            "login_session_id": str(uuid.uuid4()),
            "acr": "",
            "amr": ["password"],
            "context": None,
        }
        return self._add(secrets.token_urlsafe(900), FakeRequest("consent", told, client_id))

    def add_logout(
        self, subject: str, *, client_id: str | None = None, rp_initiated: bool = False
    ) -> str:
        """Begin a sign-out and return the challenge."""
        told = {
            "subject": subject,
            "sid": str(uuid.uuid4()),
            "request_url": "/oauth2/sessions/logout",
            "rp_initiated": rp_initiated,
        }
        return self._add(str(uuid.uuid4()), FakeRequest("logout", told, client_id))

    def answered(self, challenge: str) -> tuple[str, Json]:
        """Return the answer that a request got: ``accept`` or ``reject``, and its body."""
        answer = self.requests[challenge].answer
        if answer is None:
            raise LookupError("it has not been answered")
        return answer

    def handle(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Answer:
        """Answer a request below ``REQUESTS``; ``path`` is the rest."""
        kind, _, answer = path.partition("/")
        challenge = next(iter(query.get(f"{kind}_challenge", ())), "")
        if not challenge and kind != "logout":
            return json_answer(400, {"error": "invalid_request", "error_description": ""})
        request = self.requests.get(challenge)
        if request is None or request.kind != kind:
            return _unknown(kind, answer)
        if request.expired:
            return _expired(kind)
        if method == "GET":
            client = None if request.client_id is None else self.client_json(request.client_id)
            return json_answer(200, {"challenge": challenge, "client": client, **request.told})
        request.answer = (answer, json.loads(body or b"null"))
        page = "sessions/logout" if kind == "logout" else "auth"
        verifier = urlencode({f"{kind}_verifier": secrets.token_urlsafe(900)})
        return json_answer(200, {"redirect_to": f"{PUBLIC_URL}/oauth2/{page}?{verifier}"})

    def _add(self, challenge: str, request: FakeRequest) -> str:
        self.requests[challenge] = request
        return challenge


def _of_oauth(
    client_id: str,
    scopes: Iterable[str],
    asked: Mapping[str, str],
    oidc_context: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    scope = list(scopes)
    query = {"client_id": client_id, "response_type": "code", "scope": " ".join(scope), **asked}
    return {
        "requested_scope": scope,
        "requested_access_token_audience": [],
        "oidc_context": dict(oidc_context or {}),
        "request_url": f"{PUBLIC_URL}/oauth2/auth?{urlencode(query)}",
    }


def _expired(kind: str) -> Answer:
    description = (
        f"The request could not be authorized. The {kind} request has expired, please try again."
    )
    error = {"error": "request_unauthorized", "error_description": description}
    return json_answer(401, error)


def _unknown(kind: str, answer: str) -> Answer:
    """Answer in the words that each route has for it."""
    if kind == "logout":
        error = {"error": "Unable to locate the resource", "error_description": ""}
        return json_answer(404, error)
    if kind == "consent" and answer:
        description = "The error is unrecognizable"
        return json_answer(400, {"error": "error", "error_description": description})
    description = "Unable to locate the requested resource"
    return json_answer(404, {"error": "Not Found", "error_description": description})
