"""How many effects a worker does in a second, and how long one waits for it."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from bench.databases import Database
from bench.figure import Figure
from webhook_service.effects.effect import (
    LIFETIME,
    Done,
    Effect,
    EndSessions,
    Kind,
    NewEffect,
    Result,
    lane_of_endings,
)
from webhook_service.effects.engine import Engine
from webhook_service.effects.keeping import Store
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.threads import Threads
from webhook_service.effects.worker import CONCURRENCY, POLL_SECONDS_ALONE, Worker
from webhook_service.opening import is_file, open_store
from webhook_service.records.log import make_logger
from webhook_service.service import utc_now

EFFECT_SECONDS: Final = 0.005
EFFECTS: Final = 4000
SINGLE: Final = 100
AFTER: Final = timedelta(milliseconds=500)
COMMIT_SECONDS: Final = 5.0
PATIENCE: Final = 60.0

_numbers: Final = count(1)


def how_many(database: Database) -> Iterator[Figure]:
    """Let a worker do effects that each take 5 ms, as many at once as it does."""
    store = open_store(database.make(), utc_now)
    for _ in range(EFFECTS // 100):
        store.accept([_effect(utc_now()) for _ in range(100)])
    done = threading.Semaphore(0)

    def perform(_effect: Effect) -> Result:
        time.sleep(EFFECT_SECONDS)
        done.release()
        return Done("done")

    begun = time.perf_counter()
    with _working(store, perform):
        for _ in range(EFFECTS):
            assert done.acquire(timeout=PATIENCE), "the worker does nothing"
    spent = time.perf_counter() - begun
    assert store.counts().oldest_due is None, "something is not recorded"
    yield Figure("effects of 5 ms that a worker does a second", EFFECTS / spent, least=500)


def how_soon(database: Database) -> Iterator[Figure]:
    """Accept effects one by one, where the worker is by default: here, or beside us."""
    url, late = database.make(), _Late()
    alone = not is_file(url)
    with Path(os.devnull).open("wb") as nowhere:
        engine = Engine(
            open_store=lambda: open_store(url, utc_now),
            logger=make_logger("json", "error", nowhere),
            clock=utc_now,
            perform=None if alone else late.perform,
            reading_threads=2 if alone else 0,
        )
        engine.begin()
        with _working(open_store(url, utc_now), late.perform if alone else None):
            at_once = late.of(engine, timedelta())
            later = late.of(engine, AFTER)
        engine.stop(PATIENCE)
    yield Figure("an effect without a delay begins after, p50", median(at_once), "ms")
    yield Figure("the same, p95", at_once[SINGLE * 95 // 100], "ms", most=100)
    yield Figure("an effect in 500 ms begins later than that, p50", median(later), "ms", most=100)
    yield Figure("the same, p95", later[SINGLE * 95 // 100], "ms")


class _Late:
    """How long after they were due effects were begun."""

    def __init__(self) -> None:
        self._milliseconds: list[float] = []
        self._begun = threading.Semaphore(0)

    def perform(self, effect: Effect) -> Result:
        """Do an effect."""
        self._milliseconds.append((utc_now() - effect.due).total_seconds() * 1000)
        self._begun.release()
        return Done("done")

    def of(self, engine: Engine, delay: timedelta) -> list[float]:
        """Have some effects done, not all at once; return how late each was, sorted."""
        self._milliseconds.clear()
        chance = random.Random(1)  # noqa: S311  no secret
        for _ in range(SINGLE):
            engine.accept([_effect(utc_now() + delay)], COMMIT_SECONDS)
            time.sleep(chance.uniform(0.02, 0.2))
        for _ in range(SINGLE):
            assert self._begun.acquire(timeout=PATIENCE), "the worker does nothing"
        return sorted(self._milliseconds)


@contextmanager
def _working(store: Store, perform: Callable[[Effect], Result] | None) -> Iterator[None]:
    """Have a worker of its own in the block, as ``webhook-service worker`` is one; or none."""
    if perform is None:
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        worker = Worker(
            store=store,
            perform=perform,
            pool=Threads("effect", CONCURRENCY),
            clock=utc_now,
            chance=random.random,
            owner="bench",
            logger=make_logger("json", "error", nowhere),
            observer=Unobserved(),
            poll=POLL_SECONDS_ALONE,
        )
        worker.start()
        yield
        assert worker.stop(PATIENCE), "the worker does not end"


def _effect(due: datetime) -> NewEffect:
    """Return an effect of somebody else each time: those of one person wait for each other."""
    person = f"person {next(_numbers)}"
    return NewEffect(
        key=person,
        kind=Kind.END_ALL_SESSIONS,
        lane=lane_of_endings(person),
        args=EndSessions(person, None, due),
        due=due,
        counts_from=due,
        deadline=due + LIFETIME,
    )
