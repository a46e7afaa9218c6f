"""Does what is due: claims it, has it done, records how it ended (E4, E6, E10).

One coordinator talks to the store, in one transaction a turn; the effects themselves are
done by a pool of threads. Whatever happens to either, an effect that is held and not recorded
comes due again when its lease ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from typing import Final

import structlog

from webhook_service.effects.backoff import wait_after
from webhook_service.effects.effect import Done, Effect, Failed, Result, Retry
from webhook_service.effects.keeping import Ended, Store
from webhook_service.effects.observing import Observer
from webhook_service.effects.outage import Outage, why
from webhook_service.effects.threads import Pool
from webhook_service.tracing import spans

CONCURRENCY: Final = 8
"""How many effects are done at once; also the threads of the pool."""

LEASE: Final = timedelta(seconds=30)
"""Longer than the longest effect, with all its time limits."""

POLL_SECONDS: Final = 1.0
"""How long a worker sleeps at most, where those who accept effects wake it."""

POLL_SECONDS_ALONE: Final = 0.05
"""The same where nobody can: effects come from other processes."""

LONGEST_AWAY: Final = 5.0
"""How long a worker waits at most before it asks again for a store that is away."""

PURGE_EVERY: Final = timedelta(minutes=5)
PURGE_LIMIT: Final = 500
KEEP_DONE: Final = timedelta(hours=24)
KEEP_FAILED: Final = timedelta(days=30)

ERROR: Final = "effect.error"
"""Reason of a try that ended in a way that nobody has foreseen."""

DEADLINE: Final = "effect.deadline"
"""Reason of an effect whose deadline passed before its first try."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What this worker has claimed, and until when it is surely its own."""

    effect: Effect
    until: datetime


@dataclass(frozen=True, slots=True)
class _Tried:
    held: _Held
    ended: Ended


