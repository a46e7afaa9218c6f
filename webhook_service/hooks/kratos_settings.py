"""Kratos' settings hook: a change, before it is stored and after it (F89, F103).

Before it, 403 with messages refuses the change (F90). After it the change stands, whatever is
answered, and a refusal would be shown as a fault (F50): the answer is 204, or 503 where
something that must follow could not be kept, and Kratos tries again.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields

from webhook_service.hooks.event import Event, Raw, as_uuid, event_key
from webhook_service.hooks.kratos_answers import ask_to_try_again, go_on_or_refuse
from webhook_service.hooks.kratos_body import (
    KratosHookBody,
    RequestHeaders,
    part_of,
    payload_facts,
    stored_person_of,
)
from webhook_service.hooks.reply import NOTHING_CHANGES, Reply, store_unavailable
from webhook_service.hooks.shape import load
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName
from webhook_service.policy.known import session_facts
from webhook_service.sessions import Session, read_session

BEFORE: Final = "show_form"
"""The state of a flow whose change is not stored yet (F103)."""


class SettingsHookBody(KratosHookBody):
    """The body of a settings hook. ``session`` is read by ``sessions``; 1.3.1 has none (F33)."""

    session = fields.Dict(allow_none=True, load_default=None)
    session_cookie = fields.String(
        allow_none=True,
        load_default=None,
        metadata={
            "description": "The value of Kratos' session cookie, where the operator chose to"
            " pass it on: tells which session made the change if the body holds none."
        },
    )


SETTINGS_HOOK_BODY: Final = SettingsHookBody()


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a settings hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(SETTINGS_HOOK_BODY, raw.body)
    identity, subject = stored_person_of(body)
    session = _session_of(body)
    return Event(
        EventName.KRATOS_SETTINGS,
        event_key(raw),
        {
            **(session_facts(session) if session else {}),
            **payload_facts(EventName.KRATOS_SETTINGS, raw, body, identity, headers),
        },
        subject=subject,
        session_id=as_uuid(session.id) if session else None,
        before_storing=body["flow"]["state"] == BEFORE,
        session_cookie=body["session_cookie"] or None,
    )


def _session_of(body: dict[str, Any]) -> Session | None:
    """Return the session that makes the change; ``None`` where Kratos does not tell (F33).

    There is one all the same: its facts are absent, and ``session.found`` is not false.
    """
    return None if body["session"] is None else part_of(body, "session", read_session)


def reply(decision: Decision, event: Event) -> Reply:
    """Answer Kratos: a change that is stored already is never refused."""
    return go_on_or_refuse(decision, event) if event.before_storing else NOTHING_CHANGES


def unstored(event: Event) -> Reply:
    """Answer where an effect could not be kept; after the change Kratos tries again (F50)."""
    return ask_to_try_again(event) if event.before_storing else store_unavailable()
