"""Kratos' recovery hook: somebody has proved a way back in; their session comes after it (F39).

No rule refuses a recovery: the answer is 204. Only where something that must follow could not
be kept it is 403 with a message: the code is used up then, and the person asks for a new one
(F48).
"""

from __future__ import annotations

from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_answers import ask_to_try_again as unstored
from webhook_service.hooks.kratos_answers import go_on as reply
from webhook_service.hooks.kratos_body import RequestHeaders, event_without_session
from webhook_service.policy.facts import EventName

__all__ = ["read", "reply", "unstored"]


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a recovery hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    return event_without_session(EventName.KRATOS_RECOVERY, raw, headers)
