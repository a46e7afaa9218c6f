"""Kratos' verification hook: an address is verified, whatever is answered (F49).

It is recorded. A refusal would only hide from the person that it worked: the answer is 204.
"""

from __future__ import annotations

from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_answers import go_on as reply
from webhook_service.hooks.kratos_body import RequestHeaders, event_without_session
from webhook_service.hooks.reply import NOTHING_CHANGES, Reply
from webhook_service.policy.facts import EventName

__all__ = ["read", "reply", "unstored"]


def read(raw: Raw, headers: RequestHeaders) -> Event:
    """Read the body of a verification hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    return event_without_session(EventName.KRATOS_VERIFICATION, raw, headers)


def unstored(_event: Event) -> Reply:
    """Answer where an effect could not be kept: no rule gives a verification one (P7)."""
    return NOTHING_CHANGES
