"""Reads of the store on the way to an answer: bounded, and given up at once while it is away.

On SQLite a read is a matter of microseconds on the caller's own thread. On PostgreSQL it runs
on one of a few threads, and the caller waits only so long: the driver cannot be timed out
against a frozen server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from webhook_service.effects.effect import Effect
from webhook_service.effects.keeping import Store, StoreUnavailableError
from webhook_service.effects.outage import Outage
from webhook_service.effects.threads import Pool, within

READING_THREADS: Final = 2
"""Each has a connection. A read takes a millisecond: two are enough for 2,000 hooks/s."""

LOOK_SECONDS: Final = 1.0
"""How often is asked whether anybody's ending is pending, and how long that may take."""

MOMENT: Final = 0.5
"""How long nobody waits for a store that has just failed, but one who tries."""

PATIENCE: Final = 0.1
"""Who could wait for less than this says nothing about the store by giving up."""

T = TypeVar("T")


class Run(Protocol):
    """Calls a function that reads the store; returns what it returns, in so many seconds.

    Raises StoreUnavailableError where it takes longer.
    """

    def __call__(self, read: Callable[[], T], seconds: float, /) -> T:
        """Call it."""
        ...


def on_this_thread(read: Callable[[], T], _seconds: float) -> T:
    """Call it here, for a store that keeps its own time."""
    return read()


def on_threads(pool: Pool) -> Run:
    """Return what calls a function on another thread, and waits no longer than it may."""

    def run(read: Callable[[], T], seconds: float) -> T:
        answer: Future[T] = Future()
        pool.submit(partial(_fulfil, answer, read))
        return within(seconds, answer)

    return run


def _fulfil(answer: Future[T], read: Callable[[], T]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(read())
    except BaseException as error:  # noqa: BLE001  it is raised where the answer is waited for
        answer.set_exception(error)


class Asking:
    """Reads for all threads of a process.

    Attributes:
        may_end: whether anybody's ending is pending, or not known not to be: then the endings
            of a subject must be read also where the policy ends nothing (E7).
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        logger: structlog.typing.FilteringBoundLogger,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.may_end = True
        self._store = store
        self._run = run
        self._monotonic = monotonic
        self._outage = Outage("pending endings are not read", logger, monotonic)
        self._away_until = 0.0
        self._noted = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look once a second whether anybody's ending is pending."""
        threading.Thread(target=self._watch, name="endings", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the store's answer.

        Raises:
            StoreUnavailableError: it did not answer, or not within so many seconds.
        """
        return self._run(lambda: question(self._store), seconds)

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done (E7).

        Raises:
            StoreUnavailableError: the store did not answer within so many seconds, or did
                not a moment ago: most hooks then need not wait to know that.
        """
        now = self._monotonic()
        if now < self._away_until:
            raise StoreUnavailableError("it did not answer a moment ago")
        if self._away_until:
            self._away_until = now + MOMENT  # this one tries, and no other meanwhile
        try:
            endings = self.ask(lambda store: store.endings_of(subject), seconds)
        except StoreUnavailableError as error:
            if seconds >= PATIENCE:
                self._away_until = self._monotonic() + MOMENT
                self._outage.noticed(error)
            raise
        self._away_until = 0.0
        self._outage.over()
        return endings

    def note_ending(self) -> None:
        """Know of an ending that this process has just accepted."""
        with self._lock:
            self._noted += 1
            self.may_end = True

    def look(self, seconds: float = LOOK_SECONDS) -> None:
        """Look whether anybody's ending is pending. What was known stays where it fails."""
        noted = self._noted
        try:
            any_ending = self.ask(lambda store: store.any_ending(), seconds)
        except Exception as error:  # noqa: BLE001  a thread that dies would look no more
            self._outage.noticed(error)
            return
        self._outage.over()
        with self._lock:
            # What was accepted while the store was asked may not be in its answer.
            if self._noted == noted:
                self.may_end = any_ending

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self.look()
