"""When an answer must be there: one budget that all calls of an event share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]
"""Seconds from some fixed moment, never set back: ``time.monotonic``."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of a monotonic clock.

    Made once at an event's start and handed down; whoever waits, waits ``remaining()``.
    """

    at: float
    clock: Clock = field(default=time.monotonic, repr=False)

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> Deadline:
        """Return the moment so many seconds from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Return the seconds left, 0.0 once it has passed."""
        return max(0.0, self.at - self.clock())

    def require(self) -> float:
        """Return the seconds left, always more than 0.0.

        Raises:
            TimeoutError: it has passed.
        """
        if left := self.remaining():
            return left
        raise TimeoutError("the deadline has passed")
