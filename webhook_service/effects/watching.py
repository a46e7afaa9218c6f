"""Looks at the store of a process that only works on effects, beside its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from webhook_service.effects.asking import Asking, on_threads
from webhook_service.effects.keeping import Store, StoreUnavailableError
from webhook_service.effects.threads import Threads

AWAY: Final = "service.store_unavailable"
READY_SECONDS: Final = 0.4
TOGETHER: Final = 2

T = TypeVar("T")


class Watching:
    """Asks the store on threads of its own: one that hangs must not hang whoever asks."""

    def __init__(self, store: Store, logger: structlog.typing.FilteringBoundLogger) -> None:
        self._asking = Asking(store, on_threads(Threads("watching", TOGETHER)), logger)

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the store's answer.

        Raises:
            StoreUnavailableError: it did not answer, or not within so many seconds.
        """
        return self._asking.ask(question, seconds)

    def ready(self) -> str:
        """Return ``ok``, or why no effect could be recorded now."""
        try:
            # A disk that is full, or a server that has become a replica, can still be read.
            self.ask(lambda store: store.accept(()), READY_SECONDS)
        except StoreUnavailableError:
            return AWAY
        return "ok"
