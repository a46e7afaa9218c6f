"""Threads that a stuck database cannot take the process along with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Protocol, TypeVar

from webhook_service.effects.keeping import StoreUnavailableError

T = TypeVar("T")


class Pool(Protocol):
    """Does what it is handed, sooner or later, on threads of its own."""

    def submit(self, job: Callable[[], None]) -> None:
        """Take a job, which must not raise."""
        ...

    def stop(self) -> None:
        """Let the threads end after the jobs that they were handed."""
        ...


class Threads:
    """A fixed number of daemon threads that share one queue.

    Not the standard library's pool: the interpreter waits for that one's threads at its end,
    and a thread that is stuck in a database's driver never comes back.
    """

    def __init__(self, name: str, count: int) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._count = count
        for number in range(count):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Take a job, which must not raise."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end after the jobs that they were handed."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def within(seconds: float, future: Future[T]) -> T:
    """Return what another thread brings, if it does so in time.

    What it has not begun by then, it will not begin.

    Raises:
        StoreUnavailableError: it was not in time.
    """
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.cancel():
            raise StoreUnavailableError("its turn did not come in time") from None
        raise StoreUnavailableError("did not end in time: its outcome is unknown") from None
