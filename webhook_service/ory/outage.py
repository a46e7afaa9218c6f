"""Whether an upstream is worth a call: while it gives no answer, calls fail at once.

A call to an upstream that hangs costs its caller the whole deadline, and a thread for as long.
So after a few calls in a row without an answer most are not made any more, and one is from
time to time, to see whether the upstream is back. Whatever it answers then ends the outage.

Nothing waits here, and no lock is held while a call is made: what a caller learns of an
outage is known to it before its call, what a call learned is noted after it.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from webhook_service.ory.deadline import Clock
from webhook_service.ory.errors import OryError, UpstreamReason

MOST_FAILURES: Final = 5
"""So many calls in a row without an answer are an outage: more than the three tries that Ory
makes of one event (F22, F40), so that no event alone is one."""

SHORTEST: Final = 0.5
"""Seconds of silence that are an outage. A restart that refuses connections for less than that
costs the calls that fall into it, and no more."""

PATIENCE: Final = 0.05
"""A call that had fewer seconds than this says nothing about the upstream by taking longer."""

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 5.0
"""Seconds until a call is made to see whether the upstream is back, doubled each time."""

SPREAD: Final = 0.2
"""The waits of several processes differ by up to this share, either way."""

_MOST_DOUBLINGS: Final = 4
"""From there on it is the longest wait anyway."""

_NO_ANSWER: Final = frozenset({UpstreamReason.TIMEOUT, UpstreamReason.UNREACHABLE})
"""All other failures are answers, if bad ones: whoever gave them is there."""


@dataclass(frozen=True, slots=True)
class OutageState:
    """What is known of an upstream at a moment.

    Attributes:
        down: whether calls fail at once.
        failures: calls in a row that brought no answer.
        silent_for: seconds since the first of these began, 0.0 where there is none.
        failed_fast: how many calls were not made, ever.
    """

    down: bool
    failures: int
    silent_for: float
    failed_fast: int


class Outage:
    """Knows of one upstream whether it answers. Shared by all threads that call it.

    Args:
        upstream: its name in errors.
        clock: seconds that are never set back.
        chance: a number from 0 up to 1, each as likely as another.
        on_change: told when an outage begins and when it ends, on the thread whose call
            found out. It must not raise.
    """

    def __init__(
        self,
        upstream: str,
        *,
        clock: Clock = time.monotonic,
        chance: Callable[[], float] = random.random,
        on_change: Callable[[OutageState], None] = lambda _: None,
    ) -> None:
        self._upstream = upstream
        self._clock = clock
        self._chance = chance
        self._on_change = on_change
        self._lock = threading.Lock()
        self._answered_at = -math.inf
        self._down = False
        self._failures = 0
        self._silent_since = 0.0
        self._last: tuple[UpstreamReason, str] = (UpstreamReason.UNREACHABLE, "")
        self._tries = 0
        self._next_try = 0.0
        self._failed_fast = 0

    def call(self, seconds: float) -> AbstractContextManager[None]:
        """Watch a call that may take so many seconds, if it is worth making.

        Raises:
            OryError: it is not, for the reason of the last call that was made.
        """
        return self._watched(seconds, is_try=self._admit())

    def health_check(self, seconds: float) -> AbstractContextManager[None]:
        """Watch a call whose whole point is to learn whether the upstream is there."""
        return self._watched(seconds, is_try=False)

    def state(self) -> OutageState:
        """Return how it stands now."""
        with self._lock:
            return self._state()

    def _admit(self) -> bool:
        """Let a call be made; return whether it is the one that tries during an outage.

        The time for the next try is set as one begins, so no more than one is made in that
        time, and one that hangs for long stands in nobody's way.
        """
        with self._lock:
            if not self._down:
                return False
            now = self._clock()
            if now >= self._next_try:
                self._tries += 1
                self._next_try = now + self._wait()
                return True
            self._failed_fast += 1
            reason, detail = self._last
            silent_for = now - self._silent_since
        text = f"not asked, after {silent_for:.1f} s without an answer; the last call: {detail}"
        raise OryError(self._upstream, reason, text)

    @contextmanager
    def _watched(self, seconds: float, *, is_try: bool) -> Iterator[None]:
        begun = self._clock()
        try:
            yield
        except OryError as error:
            if error.reason not in _NO_ANSWER:
                self._answered()
            elif error.reason is UpstreamReason.TIMEOUT and seconds < PATIENCE:
                self._learned_nothing(is_try=is_try)
            else:
                self._failed(begun, error)
            raise
        except BaseException:
            self._learned_nothing(is_try=is_try)
            raise
        else:
            self._answered()

    def _answered(self) -> None:
        with self._lock:
            was_down = self._down
            self._answered_at = self._clock()
            self._down = False
            self._failures = 0
            self._tries = 0
        if was_down:
            self._on_change(self.state())

    def _failed(self, begun: float, error: OryError) -> None:
        with self._lock:
            # A call that began before the last answer and was not answered tells of a time
            # that is over: calls that hung in an outage end one by one after it.
            if begun < self._answered_at:
                return
            if self._failures == 0:
                self._silent_since = begun
            self._failures += 1
            self._last = (error.reason, error.detail)
            now = self._clock()
            lasts = self._failures >= MOST_FAILURES and now - self._silent_since >= SHORTEST
            goes_down = lasts and not self._down
            if goes_down:
                self._down = True
                self._next_try = now + self._wait()
        if goes_down:
            self._on_change(self.state())

    def _learned_nothing(self, *, is_try: bool) -> None:
        """Let the next call try in place of one that could not tell."""
        if not is_try:
            return
        with self._lock:
            self._tries = max(0, self._tries - 1)
            self._next_try = self._clock()

    def _wait(self) -> float:
        doubled = FIRST_WAIT * (1 << min(self._tries, _MOST_DOUBLINGS))
        return min(doubled, LONGEST_WAIT) * (1 - SPREAD + 2 * SPREAD * self._chance())

    def _state(self) -> OutageState:
        return OutageState(
            down=self._down,
            failures=self._failures,
            silent_for=self._clock() - self._silent_since if self._failures else 0.0,
            failed_fast=self._failed_fast,
        )
