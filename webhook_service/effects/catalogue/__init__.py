"""How each kind of effect is done.

Every one reads first whether it is still right, acts, and verifies by reading again: it can be
repeated at any time without harm (E3).
"""

from __future__ import annotations

from webhook_service.effects.catalogue.end_session import end_session
from webhook_service.effects.catalogue.end_sessions import end_sessions
from webhook_service.effects.catalogue.extend_session import extend_session
from webhook_service.effects.catalogue.revoke_tokens import revoke_tokens
from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import (
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Failed,
    Result,
    Retry,
    RevokeTokens,
)
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import BadRequestError, OryError

__all__ = ["Tools", "perform"]

STORE_UNAVAILABLE = "service.store_unavailable"
UNREADABLE = "effect.unreadable"


def perform(effect: Effect, tools: Tools, deadline: Deadline) -> Result:
    """Do an effect once, as far as the deadline allows."""
    try:
        return _perform(effect, tools, deadline)
    except BadRequestError as error:
        return Failed(error.reason.value)
    except OryError as error:
        # A key that Ory refuses is put right by an operator: so that is tried again as well.
        return Retry(error.reason.value)
    except StoreUnavailableError:
        return Retry(STORE_UNAVAILABLE)


def _perform(effect: Effect, tools: Tools, deadline: Deadline) -> Result:
    match effect.args:
        case ExtendSession() as args:
            return extend_session(args, effect.key, tools, deadline)
        case EndSession() as args:
            return end_session(args, tools, deadline)
        case EndSessions() as args:
            return end_sessions(args, tools, deadline)
        case RevokeTokens() as args:
            return revoke_tokens(args, tools, deadline)
    return Failed(UNREADABLE)
