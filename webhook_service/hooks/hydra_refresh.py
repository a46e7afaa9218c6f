"""Hydra's older ``oauth2.refresh_token_hook``: called before ``token_hook`` on a refresh (F3).

The answers are the token hook's.
"""

from __future__ import annotations

from typing import Final

from marshmallow import fields

from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.hydra_token import (
    TokenRequest,
    TokenSession,
    reply,
    token_event,
    unstored,
)
from webhook_service.hooks.shape import load
from webhook_service.policy.facts import EventName
from webhook_service.wire import WireSchema

__all__ = ["REFRESH_HOOK_BODY", "RefreshHookBody", "read", "reply", "unstored"]


class RefreshHookBody(WireSchema):
    """The body of ``refresh_token_hook``: no ``request``, but a ``requester`` (F3)."""

    session = fields.Nested(TokenSession(), required=True)
    requester = fields.Nested(TokenRequest(), required=True)


REFRESH_HOOK_BODY: Final = RefreshHookBody()


def read(raw: Raw) -> Event:
    """Read the body of a refresh token hook.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    body = load(REFRESH_HOOK_BODY, raw.body)
    return token_event(EventName.HYDRA_REFRESH_TOKEN, raw, body["session"], body["requester"])
