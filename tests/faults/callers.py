"""Callers that go on while the service is killed under them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from faults.crowd import Event
from server.wire import ask

CALLERS = 6
PAUSE = 0.2
"""What each waits after an answer: killed workers must be able to keep up, or there is always
something left that nobody has begun with."""
AGAIN = 0.1
"""When each asks again that had no answer. Ory waits longer."""


@dataclass
class Heard:
    """What the callers were answered. ``accepted``: what they were alive to read a 2xx for."""

    accepted: list[Event] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, event: Event, status: int) -> None:
        with self._lock:
            self.statuses[status] += 1
            if status < 300:
                self.accepted.append(event)

    def nothing(self) -> None:
        with self._lock:
            self.unanswered += 1


@contextmanager
def calling(
    port: int, makers: Sequence[Callable[[], Event]], chance: random.Random
) -> Iterator[Heard]:
    """Send events from several threads until the block ends.

    Who gets no answer, or 5xx, sends the same again, as Ory does (F87).
    """
    heard, stop = Heard(), threading.Event()
    chances = [random.Random(chance.random()) for _ in range(CALLERS)]  # noqa: S311  no secret

    def call(chance: random.Random) -> None:
        while not stop.is_set():
            event = chance.choice(makers)()
            while not stop.is_set():
                try:
                    status = ask(port, event.request).status
                except (OSError, EOFError):
                    heard.nothing()
                    stop.wait(AGAIN)
                    continue
                heard.answer(event, status)
                if status < 500:
                    break
            stop.wait(PAUSE)

    threads = [threading.Thread(target=call, args=(one,)) for one in chances]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join()
