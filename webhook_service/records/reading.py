"""Reads of decision records for people who look: bounded, and few at a time.

A search may have to look at every record that there is. It must not hold up what answers
hooks: it is given up after so many seconds, and no more than a few run at once in a process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from webhook_service.effects.asking import Run, on_this_thread, on_threads
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.threads import Threads
from webhook_service.records.keeping import Records

READ_SECONDS: Final = 2.0
"""How long one read may take, and how long one waits for its turn."""

TOGETHER: Final = 2
"""How many reads there are at once in a process, of a file."""

OF_A_SERVER: Final = 1
"""The same, of a server: each would keep a connection, and these are few."""

T = TypeVar("T")


@dataclass(slots=True)
class Reading:
    """Asks the store of decision records, which it opens in each process when first asked.

    Attributes:
        open_store: makes the store; connects to nothing yet.
        on_threads: whether a read is left to another thread, because the driver of the
            database cannot be timed out.
        together: how many reads there are at once.
        seconds: how long a read may take.
    """

    open_store: Callable[[], Records]
    on_threads: bool = False
    together: int = TOGETHER
    seconds: float = READ_SECONDS
    _process: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _turns: threading.BoundedSemaphore = field(init=False)
    _store: Records = field(init=False)
    _run: Run = field(init=False)

    def ask(self, question: Callable[[Records], T]) -> T:
        """Return the store's answer.

        Raises:
            StoreUnavailableError: it cannot answer, or not in time.
        """
        self._begin()
        if not self._turns.acquire(timeout=self.seconds):
            raise StoreUnavailableError("others are reading; its turn did not come in time")
        try:
            return self._run(lambda: question(self._store), self.seconds)
        finally:
            self._turns.release()

    def _begin(self) -> None:
        """Open the store, once a process: nothing opened before a fork is good after it."""
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._store = self.open_store()
                self._turns = threading.BoundedSemaphore(self.together)
                self._run = (
                    on_threads(Threads("reading records", self.together))
                    if self.on_threads
                    else on_this_thread
                )
                self._process = os.getpid()
