"""Kratos' login hook: called once per completed step of a login (F36).

The answer is 204 to go on, or 403 with messages, which Kratos shows to the person (F40,
F41). A login is never refused for want of a second factor: only a session can step up,
and a refused login leaves none (F59, P18).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError, fields

from webhook_service.hooks.event import Event, Raw, as_uuid, event_key
from webhook_service.hooks.kratos_messages import refuse_with_message
from webhook_service.hooks.reply import NOTHING_CHANGES, Reply
from webhook_service.hooks.shape import ShapeError, load, shape_error
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Decision, Verdict
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.known import payload_identity_facts, request_facts, session_facts
from webhook_service.sessions import read_identity, read_session_of_login
from webhook_service.wire import Flag, WireSchema


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """Which headers say where a request comes from (F105).

    They are only as true as the proxy in front of Kratos that sets them.
    """

    ip: str = "True-Client-Ip"
    country: str | None = None


class LoginFlow(WireSchema):
    """``flow``, as the service's own jsonnet and the whole ``ctx`` both have it (F33)."""

    type = fields.String(allow_none=True, load_default=None)
    active = fields.String(allow_none=True, load_default=None)
    requested_aal = fields.String(allow_none=True, load_default=None)
    refresh = Flag(allow_none=True, load_default=None)
    oauth2_login_challenge = fields.String(allow_none=True, load_default=None)
    transient_payload = fields.Dict(allow_none=True, load_default=None)


class LoginHookBody(WireSchema):
    """The body of a login hook. ``identity`` and ``session`` are read by ``sessions``."""

    flow = fields.Nested(LoginFlow(), required=True)
    identity = fields.Dict(required=True)
    session = fields.Dict(required=True)
    request_headers = fields.Dict(allow_none=True, load_default=None)


LOGIN_HOOK_BODY: Final = LoginHookBody()


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a login hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(LOGIN_HOOK_BODY, raw.body)
    session = _part(read_session_of_login, body, "session")
    identity = _part(read_identity, body, "identity")
    subject = as_uuid(identity.id)
    if subject is None:
        raise ShapeError("identity.id: Not the id of an identity; a login always has one.")
    flow = body["flow"]
    # Every login has a challenge or is not OAuth 2.0; an empty one is none.
    challenge = flow["oauth2_login_challenge"] or None
    values: dict[str, Value] = {
        "event.name": EventName.KRATOS_LOGIN.value,
        "event.method": raw.method or flow["active"],
        "flow.type": flow["type"],
        "flow.requested_aal": flow["requested_aal"],
        "flow.refresh": flow["refresh"],
        "flow.oauth2": challenge is not None,
        "flow.transient": flow["transient_payload"],
        **request_facts(
            body["request_headers"] or {},
            ip_header=headers.ip,
            country_header=headers.country,
        ),
        **session_facts(session),
        **payload_identity_facts(identity),
    }
    return Event(
        EventName.KRATOS_LOGIN,
        event_key(raw),
        values,
        # No client is behind a login that is not OAuth 2.0: nothing to ask for.
        frozenset() if challenge else frozenset({Source.HYDRA_LOGIN_REQUEST}),
        subject=subject,
        session_id=as_uuid(session.id),
        login_challenge=challenge,
    )


def _part(reader: Any, body: dict[str, Any], name: str) -> Any:  # noqa: ANN401  one of two shapes
    try:
        return reader(body[name])
    except ValidationError as error:
        raise shape_error(ValidationError({name: error.messages})) from None


def reply(decision: Decision, event: Event) -> Reply:  # noqa: ARG001  every hook's reply takes the event
    """Answer Kratos. The decision never asks a login to step up (P18)."""
    if decision.verdict is Verdict.ALLOW:
        return NOTHING_CHANGES
    return refuse_with_message(decision)
