"""What would be answered for a decision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from webhook_service.desk.decision_words import answer_in_words
from webhook_service.desk.words import printable
from webhook_service.hooks.check_answers import status_of
from webhook_service.hooks.event import Event
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName, Facts

_REPLIES: Final = {hook.event: hook.reply for hook in hooks(RequestHeaders()).values()}
_WITH_CLAIMS: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its HTTP status, what that means to who asked, and its body.

    ``body`` is ``None`` where there is none, or where it holds what is not to be shown;
    ``is_hidden`` tells the one from the other.
    """

    status: int
    meaning: str
    body: str | None = None
    is_hidden: bool = False


def answer(decision: Decision, facts: Facts, event: Event | None, *, show_values: bool) -> Answer:
    """Return what would be answered.

    Args:
        decision: what was decided.
        facts: what is known of the event.
        event: as its hook has read it; ``None`` where only facts were given. Then there are
            no claims to hand back, and a change of settings is taken as not stored yet.
        show_values: whether claims may be seen (P34).
    """
    if facts.event is EventName.CHECK:
        status = status_of(decision)
        return Answer(status, answer_in_words(facts.event, status))
    given = event or Event(
        facts.event,
        "",
        {"token.claims": None, "token.id_claims": None, **facts.values},
        before_storing=True,
    )
    reply = _REPLIES[facts.event](decision, given)
    meaning = answer_in_words(facts.event, reply.status)
    if not reply.body:
        return Answer(reply.status, meaning)
    if reply.status == _WITH_CLAIMS and (event is None or not show_values):
        return Answer(reply.status, meaning, is_hidden=True)
    body = json.dumps(json.loads(reply.body), indent=2, ensure_ascii=False)
    return Answer(reply.status, meaning, "\n".join(map(printable, body.split("\n"))))
