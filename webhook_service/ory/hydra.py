"""The part of Hydra's admin API that the service asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.health import ask_health
from webhook_service.ory.ids import quoted
from webhook_service.ory.transport import Transport
from webhook_service.wire import Flag, WireSchema


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered OAuth 2.0 client. ``scopes`` are those it may ask for."""

    id: str
    name: str | None = None
    owner: str | None = None
    scopes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A sign-in that an OAuth 2.0 flow waits for.

    ``skip`` says that Hydra remembers the login; ``subject`` is then whom it remembers, and
    empty otherwise.
    """

    client: OAuthClient
    requested_scope: tuple[str, ...] = ()
    skip: bool = False
    subject: str = ""


class Hydra:
    """Hydra's admin API. Every method raises ``OryError`` where no usable answer comes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def client(self, client_id: str, deadline: Deadline) -> OAuthClient | None:
        """Read a client; ``None`` where there is none."""
        part = quoted(client_id)
        if part is None:
            return None
        return self._transport.get("client", f"/admin/clients/{part}", deadline, _read_client)

    def login_request(self, challenge: str, deadline: Deadline) -> LoginRequest | None:
        """Read the login request behind a challenge (F37).

        ``None`` where Hydra does not know it, and where it has been answered already.
        """
        part = quoted(challenge)
        if part is None:
            return None
        path = f"/admin/oauth2/auth/requests/login?login_challenge={part}"
        return self._transport.get("login_request", path, deadline, _read_login_request)

    def ready(self, deadline: Deadline) -> None:
        """Return if Hydra is up and reaches its database.

        Raises:
            OryError: it is not, or what is there is not Hydra.
        """
        ask_health(self._transport, ("/health/ready", "/admin/health/ready"), deadline)


class _ClientSchema(WireSchema):
    client_id = fields.String(required=True)
    client_name = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    scope = fields.String(allow_none=True)
    metadata = fields.Dict(allow_none=True)


class _LoginRequestSchema(WireSchema):
    client = fields.Nested(_ClientSchema(), required=True)
    requested_scope = fields.List(fields.String(), allow_none=True)
    skip = Flag(load_default=False)
    subject = fields.String(load_default="")


_CLIENT = _ClientSchema()
_LOGIN_REQUEST = _LoginRequestSchema()


def _read_client(data: object) -> OAuthClient:
    return _client(_CLIENT.load(_mapping(data)))


def _read_login_request(data: object) -> LoginRequest:
    wire = _LOGIN_REQUEST.load(_mapping(data))
    return LoginRequest(
        client=_client(wire["client"]),
        requested_scope=tuple(wire.get("requested_scope") or ()),
        skip=wire["skip"],
        subject=wire["subject"],
    )


def _client(wire: Mapping[str, Any]) -> OAuthClient:
    return OAuthClient(
        id=wire["client_id"],
        name=wire.get("client_name"),
        owner=wire.get("owner"),
        scopes=tuple((wire.get("scope") or "").split()),
        metadata=wire.get("metadata"),
    )


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    return data
