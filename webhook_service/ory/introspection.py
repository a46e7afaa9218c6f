"""What Hydra tells of an access token that somebody shows (RFC 7662)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields

from webhook_service.sessions import SESSION_CLAIM
from webhook_service.wire import Flag, WireSchema

ACCESS_TOKEN: Final = "access_token"  # noqa: S105  a kind of token, no secret

_LATEST: Final = 1 << 37
"""Seconds since 1970 that still are a time: the year 6325."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token that is good at this moment.

    Attributes:
        subject: whose it is, never the pairwise hash (F5); the client's own id where no person
            stands behind it (F6).
        client_id: which client has it.
        session_id: what the consent app named as its Kratos session (F28), whatever that is.
        issued_at: when it was issued, in UTC, cut to the second.
    """

    subject: str | None
    client_id: str | None
    session_id: object
    issued_at: datetime | None


class _IntrospectionSchema(WireSchema):
    active = Flag(required=True)
    sub = fields.String(allow_none=True)
    client_id = fields.String(allow_none=True)
    token_use = fields.String(allow_none=True)
    iat = fields.Integer(strict=True, allow_none=True)
    ext = fields.Dict(allow_none=True)


_INTROSPECTION: Final = _IntrospectionSchema()


def read_introspection(data: object) -> AccessToken | None:
    """Read the answer of an introspection; ``None`` for what is no live access token.

    Hydra calls a refresh token active as well: whoever shows one must not pass for it.

    Raises:
        marshmallow.ValidationError: it has another shape.
    """
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    told: Mapping[str, Any] = _INTROSPECTION.load(data)
    if not told["active"] or told.get("token_use") != ACCESS_TOKEN:
        return None
    return AccessToken(
        subject=told.get("sub") or None,
        client_id=told.get("client_id") or None,
        session_id=(told.get("ext") or {}).get(SESSION_CLAIM),
        issued_at=_moment(told.get("iat")),
    )


def _moment(seconds: int | None) -> datetime | None:
    if seconds is None or not 0 < seconds < _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
