"""A stand-in for the part of Hydra's admin API that the service asks, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from webhook_service.ory.fake.answers import Answer, Json, json_answer, version_answer
from webhook_service.ory.fake.consents import FakeConsents
from webhook_service.ory.fake.flows import REQUESTS, FakeFlows

CLIENTS: Final = "/admin/clients/"


@dataclass(slots=True)
class FakeClient:
    """An OAuth 2.0 client, as Hydra stores one."""

    id: str
    name: str = ""
    owner: str = ""
    scope: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    skip_consent: bool = False


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
        self.flows = FakeFlows(self._client_json)

    def add_client(
        self,
        client_id: str,
        *,
        name: str = "",
        owner: str = "",
        scopes: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        skip_consent: bool = False,
    ) -> str:
        """Register a client and return its id."""
        self.clients[client_id] = FakeClient(
            client_id, name, owner, " ".join(scopes), dict(metadata or {}), skip_consent
        )
        return client_id

    def add_login_request(
        self, client_id: str, scopes: Iterable[str] = ("openid",), *, subject: str = ""
    ) -> str:
        """Let a client begin a sign-in and return the challenge.

        With a ``subject`` Hydra remembers that login, and says ``skip``.
        """
        return self.flows.add_login(client_id, scopes, subject=subject)

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
            case "GET" | "PUT", path if path.startswith(REQUESTS):
                return self.flows.handle(method, path.removeprefix(REQUESTS), query, body)
            case "GET", _:
                return self._get(url.path)
        return _not_a_route()

    def _get(self, path: str) -> Answer:
        if path in {"/health/ready", "/health/alive"}:
            return json_answer(200, {"status": "ok"})
        if path == "/version":
            return version_answer()
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
        "skip_consent": client.skip_consent,
    }
