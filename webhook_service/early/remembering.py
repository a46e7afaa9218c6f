"""What was told a moment ago, for whoever asks the same; asked once by all who ask at a time.

Behind a gateway one person's page is dozens of requests, and each of them is a check. What is
kept here are facts for a few seconds, in memory, and never a verdict (settled question 7).
No lock is held while anybody is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from cachetools import TLRUCache

from webhook_service.ory.deadline import Deadline

T = TypeVar("T")

MOST: Final = 4096
"""How many facts are kept. With 5 s each that is more than a process can ask for meanwhile."""


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """A fact, and when asking for it began and ended, on the monotonic clock."""

    value: T
    begun: float
    ended: float


@dataclass(slots=True)
class _Asking:
    """Somebody asks, and others wait for the answer: ``None`` where there will be none."""

    told: Future[Told[Any] | None] = field(default_factory=Future)
    is_current: bool = True
    """Whether nothing has happened since that makes the answer old before it is there."""


class Memory:
    """Facts of the last few seconds, those unused for longest forgotten first. Thread-safe.

    Args:
        seconds: how long a fact counts, from when asking for it began; 0: nothing is kept, and
            everybody asks.
        most: how many are kept.
        monotonic: seconds that are never set back.
    """

    def __init__(
        self,
        seconds: float,
        most: int = MOST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._kept: TLRUCache[Hashable, Told[Any]] = TLRUCache(
            most, ttu=lambda _key, told, _now: told.begun + seconds, timer=monotonic
        )
        self._asking: dict[Hashable, _Asking] = {}
        self._lock = threading.Lock()

    def get(
        self,
        key: Hashable,
        ask: Callable[[], T],
        deadline: Deadline,
        *,
        since: float,
        is_worth_keeping: Callable[[T], bool] = lambda _: True,
    ) -> Told[T]:
        """Return a fact: as it is remembered, as another thread is being told, or asked for.

        Args:
            key: says which.
            ask: asks. What goes wrong is better returned than raised: it is told to all who
                wait, while an exception is the caller's alone and leaves them to ask.
            deadline: how long another thread's answer is waited for.
            since: an answer that came before this moment is too old.
            is_worth_keeping: whether later requests may have it as well.

        Raises:
            TimeoutError: another thread asked, and was not told by the deadline.
        """
        if self._seconds <= 0:
            return self._ask(ask)
        with self._lock:
            kept: Told[T] | None = self._kept.get(key)
            if kept is not None and kept.ended >= since:
                return kept
            asking = self._asking.get(key)
            if asking is None:
                mine = self._asking[key] = _Asking()
        if asking is not None:
            told: Told[T] | None = asking.told.result(deadline.remaining())
            return self._ask(ask) if told is None else told
        try:
            told = self._ask(ask)
        except BaseException:
            self._end(key, mine, None)
            raise
        self._end(key, mine, told, keep=is_worth_keeping(told.value))
        return told

    def forget(self, key: Hashable) -> None:
        """Let nobody who asks from now on be told what was true until now."""
        with self._lock:
            self._kept.pop(key, None)
            if (asking := self._asking.pop(key, None)) is not None:
                asking.is_current = False

    def forget_all(self, concerns: Callable[[Hashable, Any], bool]) -> None:
        """Forget each fact that is concerned, by its key and value.

        What is being asked at this moment may be: it is not kept.
        """
        with self._lock:
            for key in [key for key, told in self._kept.items() if concerns(key, told.value)]:
                self._kept.pop(key, None)
            for asking in self._asking.values():
                asking.is_current = False
            self._asking.clear()

    def _ask(self, ask: Callable[[], T]) -> Told[T]:
        begun = self._monotonic()
        return Told(ask(), begun, self._monotonic())

    def _end(
        self, key: Hashable, asking: _Asking, told: Told[Any] | None, *, keep: bool = False
    ) -> None:
        with self._lock:
            if asking.is_current:
                del self._asking[key]
                if keep and told is not None:
                    self._kept[key] = told
        asking.told.set_result(told)
