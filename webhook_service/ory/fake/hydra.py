"""A stand-in for the part of Hydra's admin API that the service asks, in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from webhook_service.ory.fake.answers import Answer, Json, json_answer, version_answer
from webhook_service.ory.fake.consents import FakeConsents
from webhook_service.ory.fake.paging import Query

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
    """Hydra's admin API and the state behind it.

    Args:
        clock: the time of day, aware.
        end_session: ends the Kratos session of a login that is forgotten (F31).
        revokes_chains: whether it is of a version that revokes one chain (26.2, F69).
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        end_session: Callable[[str], object],
        *,
        revokes_chains: bool = True,
    ) -> None:
        self.consents = FakeConsents(clock, end_session, revokes_chains)
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

    def handle(self, method: str, target: str, body: bytes = b"") -> Answer:
        """Answer one request. ``target`` is the path with its query."""
        url = urlsplit(target)
        query = parse_qs(url.query)
        match method, url.path:
            case "GET", "/admin/oauth2/auth/sessions/consent":
                return self.consents.list_consents(query, self._client_json)
            case "DELETE", "/admin/oauth2/auth/sessions/consent":
                return self.consents.revoke(query)
            case "DELETE", "/admin/oauth2/auth/sessions/login":
                return self.consents.forget(query)
            case "POST", "/admin/oauth2/introspect":
                return self.consents.introspect(body)
            case "GET", _:
                return self._get(url.path, query)
        return _not_a_route()

    def _get(self, path: str, query: Query) -> Answer:
        if path in {"/health/ready", "/health/alive"}:
            return json_answer(200, {"status": "ok"})
        if path == "/version":
            return version_answer()
        if path == LOGIN_REQUEST:
            return self._login_request(next(iter(query.get("login_challenge", ())), ""))
        part = path.removeprefix(CLIENTS)
        # The real router undoes the quoting first: an id with a slash is no path it knows.
        if part == path or "/" in unquote(part):
            return _not_a_route()
        return self._client(unquote(part))

    def _client_json(self, client_id: str) -> Json:
        return _client_json(self.clients.get(client_id) or FakeClient(client_id))

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
