"""The one path: bytes to event to facts to decision to bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from webhook_service.deciding import Decider
from webhook_service.effects.extend_session import Extension, Result, extend_session
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Known
from webhook_service.hooks.event import Raw
from webhook_service.hooks.reply import Reply
from webhook_service.hooks.table import Hook
from webhook_service.policy.decision import Decision, Extend
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.record import Record, spelled
from webhook_service.turn import Turn, take_turn

EXTENDED: Final = "X-Session-Extended"
"""Ory reads no header of an answer: this one is for people with curl, and for tests."""


def utc_now() -> datetime:
    """Read the clock: aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """Decides events. One instance a process, shared by its threads.

    Attributes:
        policies: what is decided by; another policy may take its place at any moment.
        decider: gathers and decides.
        recent: which events were acted on.
        hook_deadline: seconds from the reading of a request to its answer, upstream calls
            included.
        keep: takes the record of each event.
        clock: the time of day.
    """

    policies: PolicyInForce
    decider: Decider
    recent: RecentEvents
    hook_deadline: float
    keep: Callable[[Record], None]
    clock: Callable[[], datetime] = utc_now

    def answer(self, hook: Hook, raw: Raw, arrived: float | None = None) -> Reply:
        """Answer one hook call.

        ``arrived`` is when the request was here, on the monotonic clock: what it waited for
        a thread is part of its time. Now, where the server does not say.

        Raises:
            OverloadedError: its time was over before its turn came.
            MalformedError: the body is not JSON as a hook may send it.
            ShapeError: it is JSON, but not this hook's.
        """
        turn = take_turn(self.policies.current, self.clock, self.hook_deadline, arrived)
        known = Known.of(hook.read(raw))
        decision = self.decider.decide(known, turn.policy, turn.now, turn.asking)
        extension = self._extend(known, decision, turn)
        kept = self.decider.consequences.keep(known, decision, extension, turn.now, turn.deadline)
        event = known.event
        if extension is not None and extension.result is not Result.REPEATED:
            self.recent.settle(event.key)
        reply = hook.unstored(event) if kept.refused else hook.reply(decision, event)
        if extension is not None and extension.result is Result.EXTENDED:
            reply = replace(reply, headers={EXTENDED: spelled(extension.expires_at)})
        self.keep(
            Record(
                at=turn.now,
                event=known.event,
                facts=known.facts(),
                decision=decision,
                extension=extension,
                kept=kept,
                status=reply.status,
                calls=tuple(known.calls),
                failed=dict(known.failed),
                notes=tuple(known.notes),
                session_id=known.session.id if known.session else known.event.session_id,
                client_id=known.values.get("client.id"),
                policy=turn.policy.digest,
                seconds=turn.seconds,
            )
        )
        return reply

    def _extend(self, known: Known, decision: Decision, turn: Turn) -> Extension | None:
        """Do what must be done before the answer (P23)."""
        if decision.extend is Extend.NO:
            return None
        if decision.extend is Extend.DEFERRED:
            return Extension(Result.DEFERRED)
        kratos = self.decider.gatherer.kratos
        if kratos is None or known.session is None:  # pragma: no cover  decided on a session
            return Extension(Result.FAILED, reason="session.not_active")
        if not self.recent.claim(known.event.key):
            return Extension(Result.REPEATED)
        watched = known.watched(kratos)
        return extend_session(watched, known.session, turn.now, turn.until, turn.asking)
