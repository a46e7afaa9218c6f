"""What a person who is refused gets to read where the rule has no message of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webhook_service.policy.decision import Reason

_STOCK: Final[Mapping[Reason, str]] = {
    Reason.RULE_DENIED: "This is not allowed.",
    Reason.MFA_NO_SESSION: "Please sign in again to continue.",
    Reason.MFA_AAL_TOO_LOW: "Please confirm with your second sign-in step to continue.",
    Reason.MFA_METHOD_NOT_ACCEPTED: "Please confirm with a different sign-in method to continue.",
    Reason.MFA_TOO_OLD: "It has been a while. Please confirm that it is you to continue.",
    Reason.MFA_NOT_ENROLLED: (
        "Please set up a second sign-in step, such as an authenticator app, to continue."
    ),
    Reason.SESSION_NOT_ACTIVE: "You are signed out. Please sign in again.",
    Reason.SESSION_PAST_MAX_AGE: (
        "You have been signed in for as long as is allowed. Please sign in again."
    ),
    Reason.SESSION_ENDING: "You have been signed out. Please sign in again.",
    Reason.POLICY_UNKNOWN: "This could not be checked just now. Please try again in a moment.",
}


def stock_message(reason: Reason) -> str:
    """Return the text for a reason: one or two short sentences that say what to do."""
    return _STOCK[reason]
