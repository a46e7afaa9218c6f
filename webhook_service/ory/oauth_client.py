"""A registered OAuth 2.0 client, as Hydra tells it wherever it tells one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError, fields

from webhook_service.wire import Flag, WireSchema


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered OAuth 2.0 client.

    ``scopes`` are those it may ask for; ``skip_consent`` says that its operator wants nobody
    asked for consent.
    """

    id: str
    name: str | None = None
    owner: str | None = None
    scopes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    skip_consent: bool = False


class ClientSchema(WireSchema):
    """The part of a client that the service knows of."""

    client_id = fields.String(required=True)
    client_name = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    scope = fields.String(allow_none=True)
    metadata = fields.Dict(allow_none=True)
    skip_consent = Flag(allow_none=True)


_CLIENT: Final = ClientSchema()


def read_client(data: object) -> OAuthClient:
    """Read a client.

    Raises:
        marshmallow.ValidationError: it has another shape.
    """
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    return client_of(_CLIENT.load(data))


def client_of(wire: Mapping[str, Any]) -> OAuthClient:
    """Make a client of what ``ClientSchema`` read."""
    return OAuthClient(
        id=wire["client_id"],
        name=wire.get("client_name"),
        owner=wire.get("owner"),
        scopes=tuple((wire.get("scope") or "").split()),
        metadata=wire.get("metadata"),
        skip_consent=bool(wire.get("skip_consent")),
    )
