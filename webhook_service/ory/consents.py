"""The chains of tokens that Hydra tells of, each begun by one consent (F101).

What is not told: chains of a sign-in for which Hydra remembered the consent, and any chain
once its consent's ``remember_for`` has passed (seen with 2.3.0). Their tokens live all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import ValidationError, fields

from webhook_service.sessions import SESSION_CLAIM
from webhook_service.wire import Flag, Time, WireSchema


@dataclass(frozen=True, slots=True)
class Chain:
    """The tokens that one consent led to: the first ones, and all that they were refreshed to.

    Attributes:
        id: names it in hooks and where it is revoked.
        client_id: the client that has the tokens.
        login_session_id: Hydra's login session; ``None`` once it was forgotten.
        session_id: the Kratos session that the consent app put into the tokens.
        handled_at: when the consent was given.
        remembered: whether later chains of this client may not be told.
        fades: whether chains such as this one are told for a while only.
    """

    id: str
    client_id: str
    login_session_id: str | None = None
    session_id: str | None = None
    handled_at: datetime | None = None
    remembered: bool = False
    fades: bool = False


class _ClientSchema(WireSchema):
    client_id = fields.String(required=True)


class _ConsentRequestSchema(WireSchema):
    challenge = fields.String(allow_none=True)
    consent_request_id = fields.String(allow_none=True)
    client = fields.Nested(_ClientSchema(), required=True)
    login_session_id = fields.String(allow_none=True)


class _ClaimsSchema(WireSchema):
    access_token = fields.Raw(allow_none=True)
    id_token = fields.Raw(allow_none=True)


class _ConsentSchema(WireSchema):
    consent_request_id = fields.String(allow_none=True)
    consent_request = fields.Nested(_ConsentRequestSchema(), required=True)
    session = fields.Nested(_ClaimsSchema(), allow_none=True)
    handled_at = Time(allow_none=True)
    remember = Flag(load_default=False)
    remember_for = fields.Integer(strict=True, allow_none=True)


_CONSENT: Final = _ConsentSchema()


def read_chains(data: object) -> tuple[Chain, ...]:
    """Read a page of the list of a person's consents.

    Raises:
        marshmallow.ValidationError: it has another shape.
    """
    if not isinstance(data, list):
        raise ValidationError("Not a list.")
    return tuple(map(_chain, data))


def _chain(data: object) -> Chain:
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    wire = _CONSENT.load(data)
    request = wire["consent_request"]
    chain_id = (
        wire.get("consent_request_id")
        or request.get("consent_request_id")
        or request.get("challenge")
    )
    if not chain_id:
        raise ValidationError({"consent_request_id": ["Missing."]})
    return Chain(
        id=chain_id,
        client_id=request["client"]["client_id"],
        login_session_id=request.get("login_session_id") or None,
        session_id=_session_id(wire.get("session") or {}),
        handled_at=wire.get("handled_at"),
        remembered=wire["remember"],
        fades=(wire.get("remember_for") or 0) > 0,
    )


def _session_id(claims: Mapping[str, Any]) -> str | None:
    for token in ("access_token", "id_token"):
        of_token = claims.get(token)
        if isinstance(of_token, Mapping):
            session_id = of_token.get(SESSION_CLAIM)
            if isinstance(session_id, str):
                return session_id.lower()
    return None
