"""A stand-in for the part of Hydra's admin API that the service asks, in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from webhook_service.ory.fake.answers import Answer, Json, json_answer

CLIENTS: Final = "/admin/clients/"
LOGIN_REQUEST: Final = "/admin/oauth2/auth/requests/login"


@dataclass(slots=True)
class FakeClient:
    """An OAuth 2.0 client, as Hydra stores one."""

    id: str
    name: str = ""
    owner: str = ""
    scope: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class FakeLoginRequest:
    """A sign-in that waits."""

    client_id: str
    requested_scope: list[str]
    skip: bool
    subject: str


class FakeHydra:
    """Hydra's admin API and the state behind it."""

    def __init__(self) -> None:
        self.clients: dict[str, FakeClient] = {}
        self.login_requests: dict[str, FakeLoginRequest] = {}

    def add_client(
        self,
        client_id: str,
        *,
        name: str = "",
        owner: str = "",
        scopes: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Register a client and return its id."""
        self.clients[client_id] = FakeClient(
            client_id, name, owner, " ".join(scopes), dict(metadata or {})
        )
        return client_id

    def add_login_request(
        self, client_id: str, scopes: Iterable[str] = ("openid",), *, subject: str = ""
    ) -> str:
        """Let a client begin a sign-in and return the challenge.

        With a ``subject`` Hydra remembers that login, and says ``skip``.
        """
        challenge = secrets.token_urlsafe(700)
        self.login_requests[challenge] = FakeLoginRequest(
            client_id, list(scopes), bool(subject), subject
        )
        return challenge

    def handle(self, method: str, target: str, body: bytes = b"") -> Answer:  # noqa: ARG002  none of these calls has a body
        """Answer one request. ``target`` is the path with its query."""
        url = urlsplit(target)
        part = url.path.removeprefix(CLIENTS)
        if method != "GET":
            return _not_a_route()
        if url.path in {"/health/ready", "/health/alive"}:
            return json_answer(200, {"status": "ok"})
        if url.path == LOGIN_REQUEST:
            challenges = parse_qs(url.query).get("login_challenge", [])
            return self._login_request(challenges[0] if challenges else "")
        # The real router undoes the quoting first: an id with a slash is no path it knows.
        if part == url.path or "/" in unquote(part):
            return _not_a_route()
        return self._client(unquote(part))

    def _client(self, client_id: str) -> Answer:
        client = self.clients.get(client_id)
        if client is None:
            error = {"error": "Unable to locate the resource", "error_description": ""}
            return json_answer(404, error)
        return json_answer(200, _client_json(client))

    def _login_request(self, challenge: str) -> Answer:
        if not challenge:
            return json_answer(400, {"error": "invalid_request", "error_description": ""})
        request = self.login_requests.get(challenge)
        if request is None:
            description = "Unable to locate the requested resource"
            return json_answer(404, {"error": "Not Found", "error_description": description})
        return json_answer(
            200,
            {
                "challenge": challenge,
                "requested_scope": request.requested_scope,
                "requested_access_token_audience": [],
                "skip": request.skip,
                "subject": request.subject,
                "oidc_context": {},
                "client": _client_json(self.clients[request.client_id]),
                "request_url": "http://127.0.0.1/oauth2/auth",
                "session_id": "",
            },
        )


def _not_a_route() -> Answer:
    reason = "The requested route does not exist. Make sure you are using the right path"
    return json_answer(404, {"error": {"code": 404, "message": "Not Found", "reason": reason}})


def _client_json(client: FakeClient) -> dict[str, Json]:
    return {
        "client_id": client.id,
        "client_name": client.name,
        "redirect_uris": [],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": client.scope,
        "audience": [],
        "owner": client.owner,
        "metadata": client.metadata,
    }
