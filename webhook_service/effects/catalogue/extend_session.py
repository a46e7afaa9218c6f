"""``extend_session``: an extension that failed in the token hook, decided anew (P17, P23).

What the token told then and what Kratos and Hydra tell now are decided by the policy of now.
Facts that a record does not hold stay unknown (settled question 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import Done, ExtendSession, Failed, Result, Retry
from webhook_service.effects.extend_session import Extension
from webhook_service.effects.extend_session import Result as Outcome
from webhook_service.effects.extend_session import extend_session as extend
from webhook_service.gather import AMBIGUOUS, Known
from webhook_service.hooks.event import Event
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision, Extend, Reason, Verdict
from webhook_service.policy.recorded import NotARecordError, facts_of_record

UNREADABLE: Final = "effect.unreadable"
SUPERSEDED: Final = "superseded"
NOT_DUE: Final = "not_due"
REFUSED: Final = "refused"

MOST_SECONDS: Final = 2.0
"""How long an extension may take. A session that ends within this time is left alone: Kratos
could handle the call after its end, and bring it back to life (F55)."""


def extend_session(args: ExtendSession, key: str, tools: Tools, deadline: Deadline) -> Result:
    """Extend the session behind a token, if the policy asks for that by now."""
    try:
        facts = facts_of_record(args.record)[0]
    except NotARecordError:
        return Failed(UNREADABLE)
    now = tools.clock()
    known = Known.of(
        Event(
            facts.event,
            key,
            facts.values,
            facts.answered,
            subject=args.subject,
            client_id=_client_id(args.record),
            session_id=args.session_id,
            auth_time=args.auth_time,
        )
    )
    decision = _decide(known, now, tools, deadline)
    if decision.extend is Extend.DEFERRED or decision.reason is Reason.POLICY_UNKNOWN:
        return _undecided(known)
    if decision.verdict is not Verdict.ALLOW:
        return Done(REFUSED)
    if decision.extend is Extend.NO:
        return Done(NOT_DUE)
    return _extend(known, args.subject, tools, deadline)


def _client_id(record: Mapping[str, Any]) -> str | None:
    client_id = record.get("client")
    return client_id if isinstance(client_id, str) else None


def _decide(known: Known, now: datetime, tools: Tools, deadline: Deadline) -> Decision:
    """Decide on what is told already; ask for what is wanted; decide again (P27)."""
    policy = tools.policies.current
    while True:
        decision = decide(policy, known.facts(), now, all_shadow=tools.all_shadow)
        if not decision.wants:
            return decision
        tools.gatherer.ask(known, decision, deadline)


def _undecided(known: Known) -> Result:
    """Try again what only an upstream is missing for; nothing else will ever be known."""
    reasons = sorted(set(known.failed.values()))
    if not reasons:
        return Failed(Reason.POLICY_UNKNOWN.value)
    return Failed(AMBIGUOUS) if AMBIGUOUS in reasons else Retry(reasons[0])


def _extend(known: Known, subject: str, tools: Tools, deadline: Deadline) -> Result:
    session = known.session
    if session is None:  # pragma: no cover  decided on a session that was read
        return Failed(Reason.SESSION_NOT_ACTIVE.value)
    if tools.is_ending(subject, session):
        return Done(SUPERSEDED)
    seconds = min(MOST_SECONDS, deadline.remaining())
    now = tools.clock()
    return _result(
        extend(
            known.watched(tools.need_kratos()),
            session,
            now,
            now + timedelta(seconds=seconds),
            Deadline.after(seconds, deadline.clock),
        )
    )


def _result(extension: Extension) -> Result:
    """Say how the extension came out, in the words of the hooks' records."""
    if extension.result is not Outcome.FAILED:
        return Done(extension.result.value)
    if extension.reason == Reason.SESSION_NOT_ACTIVE.value:
        return Done(extension.reason)
    return Retry(extension.reason or Outcome.FAILED.value)