@dataclass(slots=True)
class Worker:
    """Works on the effects of one store.

    Attributes:
        store: what keeps them.
        perform: does one; bounds its own time, within the lease.
        pool: runs ``perform``, on ``CONCURRENCY`` threads.
        clock: the time of day.
        chance: a number from 0 up to 1.
        owner: who holds what is claimed, for the operator: a machine and a process.
        logger: takes what an operator should know.
        observer: counts.
        poll: seconds between turns at the most.
    """

    store: Store
    perform: Callable[[Effect], Result]
    pool: Pool
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    owner: str
    logger: structlog.typing.FilteringBoundLogger
    observer: Observer
    poll: float
    _running: int = field(default=0, init=False)
    _tried: SimpleQueue[_Tried] = field(default_factory=SimpleQueue, init=False)
    _unrecorded: list[_Tried] = field(default_factory=list, init=False)
    _away: float = field(default=0.0, init=False)
    _outage: Outage = field(init=False)
    _purge_at: datetime = field(init=False)
    _awake: threading.Event = field(default_factory=threading.Event, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _coordinator: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._outage = Outage("effects are not worked on", self.logger)
        # Processes that started together need not purge together.
        self._purge_at = self.clock() + PURGE_EVERY * self.chance()
        self._coordinator = threading.Thread(target=self._run, name="effects", daemon=True)

    def start(self) -> None:
        """Take turns, on a thread of its own."""
        self._coordinator.start()

    def wake(self) -> None:
        """Take the next turn now. May be called on any thread."""
        self._awake.set()

    def stop(self, seconds: float) -> bool:
        """Claim nothing more; let what runs end, and record it.

        Returns whether that was done within so many seconds. What was not comes due again when
        its lease ends, here or elsewhere.
        """
        self._stopping.set()
        self.wake()
        self._coordinator.join(seconds)
        self.pool.stop()
        return not self._coordinator.is_alive()

    def step(self) -> float:
        """Take one turn; return how many seconds the next one may wait, unless woken."""
        with suppress(Empty):
            while True:
                self._unrecorded.append(self._tried.get_nowait())
                self._running -= 1
        try:
            return min(self._turn(), self._purge())
        except Exception as error:  # noqa: BLE001  a coordinator that dies would do nothing more
            self._outage.noticed(error)
            self._away = min(max(2 * self._away, self.poll), LONGEST_AWAY)
            now = self.clock()
            self._unrecorded = [tried for tried in self._unrecorded if tried.held.until > now]
            return self._away

    def _run(self) -> None:
        while True:
            seconds = self.step()
            if self._stopping.is_set() and not self._running and not self._unrecorded:
                return
            self._awake.wait(seconds)
            self._awake.clear()

    def _turn(self) -> float:
        """Record what ended and claim what is due; hand it to the pool."""
        room = 0 if self._stopping.is_set() else CONCURRENCY - self._running
        if not room and not self._unrecorded:
            return self.poll  # whatever ends wakes us
        until = self.clock() + LEASE
        tried = self._unrecorded
        turn = self.store.turn(
            [one.ended for one in tried], room=room, lease=LEASE, owner=self.owner
        )
        self._unrecorded = []
        self._running += len(turn.claimed)
        for effect in turn.claimed:
            self.pool.submit(partial(self._try, _Held(effect, until)))
        self._outage.over()
        self._away = 0.0
        for one in tried:
            self._tell(one.ended)
        if turn.next_due is None or len(turn.claimed) == room:
            return self.poll
        return min(turn.next_due.total_seconds(), self.poll)

    def _purge(self) -> float:
        """Delete a few of the rows that were kept long enough, now and then (E10)."""
        now = self.clock()
        if self._stopping.is_set() or now < self._purge_at:
            return inf
        self._purge_at = now + PURGE_EVERY
        deleted = self.store.purge(keep_done=KEEP_DONE, keep_failed=KEEP_FAILED, limit=PURGE_LIMIT)
        if deleted < PURGE_LIMIT:
            return inf
        self._purge_at = now
        return 0.0

    def _try(self, held: _Held) -> None:
        """Have one effect done. On a thread of the pool; never raises."""
        self._tried.put(_Tried(held, self._ended(held.effect)))
        self.wake()

    def _ended(self, effect: Effect) -> Ended:
        now = self.clock()
        if now >= effect.deadline:
            return Ended(effect, Failed(effect.reason or DEADLINE))
        late = max(0.0, (now - effect.due).total_seconds())
        self._observe(self.observer.begun, effect.kind, late)
        result = self._performed(effect, now)
        if not isinstance(result, Retry):
            return Ended(effect, result)
        wait = wait_after(effect.attempts, self.chance())
        if self.clock() + wait >= effect.deadline:
            return Ended(effect, Failed(result.reason))
        return Ended(effect, result, wait)

    def _performed(self, effect: Effect, now: datetime) -> Result:
        """Do an effect, and make a span of it."""
        age = (now - effect.created).total_seconds()
        with spans.effect(effect.kind, effect.seq, effect.attempts, effect.trace, age) as span:
            try:
                result = self.perform(effect)
            except BaseException as error:  # noqa: BLE001  whatever it is, the effect is tried again
                # And no more of it: a text may quote what Ory answered.
                self.logger.error(  # noqa: TRY400  the same goes for a traceback
                    "an effect raised", kind=effect.kind, seq=effect.seq, error=type(error).__name__
                )
                result = Retry(ERROR)
            span.tell("webhook_service.effect.outcome", type(result).__name__.lower())
            match result:
                case Done(what):
                    span.tell("webhook_service.effect.what", what)
                case Retry(reason) | Failed(reason):
                    span.fail(reason)
        return result

    def _tell(self, ended: Ended) -> None:
        """Count what the store knows by now, and say in the log what has ended for good."""
        effect, result = ended.effect, ended.result
        self._observe(self.observer.ended, effect.kind, result)
        told = {"kind": effect.kind, "seq": effect.seq, "tries": effect.attempts + 1}
        match result:
            case Done(what):
                self.logger.info("an effect is done", what=what, **told)
            case Failed(reason):
                self.logger.error("an effect failed", reason=reason, **told)
            case Retry(reason):
                self.logger.debug("an effect is tried again", reason=reason, **told)
            case _:
                self.logger.debug("an effect is due later", at=result.at.isoformat(), **told)

    def _observe(self, tell: Callable[..., None], *told: object) -> None:
        try:
            tell(*told)
        except Exception as error:  # noqa: BLE001  what cannot be counted is done all the same
            self.logger.error("counting effects failed", error=why(error))  # noqa: TRY400  no traceback, as it may quote values
