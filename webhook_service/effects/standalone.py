"""A process that does nothing but work on effects (``EFFECTS_WORKER=worker``)."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Final

import structlog

from webhook_service.effects.effect import Effect, Result
from webhook_service.effects.engine import owner
from webhook_service.effects.keeping import Store
from webhook_service.effects.observing import Observer
from webhook_service.effects.threads import Threads
from webhook_service.effects.worker import CONCURRENCY, POLL_SECONDS_ALONE, Worker

GRACE_SECONDS: Final = 25.0
"""How long what runs may take to end. Platforms kill after 30 seconds; what is then still
under way comes due again elsewhere."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def run(
    store: Store,
    perform: Callable[[Effect], Result],
    *,
    clock: Callable[[], datetime],
    logger: structlog.typing.FilteringBoundLogger,
    observer: Observer,
) -> None:
    """Work until SIGTERM or SIGINT; return when what runs has ended. On the main thread only.

    A second signal does what it would have done without us: it ends the process at once.
    """
    worker = Worker(
        store=store,
        perform=perform,
        pool=Threads("effect", CONCURRENCY),
        clock=clock,
        chance=random.random,
        owner=owner(),
        logger=logger,
        observer=observer,
        poll=POLL_SECONDS_ALONE,
    )
    with _ending_signal() as wait:
        logger.info("serving effects", owner=worker.owner, at_once=CONCURRENCY)
        worker.start()
        logger.info("ending", signal=wait().name)
        if not worker.stop(GRACE_SECONDS):
            logger.warning("effects were still under way; they come due again")


@contextmanager
def _ending_signal() -> Iterator[Callable[[], signal.Signals]]:
    """Take the signals that end a process; give a function that waits for the first of them.

    It waits for the byte that Python writes for each signal. Whoever waits for a lock instead
    may wait for ever: a signal that comes just before does not end the wait.
    """
    received, write = os.pipe()
    os.set_blocking(write, False)

    def first(_number: int, _frame: FrameType | None) -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def wait() -> signal.Signals:
        while True:
            number = os.read(received, 1)[0]
            if number in _SIGNALS:  # others have handlers of their own: SIGHUP
                return signal.Signals(number)

    before = {number: signal.signal(number, first) for number in _SIGNALS}
    woken_before = signal.set_wakeup_fd(write)
    try:
        yield wait
    finally:
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(received)
        os.close(write)
