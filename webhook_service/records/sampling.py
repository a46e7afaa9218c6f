"""Which decisions are kept where there are more than can be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BURST_SECONDS: Final = 60
"""For how long a process may keep what it kept too little of before."""


@dataclass(slots=True)
class _Budget:
    left: float
    since: float
    left_out: int = 0


class Sampling:
    """Admits so many records a second of two kinds each: of those that matter, and of others.

    A rush of what is allowed leaves out no refusal. Shared by the threads of a process.

    Args:
        rate: records a second.
        monotonic: the clock of rates.
    """

    def __init__(self, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = rate * BURST_SECONDS
        self._monotonic = monotonic
        self._lock = threading.Lock()
        now = monotonic()
        self._budgets = (_Budget(self._most, now), _Budget(self._most, now))

    def admit(self, *, matters: bool) -> int | None:
        """Return how many of its kind were left out since the last one; ``None``: it is, too."""
        budget = self._budgets[matters]
        with self._lock:
            now = self._monotonic()
            budget.left = min(self._most, budget.left + (now - budget.since) * self._rate)
            budget.since = now
            if budget.left < 1:
                budget.left_out += 1
                return None
            budget.left -= 1
            left_out, budget.left_out = budget.left_out, 0
            return left_out
