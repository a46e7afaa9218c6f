"""What the bodies of Kratos' hooks have in common (F33), and the facts that they tell.

Each hook's own module adds what only its flow has: a session, a person who is not stored yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from marshmallow import ValidationError, fields

from webhook_service.hooks.event import Event, Raw, as_uuid, event_key
from webhook_service.hooks.shape import ShapeError, load, shape_error
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import EventName
from webhook_service.policy.known import payload_identity_facts, request_facts
from webhook_service.sessions import Identity, read_identity
from webhook_service.wire import Flag, WireSchema

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """Which headers say where a request comes from (F105).

    They are only as true as the proxy in front of Kratos that sets them.
    """

    ip: str = "True-Client-Ip"
    country: str | None = None


class Flow(WireSchema):
    """``flow``, as the service's own jsonnet and the whole ``ctx`` both have it (F33).

    No flow has all of it: ``active`` is absent in settings and registration (F34), the level
    and ``refresh`` in all but login.
    """

    type = fields.String(allow_none=True, load_default=None)
    active = fields.String(allow_none=True, load_default=None)
    state = fields.String(allow_none=True, load_default=None)
    requested_aal = fields.String(allow_none=True, load_default=None)
    refresh = Flag(allow_none=True, load_default=None)
    oauth2_login_challenge = fields.String(allow_none=True, load_default=None)
    transient_payload = fields.Dict(allow_none=True, load_default=None)


class KratosHookBody(WireSchema):
    """What every hook of Kratos sends, and most send no more (F33).

    ``identity`` is read by ``sessions``.
    """

    flow = fields.Nested(Flow(), required=True)
    identity = fields.Dict(required=True)
    request_headers = fields.Dict(allow_none=True, load_default=None)


KRATOS_HOOK_BODY: Final = KratosHookBody()


def part_of(body: Mapping[str, Any], name: str, read: Callable[[object], Part]) -> Part:
    """Read a part of the body that has a reader of its own.

    Raises:
        ShapeError: the part has another shape. Names the field by its whole path.
    """
    try:
        return read(body[name])
    except ValidationError as error:
        raise shape_error(ValidationError({name: error.messages})) from None


def person_of(body: Mapping[str, Any]) -> tuple[Identity, str | None]:
    """Read the identity, and its id as a subject; ``None`` where it is not stored yet (F38).

    Raises:
        ShapeError: it is no identity, or its id is no UUID.
    """
    identity = part_of(body, "identity", read_identity)
    subject = as_uuid(identity.id)
    if subject is None and identity.id is not None:
        raise ShapeError("identity.id: Not the id of an identity.")
    return identity, subject


def stored_person_of(body: Mapping[str, Any]) -> tuple[Identity, str]:
    """Read the identity of somebody who is known to Kratos already.

    Raises:
        ShapeError: it is no identity, or has no id.
    """
    identity, subject = person_of(body)
    if subject is None:
        raise ShapeError("identity.id: None; only a registration comes before there is one.")
    return identity, subject


def challenge_of(body: Mapping[str, Any]) -> str | None:
    """Return Hydra's login challenge. A flow has one or is not OAuth 2.0; an empty one is none."""
    challenge: str | None = body["flow"]["oauth2_login_challenge"]
    return challenge or None


def payload_facts(
    name: EventName,
    raw: Raw,
    body: Mapping[str, Any],
    identity: Identity,
    headers: RequestHeaders,
) -> dict[str, Value]:
    """Return the facts that every hook's body tells: of the flow, its request and its person.

    The method is that of the URL, else the flow's own (F34).
    """
    flow = body["flow"]
    return {
        "event.name": name.value,
        "event.method": raw.method or flow["active"],
        "flow.type": flow["type"],
        "flow.requested_aal": flow["requested_aal"],
        "flow.refresh": flow["refresh"],
        "flow.oauth2": challenge_of(body) is not None,
        "flow.transient": flow["transient_payload"],
        **request_facts(
            body["request_headers"] or {},
            ip_header=headers.ip,
            country_header=headers.country,
        ),
        **payload_identity_facts(identity),
    }


def event_without_session(name: EventName, raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a flow that tells of a stored person and of no session (F33).

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but no such body.
    """
    body = load(KRATOS_HOOK_BODY, raw.body)
    identity, subject = stored_person_of(body)
    values = payload_facts(name, raw, body, identity, headers)
    return Event(name, event_key(raw), values, subject=subject)
