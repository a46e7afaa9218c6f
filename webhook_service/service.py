"""The one path: bytes to event to facts to decision to bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from webhook_service.effects.extend_session import Extension, Result, extend_session
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Gatherer, Known
from webhook_service.hooks.event import Raw
from webhook_service.hooks.reply import Reply
from webhook_service.hooks.table import Hook
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision, Extend
from webhook_service.policy.model import Policy
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.record import Record, spelled

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
        all_shadow: ``MODE=shadow``: every rule is decided and recorded, none is answered (P26).
        gatherer: asks Kratos and Hydra.
        recent: which events were acted on.
        hook_deadline: seconds from the reading of a request to its answer, upstream calls
            included.
        keep: takes the record of each event.
        clock: the time of day.
    """

    policies: PolicyInForce
    all_shadow: bool
    gatherer: Gatherer
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
        decision = self._decide(policy, known, now, deadline)
        extension = self._extend(known, decision, (now, until), deadline)
        reply = hook.reply(decision, known.event)
        if extension is not None and extension.result is Result.EXTENDED:
            reply = replace(reply, headers={EXTENDED: spelled(extension.expires_at)})
        self.keep(
            Record(
                at=now,
                event=known.event,
                facts=known.facts(),
                decision=decision,
                extension=extension,
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

    def _decide(self, policy: Policy, known: Known, now: datetime, deadline: Deadline) -> Decision:
        """Decide on the payload; ask for what is wanted; decide again (P27)."""
        while True:
            decision = decide(policy, known.facts(), now, all_shadow=self.all_shadow)
            if not decision.wants:
                return decision
            self.gatherer.ask(known, decision, deadline)

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
        kratos = self.gatherer.kratos
        if kratos is None or known.session is None:  # pragma: no cover  decided on a session
            return Extension(Result.FAILED, reason="session.not_active")
        if not self.recent.claim(known.event.key):
            return Extension(Result.REPEATED)
        return extend_session(known.watched(kratos), known.session, *span, deadline)
