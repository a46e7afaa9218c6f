"""Answers to Kratos: to go on, or a refusal in the words of its ``ui.messages`` (F40, F41)."""

from __future__ import annotations

from typing import Final

from webhook_service.hooks.event import Event
from webhook_service.hooks.reply import NOTHING_CHANGES, STORE_UNAVAILABLE, Reply, json_reply
from webhook_service.policy.decision import Decision, Reason, Verdict

WHOLE_FORM: Final = "#/"
"""Puts the message above the form and not beside one of its fields (F41)."""

MESSAGE_IDS: Final = {
    Reason.RULE_DENIED: 4900001,
    Reason.SESSION_PAST_MAX_AGE: 4900002,
    Reason.SESSION_NOT_ACTIVE: 4900003,
    Reason.POLICY_UNKNOWN: 4900004,
}
"""Ids of the messages, for interfaces that translate them."""

NOT_KEPT_MESSAGE_ID: Final = 4900005
OTHER_MESSAGE_ID: Final = 4900000

NOT_KEPT: Final = "This could not be done just now. Please try again in a moment."


def go_on(_decision: Decision, _event: Event) -> Reply:
    """Let the flow go on, whatever was decided: it cannot be refused."""
    return NOTHING_CHANGES


def go_on_or_refuse(decision: Decision, _event: Event) -> Reply:
    """Let the flow go on, or refuse it with the deciding rule's message.

    A decision asks nobody to step up here: mfa rules never refuse a login (P18), and listen
    to no other flow (P7).
    """
    if decision.verdict is Verdict.ALLOW:
        return NOTHING_CHANGES
    message_id = MESSAGE_IDS.get(decision.reason) if decision.reason else None
    return _refuse(
        message_id or OTHER_MESSAGE_ID, decision.message or "", decision.reason, decision.rule
    )


def ask_to_try_again(_event: Event) -> Reply:
    """Refuse because what must follow could not be kept (E1): Kratos does not repeat a 4xx."""
    return _refuse(NOT_KEPT_MESSAGE_ID, NOT_KEPT, STORE_UNAVAILABLE, None)


def _refuse(message_id: int, text: str, reason: str | None, rule: str | None) -> Reply:
    """Answer 403 with one message.

    Kratos shows any 4xx with messages alike, and does not repeat it; a 5xx would show an
    error page after three tries (F40).
    """
    message = {
        "id": message_id,
        "text": text,
        "type": "error",
        "context": {"reason": reason, "rule": rule},
    }
    return json_reply(403, {"messages": [{"instance_ptr": WHOLE_FORM, "messages": [message]}]})
