"""The one path: bytes to event to facts to decision to bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from webhook_service.deciding import Decider
from webhook_service.effects.extend_session import Extension, Result, extend_session
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Known
from webhook_service.hooks.event import Raw
from webhook_service.hooks.reply import Reply
from webhook_service.hooks.table import Hook
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decision import Decision, Extend
from webhook_service.policy.model import Policy
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.record import Record, spelled

KEPT_FOR_COMMIT: Final = 0.15
"""Seconds of the deadline that are kept for the commit, where a policy can cause effects."""

EXTENDED: Final = "X-Session-Extended"
"""Ory reads no header of an answer: this one is for people with curl, and for tests."""


class OverloadedError(Exception):
    """A request waited for its turn until its time was over: nothing was read or done."""


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
        begun = time.monotonic() if arrived is None else arrived
        deadline = Deadline(begun + self.hook_deadline)
        left = deadline.remaining()
        if not left:
            raise OverloadedError
        now = self.clock()
        until = now + timedelta(seconds=left)
        policy = self.policies.current  # read once: a decision never mixes two policies
        known = Known.of(hook.read(raw))
        asking = self._time_to_ask(deadline, policy)
        decision = self.decider.decide(known, policy, now, asking)
        extension = self._extend(known, decision, (now, until), asking)
        kept = self.decider.consequences.keep(known, decision, extension, now, deadline)
        event = known.event
        reply = hook.unstored(event) if kept.refused else hook.reply(decision, event)
        if extension is not None and extension.result is Result.EXTENDED:
            reply = replace(reply, headers={EXTENDED: spelled(extension.expires_at)})
        self.keep(
            Record(
                at=now,
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
                policy=policy.digest,
                seconds=time.monotonic() - begun,
            )
        )
        return reply

    def _time_to_ask(self, deadline: Deadline, policy: Policy) -> Deadline:
        """Return by when Ory must have answered: a commit needs its time too (settled 5)."""
        if not policy.acts:
            return deadline
        return Deadline(deadline.at - min(KEPT_FOR_COMMIT, self.hook_deadline / 4))

    def _extend(
        self,
        known: Known,
        decision: Decision,
        span: tuple[datetime, datetime],
        deadline: Deadline,
    ) -> Extension | None:
        """Do what must be done before the answer (P23). ``span`` is the hook's own time."""
        if decision.extend is Extend.NO:
            return None
        if decision.extend is Extend.DEFERRED:
            return Extension(Result.DEFERRED)
        kratos = self.decider.gatherer.kratos
        if kratos is None or known.session is None:  # pragma: no cover  decided on a session
            return Extension(Result.FAILED, reason="session.not_active")
        if not self.recent.claim(known.event.key):
            return Extension(Result.REPEATED)
        return extend_session(known.watched(kratos), known.session, *span, deadline)
