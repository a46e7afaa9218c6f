"""Kratos' login hook: called once per completed step of a login (F36).

The answer is 204 to go on, or 403 with messages, which Kratos shows to the person (F40,
F41). A login is never refused for want of a second factor: only a session can step up,
and a refused login leaves none (F59, P18).
"""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from webhook_service.hooks.event import Event, Raw, as_uuid, event_key
from webhook_service.hooks.kratos_answers import ask_to_try_again as unstored
from webhook_service.hooks.kratos_answers import go_on_or_refuse as reply
from webhook_service.hooks.kratos_body import (
    KratosHookBody,
    RequestHeaders,
    challenge_of,
    part_of,
    payload_facts,
    stored_person_of,
)
from webhook_service.hooks.shape import load
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.known import session_facts
from webhook_service.sessions import read_session_of_login

__all__ = ["LOGIN_HOOK_BODY", "LoginHookBody", "read", "reply", "unstored"]


class LoginHookBody(KratosHookBody):
    """The body of a login hook. ``session`` is read by ``sessions``."""

    session = fields.Dict(required=True)


LOGIN_HOOK_BODY: Final = LoginHookBody()


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a login hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(LOGIN_HOOK_BODY, raw.body)
    session = part_of(body, "session", read_session_of_login)
    identity, subject = stored_person_of(body)
    challenge = challenge_of(body)
    return Event(
        EventName.KRATOS_LOGIN,
        event_key(raw),
        {
            **session_facts(session),
            **payload_facts(EventName.KRATOS_LOGIN, raw, body, identity, headers),
        },
        # No client is behind a login that is not OAuth 2.0: nothing to ask for.
        frozenset() if challenge else frozenset({Source.HYDRA_LOGIN_REQUEST}),
        subject=subject,
        session_id=as_uuid(session.id),
        authenticated_at=session.authenticated_at,
        # The time of a factor is stored as it stands here, to the nanosecond, and never moves.
        signed_in_at=max(
            (factor.completed_at for factor in session.factors if factor.completed_at),
            default=None,
        ),
        login_challenge=challenge,
    )
