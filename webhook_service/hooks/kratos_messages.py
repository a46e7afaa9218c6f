"""A refusal in the words of Kratos' ``ui.messages`` (F41)."""

from __future__ import annotations

from typing import Final

from webhook_service.hooks.reply import Reply, json_reply
from webhook_service.policy.decision import Decision, Reason

WHOLE_FORM: Final = "#/"
"""Puts the message above the form and not beside one of its fields (F41)."""

MESSAGE_IDS: Final = {
    Reason.RULE_DENIED: 4900001,
    Reason.SESSION_PAST_MAX_AGE: 4900002,
    Reason.SESSION_NOT_ACTIVE: 4900003,
    Reason.POLICY_UNKNOWN: 4900004,
}
"""Ids of the messages, for interfaces that translate them."""

OTHER_MESSAGE_ID: Final = 4900000


def refuse_with_message(decision: Decision) -> Reply:
    """Answer 403 with the deciding rule's message.

    Kratos shows any 4xx with messages alike, and does not repeat it; a 5xx would show an
    error page after three tries (F40).
    """
    message = {
        "id": MESSAGE_IDS.get(decision.reason, OTHER_MESSAGE_ID)
        if decision.reason
        else OTHER_MESSAGE_ID,
        "text": decision.message or "",
        "type": "error",
        "context": {"reason": decision.reason, "rule": decision.rule},
    }
    return json_reply(403, {"messages": [{"instance_ptr": WHOLE_FORM, "messages": [message]}]})
