"""Keeps the effects of many hooks in one transaction, and lets no hook wait too long (E1).

A thread of its own writes: psycopg cannot be timed out against a frozen server, so whoever
waits for the thread gives up in time, whatever the database does. Who gave up before the
thread came to it leaves nothing behind; a database that comes to life again is not flooded
with what nobody waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

import structlog

from webhook_service.effects.effect import NewEffect
from webhook_service.effects.keeping import Store, StoreUnavailableError
from webhook_service.effects.outage import Outage, why
from webhook_service.effects.threads import within

MOST_WAITING: Final = 1000
MOST_TOGETHER: Final = 200

STUCK_SECONDS: Final = 0.4
"""E1's limit. When a write has outlasted it, nobody begins to wait for the next one."""

Committed: TypeAlias = Callable[[Sequence[NewEffect], frozenset[str]], None]
"""Told of the effects that the store has by now, and which of their keys were new."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A hook that waits until its effects are kept. ``until`` is on the monotonic clock."""

    effects: Sequence[NewEffect]
    until: float
    kept: Future[frozenset[str]] = field(default_factory=Future)


class Acceptor:
    """Takes effects of all threads of a process, and writes them from one.

    Args:
        store: what keeps them.
        committed: told before the hooks that wait are; on the writing thread.
        logger: takes what an operator should know.
        monotonic: the clock of time limits.
    """

    def __init__(
        self,
        store: Store,
        committed: Committed,
        logger: structlog.typing.FilteringBoundLogger,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._committed = committed
        self._logger = logger
        self._monotonic = monotonic
        self._outage = Outage("effects are not accepted", logger, monotonic)
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._writing_since: float | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin to write."""
        threading.Thread(target=self._run, name="acceptor", daemon=True).start()

    def stop(self) -> None:
        """Take nothing more; the thread ends with what it was handed."""
        self._stopped = True
        self._queue.put(None)

    @property
    def stuck(self) -> bool:
        """Whether the write that goes on has taken longer than any hook waits."""
        since = self._writing_since
        return since is not None and self._monotonic() - since >= STUCK_SECONDS

    def accept(self, effects: Sequence[NewEffect], seconds: float) -> frozenset[str]:
        """Keep the effects; return the keys that were new.

        Raises:
            StoreUnavailableError: the store did not take them, or did not say so within so
                many seconds; it may still have them. The key makes a repeat harmless (E2).
        """
        if self.stuck:
            error = StoreUnavailableError("an earlier write has not ended yet")
            self._outage.noticed(error)
            raise error
        if self._stopped or self._queue.qsize() >= MOST_WAITING:
            raise StoreUnavailableError("no more is taken now")
        waiting = _Waiting(effects, self._monotonic() + seconds)
        self._queue.put(waiting)
        return within(seconds, waiting.kept)

    def write_waiting(self) -> None:
        """Wait for somebody who waits; write for all who do by then."""
        batch = self._take()
        if batch and not self._write(batch) and len(batch) > 1:
            # One of them may be what the store does not take: the others must not suffer.
            for waiting in batch:
                if waiting.until > self._monotonic():
                    self._write([waiting])

    def _run(self) -> None:
        while not (self._stopped and self._queue.empty()):
            self.write_waiting()

    def _take(self) -> list[_Waiting]:
        taken = [self._queue.get()]
        with suppress(Empty):
            while len(taken) < MOST_TOGETHER:
                taken.append(self._queue.get_nowait())
        now = self._monotonic()
        return [
            waiting
            for waiting in taken
            if waiting is not None
            and waiting.until > now
            and waiting.kept.set_running_or_notify_cancel()
        ]

    def _write(self, batch: Sequence[_Waiting]) -> bool:
        """Write for those in the batch, and tell them; ``False`` where others must try alone."""
        effects: dict[str, NewEffect] = {}
        for waiting in batch:
            for effect in waiting.effects:
                # Ory's repeat of a call may wait beside the call itself.
                effects.setdefault(effect.key, effect)
        kept = tuple(effects.values())
        self._writing_since = self._monotonic()
        try:
            new = self._store.accept(kept)
        except Exception as error:  # noqa: BLE001  a thread that dies would accept nothing more
            if len(batch) == 1:
                self._refuse(batch[0], error)
            return False
        finally:
            self._writing_since = None
        self._outage.over()
        self._tell(kept, new)
        for waiting in batch:
            mine = new.intersection(effect.key for effect in waiting.effects)
            new -= mine
            waiting.kept.set_result(mine)
        return True

    def _tell(self, kept: Sequence[NewEffect], new: frozenset[str]) -> None:
        try:
            self._committed(kept, new)
        except Exception as error:  # noqa: BLE001  what is kept is kept, whoever could not count it
            self._logger.error("telling of accepted effects failed", error=why(error))  # noqa: TRY400  no traceback, as it may quote values

    def _refuse(self, waiting: _Waiting, error: Exception) -> None:
        if isinstance(error, StoreUnavailableError):
            self._outage.noticed(error)
        else:
            kinds = sorted({effect.kind for effect in waiting.effects})
            self._logger.error("effects could not be kept", kinds=kinds, error=why(error))
        # Each in its own: an exception that many threads raise collects all their tracebacks.
        waiting.kept.set_exception(StoreUnavailableError(why(error)))
