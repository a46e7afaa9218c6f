"""What a process of the service holds of the effects: one object for accepting, asking, working.

Made before the server forks, without threads and connections, which do not survive that;
begun once in each process after it, so that no request pays for their making.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from webhook_service.effects.acceptor import Acceptor
from webhook_service.effects.asking import Asking, on_this_thread, on_threads
from webhook_service.effects.effect import Effect, NewEffect, Result
from webhook_service.effects.keeping import Store, StoreUnavailableError
from webhook_service.effects.observing import Observer, Unobserved
from webhook_service.effects.remembered import Remembered
from webhook_service.effects.threads import Threads
from webhook_service.effects.worker import CONCURRENCY, POLL_SECONDS, Worker

READY_SECONDS: Final = 0.4
WARM_UP_SECONDS: Final = 1.0
"""How long a process waits at its beginning for the store. One that is away is no reason not
to begin: what needs no effect is answered without it."""

AWAY: Final = "service.store_unavailable"

T = TypeVar("T")


def owner() -> str:
    """Return what this process is called where it holds effects."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class _Begun:
    """What lives in one process."""

    acceptor: Acceptor
    asking: Asking
    remembered: Remembered
    reading: Threads | None
    worker: Worker | None


@dataclass(slots=True)
class Engine:
    """Accepts and tells effects, and works on them where it is given how.

    Every method begins the process if nothing has.

    Attributes:
        open_store: makes the store, in each process; connects to nothing yet.
        logger: takes what an operator should know.
        clock: the time of day.
        perform: does one effect; ``None`` where another process works.
        reading_threads: on how many threads the store is read (``READING_THREADS``); 0 for
            one whose reads may run on any thread, as they are quick and bounded.
        observer: counts.
    """

    open_store: Callable[[], Store]
    logger: structlog.typing.FilteringBoundLogger
    clock: Callable[[], datetime]
    perform: Callable[[Effect], Result] | None = None
    reading_threads: int = 0
    observer: Observer = field(default_factory=Unobserved)
    _begun: _Begun = field(init=False, repr=False)
    _process: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def begin(self) -> None:
        """Start threads and open connections; once a process, after its fork."""
        self._here()

    def accept(self, effects: Sequence[NewEffect], seconds: float) -> frozenset[str]:
        """Keep the effects; return the keys that were new (E1).

        What this process has seen kept is not written again (E2).

        Raises:
            StoreUnavailableError: they may not be kept; not before their keys come again is it
                known. So many seconds are waited at the most.
        """
        here = self._here()
        unseen = [effect for effect in effects if effect.key not in here.remembered]
        return here.acceptor.accept(unseen, seconds) if unseen else frozenset()

    def remembers(self, key: str) -> bool:
        """Whether an effect of this key is known to be kept."""
        return key in self._here().remembered

    @property
    def may_end(self) -> bool:
        """Whether anybody's ending is pending, or not known not to be; a second old at most."""
        return self._here().asking.may_end

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done (E7).

        Raises:
            StoreUnavailableError: they are not known, within so many seconds.
        """
        return self._here().asking.endings_of(subject, seconds)

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the store's answer to anything else: ``engine.ask(Store.counts, 0.4)``.

        Raises:
            StoreUnavailableError: it did not answer, or not within so many seconds.
        """
        return self._here().asking.ask(question, seconds)

    def ready(self) -> str:
        """Return ``ok``, or why effects could not be accepted now."""
        here = self._here()
        try:
            # A disk that is full, or a server that has become a replica, can still be read.
            here.acceptor.accept((), READY_SECONDS)
            here.asking.ask(lambda store: store.any_ending(), READY_SECONDS)
        except StoreUnavailableError:
            return AWAY
        return "ok"

    def stop(self, seconds: float) -> bool:
        """End what was begun; return whether everything that ran ended in so many seconds."""
        if self._process != os.getpid():
            return True
        begun = self._begun
        drained = begun.worker is None or begun.worker.stop(seconds)
        begun.acceptor.stop()
        begun.asking.stop()
        if begun.reading is not None:
            begun.reading.stop()
        return drained

    def _here(self) -> _Begun:
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._begun = self._begin()
                    self._process = os.getpid()
        return self._begun

    def _begin(self) -> _Begun:
        store = self.open_store()
        reading = Threads("reader", self.reading_threads) if self.reading_threads else None
        run = on_threads(reading) if reading is not None else on_this_thread
        asking = Asking(store, run, self.logger)
        worker = self._worker(store)
        remembered = Remembered()

        def committed(kept: Sequence[NewEffect], new: frozenset[str]) -> None:
            remembered.add(effect.key for effect in kept)
            fresh = [effect for effect in kept if effect.key in new]
            if any(effect.counts_from is not None for effect in fresh):
                asking.note_ending()
            if worker is not None and self._is_any_due_soon(fresh):
                worker.wake()
            for effect in fresh:
                self.observer.accepted(effect.kind)

        begun = _Begun(Acceptor(store, committed, self.logger), asking, remembered, reading, worker)
        begun.acceptor.start()
        _warm_up(begun)
        asking.start()
        if worker is not None:
            worker.start()
        return begun

    def _worker(self, store: Store) -> Worker | None:
        if self.perform is None:
            return None
        return Worker(
            store=store,
            perform=self.perform,
            pool=Threads("effect", CONCURRENCY),
            clock=self.clock,
            chance=random.random,
            owner=owner(),
            logger=self.logger,
            observer=self.observer,
            poll=POLL_SECONDS,
        )

    def _is_any_due_soon(self, effects: Sequence[NewEffect]) -> bool:
        """Whether the worker would miss the moment if it slept on."""
        soon = self.clock() + timedelta(seconds=POLL_SECONDS)
        return any(effect.due <= soon for effect in effects)


def _warm_up(begun: _Begun) -> None:
    """Connect, and read once: the first time takes a process a second, and no hook has that."""
    until = time.monotonic() + WARM_UP_SECONDS

    def left() -> float:
        return max(0.0, until - time.monotonic())

    with suppress(StoreUnavailableError):
        begun.asking.look(left())
        begun.asking.ask(lambda store: store.endings_of(""), left())
