"""The keys that a process has seen kept: what comes again with every refresh writes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

MOST: Final = 50_000
LIFETIME: Final = timedelta(hours=24)
"""As long as a row is kept at least (E10): a key must not be remembered for ever when the
store has long forgotten it, and would take it again (E2)."""


class Remembered:
    """The last so many keys, those asked for least forgotten first. Safe over threads."""

    def __init__(self, most: int = MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, keys: Iterable[str]) -> None:
        """Remember keys that the store has."""
        until = self._monotonic() + LIFETIME.total_seconds()
        with self._lock:
            for key in keys:
                self._until.pop(key, None)
                self._until[key] = until
            while len(self._until) > self._most:
                del self._until[next(iter(self._until))]

    def __contains__(self, key: str) -> bool:
        with self._lock:
            until = self._until.pop(key, None)
            if until is None or until <= self._monotonic():
                return False
            self._until[key] = until
            return True
