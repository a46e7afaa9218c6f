"""Kratos' registration hook: somebody new, before they are stored or after it (F38, F89).

With ``parse: true`` nobody is stored yet: the identity has no id, and 403 with messages
leaves none behind (F47). With ``parse: false`` the hook is called afterwards. A refusal then
undoes nothing, but it keeps the person from being signed in by the registration, at the price
of an error page (F43): it stays 403, and the record says that the hook came too late.
"""

from __future__ import annotations

from typing import Final

from webhook_service.hooks.event import Event, Raw, event_key
from webhook_service.hooks.kratos_answers import ask_to_try_again as unstored
from webhook_service.hooks.kratos_answers import go_on_or_refuse as reply
from webhook_service.hooks.kratos_body import (
    KRATOS_HOOK_BODY,
    RequestHeaders,
    payload_facts,
    person_of,
)
from webhook_service.hooks.shape import load
from webhook_service.policy.facts import EventName, Source

__all__ = ["ALREADY_STORED", "read", "reply", "unstored"]

ALREADY_STORED: Final = "registration.stored"
"""Note: the identity was stored before the hook was called, so no refusal can undo it."""


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a registration hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(KRATOS_HOOK_BODY, raw.body)
    identity, subject = person_of(body)
    before = subject is None
    return Event(
        EventName.KRATOS_REGISTRATION,
        event_key(raw),
        payload_facts(EventName.KRATOS_REGISTRATION, raw, body, identity, headers),
        # Kratos knows nothing of somebody without an id: there is nothing to ask for.
        frozenset({Source.KRATOS_IDENTITY}) if before else frozenset(),
        subject=subject,
        before_storing=before,
        notes=() if before else (ALREADY_STORED,),
    )
