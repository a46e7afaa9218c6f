"""Hands decision records to the database, off the path of every hook.

A hook leaves its record in a queue that has an end, and goes on. One thread a process writes
what is there, twice a second: psycopg cannot be timed out against a frozen server, and whoever
waits for that thread would wait with it. Nobody does. What finds the queue full is lost, and
counted; the log line of a decision is not this module's, and always written.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

import structlog

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.outage import Outage, why
from webhook_service.policy.decision import Outcome, Ruling, Verdict
from webhook_service.records.fate import Fate
from webhook_service.records.keeping import NewRecord, RecordStore, RefusedRecordError
from webhook_service.records.record import DECISION, Record
from webhook_service.records.sampling import Sampling

MOST_WAITING: Final = 2000
"""Records that wait at most: a database may be away for minutes before one is lost."""

MOST_TOGETHER: Final = 100
EVERY_SECONDS: Final = 0.5
BREATH_SECONDS: Final = 0.05
"""The pause where more waits than is written together: on SQLite effects wait for the same
lock, and whoever waits for it looks less and less often."""

LONGEST_AWAY: Final = 5.0
"""How long the thread waits at most before it tries a database again that is away."""

PURGE_EVERY: Final = timedelta(minutes=5)
PURGE_LIMIT: Final = 500
"""Records that are deleted together: a few milliseconds, as effects wait for the same lock."""


class Recorder(Protocol):
    """Takes the record of each decision, and never makes a hook wait."""

    def begin(self) -> None:
        """Start what needs threads; once a process, after its fork."""
        ...

    def take(self, record: Record, line: Mapping[str, Any]) -> None:
        """Take a record, with the log line's fields, which must not change any more."""
        ...

    def stop(self, seconds: float) -> None:
        """Write what was taken, within so many seconds."""
        ...


class Nowhere:
    """Keeps nothing."""

    def begin(self) -> None:
        """Start nothing."""

    def take(self, record: Record, line: Mapping[str, Any]) -> None:
        """Take nothing."""

    def stop(self, seconds: float) -> None:
        """Have nothing to write."""


@dataclass(slots=True)
class Writer:
    """Keeps records for a time, in a store that it opens in each process.

    Attributes:
        open_store: makes the store; connects to nothing yet.
        days: how long records are kept; 0: nothing is, and what was kept before goes.
        sampling: which are kept where there are too many.
        logger: takes what an operator should know.
        clock: the time of day.
        told: is told of records what became of them, and of how many.
        chance: a number from 0 up to 1.
        monotonic: the clock of pauses.
    """

    open_store: Callable[[], RecordStore]
    days: int
    sampling: Sampling
    logger: structlog.typing.FilteringBoundLogger
    clock: Callable[[], datetime]
    told: Callable[[Fate, int], None]
    chance: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    _queue: SimpleQueue[NewRecord] = field(default_factory=SimpleQueue, init=False)
    _unwritten: list[NewRecord] = field(default_factory=list, init=False)
    _away: float = field(default=0.0, init=False)
    _outage: Outage = field(init=False)
    _store: RecordStore = field(init=False)
    _purge_at: datetime = field(init=False)
    _process: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread = field(init=False)

    def begin(self) -> None:
        """Start to write; once a process, after its fork."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self.open()
                    self._thread = threading.Thread(target=self._run, name="records", daemon=True)
                    self._thread.start()
                    self._process = os.getpid()

    def open(self) -> None:
        """Get ready to take steps."""
        self._store = self.open_store()
        self._outage = Outage("decisions are not recorded", self.logger, self.monotonic)
        # Processes that started together need not purge together.
        self._purge_at = self.clock() + PURGE_EVERY * self.chance()

    def take(self, record: Record, line: Mapping[str, Any]) -> None:
        """Take a record, or leave it out. Never waits, never raises."""
        if not self.days:
            return
        left_out = self.sampling.admit(matters=_matters(record))
        if left_out is None:
            self.told(Fate.LEFT_OUT, 1)
            return
        if self._queue.qsize() >= MOST_WAITING:
            self.told(Fate.LOST, 1)
            return
        decision = record.decision
        self._queue.put(
            NewRecord(
                at=record.at,
                line={"at": line["at"], "level": "info", "message": DECISION, **line},
                rulings=_telling(decision.rulings),
                shadow=_telling(decision.shadow),
                left_out=left_out,
            )
        )

    def stop(self, seconds: float) -> None:
        """Write what was taken, within so many seconds."""
        if self._process == os.getpid():
            self._stopping.set()
            self._thread.join(seconds)

    def step(self) -> float:
        """Write what waits, and delete what is old; return for how many seconds to pause."""
        try:
            wrote = self._write()
            purged = self._purge()
        except Exception as error:  # noqa: BLE001  a thread that dies would keep nothing more
            self._outage.noticed(error)
            self._away = min(max(2 * self._away, EVERY_SECONDS), LONGEST_AWAY)
            return self._away
        self._outage.over()
        self._away = 0.0
        is_more = wrote == MOST_TOGETHER or purged == PURGE_LIMIT
        return BREATH_SECONDS if is_more else EVERY_SECONDS

    def _run(self) -> None:
        while not self._stopping.wait(self.step()):
            pass
        while self._queue.qsize() or self._unwritten:
            self.step()
            if self._away:
                self.told(Fate.LOST, self._queue.qsize() + len(self._unwritten))
                return

    def _write(self) -> int:
        """Write what waits, some of it; return how much."""
        with suppress(Empty):
            while len(self._unwritten) < MOST_TOGETHER:
                self._unwritten.append(self._queue.get_nowait())
        count = len(self._unwritten)
        if not count:
            return 0
        try:
            self._store.add(self._unwritten)
        except Exception as error:
            if _is_away(error):
                raise
            # One of them may be what the database does not take: the others must not suffer.
            self._write_each()
        else:
            self._unwritten = []
            self.told(Fate.KEPT, count)
        return count

    def _write_each(self) -> None:
        while self._unwritten:
            record = self._unwritten[0]
            try:
                self._store.add([record])
            except Exception as error:
                if _is_away(error):
                    raise
                self.told(Fate.LOST, 1)
                key = record.line.get("key")
                self.logger.error("a decision was not recorded", key=key, why=why(error))  # noqa: TRY400  no traceback, as it may quote values
            else:
                self.told(Fate.KEPT, 1)
            del self._unwritten[0]

    def _purge(self) -> int:
        """Delete a few of the records that were kept long enough, now and then."""
        now = self.clock()
        if now < self._purge_at:
            return 0
        deleted = self._store.purge(now - timedelta(days=self.days), PURGE_LIMIT)
        if deleted < PURGE_LIMIT:
            self._purge_at = now + PURGE_EVERY
        return deleted


def _matters(record: Record) -> bool:
    """Whether somebody may ask for just this one: it is refused, or would have been."""
    decision = record.decision
    return decision.verdict is not Verdict.ALLOW or any(
        ruling.reason is not None for ruling in decision.shadow
    )


def _is_away(error: Exception) -> bool:
    """Whether the database may take another time what it did not take now."""
    return isinstance(error, StoreUnavailableError) and not isinstance(error, RefusedRecordError)


def _telling(rulings: Sequence[Ruling]) -> tuple[Ruling, ...]:
    return tuple(ruling for ruling in rulings if ruling.outcome is not Outcome.NO_MATCH)
