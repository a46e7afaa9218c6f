"""A worker on its threads: woken, and ended in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import Frozen, MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects.effect import Done, Effect, Result, State
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.threads import Threads
from webhook_service.effects.worker import CONCURRENCY, Worker

LONG = 20.0


class Shop:
    """A started worker that sleeps for ever unless it is woken, with effects that the test ends."""

    def __init__(self) -> None:
        self.store = MemoryStore(Clock())
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.recorded = threading.Semaphore(0)
        self.store.after = self._after
        self.worker = Worker(
            store=self.store,
            perform=self._perform,
            pool=Threads("effect", CONCURRENCY),
            clock=self.store.clock,
            chance=lambda: 0.5,
            owner="test",
            logger=Log().logger,
            observer=Unobserved(),
            poll=LONG * 10,
        )

    def _perform(self, _effect: Effect) -> Result:
        self.begun.release()
        assert self.go_on.wait(LONG)
        return Done("ended")

    def _after(self, method: str) -> None:
        if method == "turn":
            for _ in range(self.store.calls[-1][1]):
                self.recorded.release()

    def accept(self, *keys: str) -> None:
        self.store.accept([effect(key, NOW) for key in keys])


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.go_on.set()
    shop.worker.stop(LONG)


def test_a_woken_worker_takes_its_turn_at_once(shop: Shop) -> None:
    shop.worker.start()
    shop.accept("one")
    shop.worker.wake()
    assert shop.begun.acquire(timeout=LONG)


def test_an_effect_that_ended_is_recorded_without_waiting_for_the_poll(shop: Shop) -> None:
    shop.accept("one")
    shop.go_on.set()
    shop.worker.start()
    assert shop.recorded.acquire(timeout=LONG)
    assert shop.store.state("one") is State.DONE


def test_effects_are_done_at_once_and_a_free_place_is_filled(shop: Shop) -> None:
    shop.accept(*(f"k{number}" for number in range(CONCURRENCY + 5)))
    shop.worker.start()
    for _ in range(CONCURRENCY):
        assert shop.begun.acquire(timeout=LONG)
    assert not shop.begun.acquire(timeout=0.01)
    shop.go_on.set()
    for _ in range(CONCURRENCY + 5):
        assert shop.recorded.acquire(timeout=LONG)


def test_a_worker_that_is_stopped_records_what_runs_and_claims_nothing_more(shop: Shop) -> None:
    shop.accept("one", "two")
    shop.worker.start()
    for _ in range(2):
        assert shop.begun.acquire(timeout=LONG)
    shop.accept("three")
    assert not shop.worker.stop(0.01), "two are still under way"
    shop.go_on.set()
    assert shop.worker.stop(LONG)
    states = {key: row.state for key, row in shop.store.rows.items()}
    assert states == {"one": State.DONE, "two": State.DONE, "three": State.PENDING}
    assert shop.store.rows["three"].token is None


def test_a_worker_that_is_stopped_purges_nothing_more(shop: Shop) -> None:
    shop.worker.start()
    assert shop.worker.stop(LONG)
    shop.store.clock.now += timedelta(days=1)  # type: ignore[attr-defined]  # a test's clock
    shop.worker.step()
    assert shop.store.count("purge") == 0


def test_a_worker_with_nothing_to_do_ends_at_once(shop: Shop) -> None:
    shop.worker.start()
    assert shop.worker.stop(LONG)


def test_a_worker_before_a_frozen_store_holds_nobody_up(shop: Shop) -> None:
    frozen = shop.store.before = Frozen("turn")
    shop.worker.start()
    assert frozen.reached.acquire(timeout=LONG)
    assert not shop.worker.stop(0.01)
    frozen.thaw()
    assert shop.worker.stop(LONG)
