"""What a process of the service holds of the effects."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import Frozen, MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects import engine as engine_module
from webhook_service.effects.acceptor import STUCK_SECONDS
from webhook_service.effects.effect import Done, Effect, Kind, Result, State
from webhook_service.effects.engine import Engine, owner
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.worker import Worker

LONG = 20.0
SHORT = 0.02

BEGUN = 0.3
"""Seconds in which the acceptor has surely begun to write."""


class Tally(Unobserved):
    def __init__(self) -> None:
        self.kinds: list[Kind] = []

    def accepted(self, kind: Kind) -> None:
        self.kinds.append(kind)


class House:
    """Engines before one store; all of them are stopped in the end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.opened = 0
        self.log = Log()
        self.tally = Tally()
        self.done = threading.Semaphore(0)
        self.engines: list[Engine] = []

    def engine(self, *, works: bool = False, **more: Any) -> Engine:
        engine = Engine(
            open_store=self.open,
            logger=self.log.logger,
            clock=self.clock,
            perform=self.perform if works else None,
            observer=self.tally,
            **more,
        )
        self.engines.append(engine)
        return engine

    def open(self) -> MemoryStore:
        self.opened += 1
        return self.store

    def perform(self, _effect: Effect) -> Result:
        self.done.release()
        return Done("ended")


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.store.mend()
    for engine in house.engines:
        engine.stop(LONG)


def accept(engine: Engine, *keys: str, **more: Any) -> frozenset[str]:
    return engine.accept([effect(key, NOW, **more) for key in keys], LONG)


def test_an_engine_is_made_without_threads_or_a_store(house: House) -> None:
    """They would not survive the fork of the server."""
    before = threading.enumerate()
    house.engine(works=True, reading_threads=2)
    assert threading.enumerate() == before
    assert house.opened == 0


class WatchedLock:
    """A lock that tells of each who comes to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_it_is_begun_once_a_process_however_many_ask(house: House) -> None:
    engine = house.engine()
    lock = WatchedLock()
    engine._lock = lock  # type: ignore[assignment]  # stands in for one

    def open_when_all_have_come() -> MemoryStore:
        for _ in range(8):
            assert lock.came.acquire(timeout=LONG)
        return house.open()

    engine.open_store = open_when_all_have_come
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(engine.begin)
    engine.begin()
    assert house.opened == 1


def test_a_forked_process_begins_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = house.engine()
    engine.begin()
    engine.stop(LONG)
    accept_before = engine.remembers("one")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert accept(engine, "one") == {"one"}
    engine.stop(LONG)
    assert (accept_before, house.opened) == (False, 2)


def test_whoever_comes_first_begins_it(house: House) -> None:
    assert accept(house.engine(), "one") == {"one"}
    house.engine().endings_of("one", LONG)
    assert house.engine().may_end
    assert not house.engine().remembers("one")
    assert house.engine().ready() == "ok"
    assert house.opened == 5


def test_a_store_that_cannot_be_opened_is_tried_again(house: House) -> None:
    engine = house.engine()
    engine.open_store = _fail
    with pytest.raises(RuntimeError):
        engine.begin()
    engine.open_store = house.open
    assert accept(engine, "one") == {"one"}


def _fail() -> MemoryStore:
    raise RuntimeError


def test_a_process_begins_though_the_store_is_away(house: House) -> None:
    """What needs no effect is answered without it."""
    house.store.fail(text="unreachable")
    engine = house.engine(works=True)
    engine.begin()
    assert engine.may_end, "nobody knows"
    assert house.log.lines()[0]["why"] == "unreachable"


def test_a_frozen_store_holds_up_the_beginning_only_so_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "WARM_UP_SECONDS", SHORT)
    frozen = house.store.before = Frozen("any_ending", "endings_of")
    engine = house.engine(reading_threads=2)
    engine.begin()
    assert frozen.reached.acquire(timeout=LONG)
    frozen.thaw()


def test_what_was_kept_is_remembered_and_not_written_again(house: House) -> None:
    """A cap comes again with every refresh (E2)."""
    engine = house.engine()
    assert not engine.remembers("one")
    assert accept(engine, "one") == {"one"}
    assert engine.remembers("one")
    assert accept(engine, "one") == frozenset()
    assert accept(engine, "one", "two") == {"two"}
    assert [number for name, number in house.store.calls if name == "accept"] == [1, 1]


def test_what_another_process_kept_is_remembered_as_well(house: House) -> None:
    accept(house.engine(), "one")
    engine = house.engine()
    assert accept(engine, "one") == frozenset()
    assert engine.remembers("one")


def test_what_was_not_kept_is_not_remembered(house: House) -> None:
    engine = house.engine()
    engine.begin()
    house.store.fail()
    with pytest.raises(StoreUnavailableError):
        accept(engine, "one")
    assert not engine.remembers("one")


def test_what_was_kept_after_its_hook_gave_up_is_remembered(house: House) -> None:
    engine = house.engine()
    engine.begin()
    frozen = house.store.before = Frozen("accept")
    with pytest.raises(StoreUnavailableError):
        engine.accept([effect("one", NOW)], BEGUN)
    frozen.thaw()
    accept(engine, "two")
    assert engine.remembers("one")


def test_only_what_is_new_is_counted(house: House) -> None:
    accept(house.engine(), "one", "two")
    accept(house.engine(), "two", "three", ends=False)
    kinds = [Kind.END_ALL_SESSIONS, Kind.END_ALL_SESSIONS, Kind.REVOKE_TOKENS]
    assert house.tally.kinds == kinds


def test_an_accepted_ending_is_known_at_once_and_told(house: House) -> None:
    engine = house.engine()
    engine.begin()
    assert not engine.may_end
    accept(engine, "other", ends=False)
    assert not engine.may_end
    accept(engine, "ann")
    assert engine.may_end
    assert [one.key for one in engine.endings_of("ann", LONG)] == ["ann"]


def test_the_store_can_be_asked_anything(house: House) -> None:
    engine = house.engine(reading_threads=1)
    accept(engine, "one")
    counts = engine.ask(lambda store: store.counts(), LONG)
    assert counts.by_state == {(Kind.END_ALL_SESSIONS, State.PENDING): 1}


def test_a_worker_in_the_same_process_is_woken_for_what_is_due_soon(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[Worker] = []
    wake = Worker.wake

    def watched(worker: Worker) -> None:
        woken.append(worker)
        wake(worker)

    monkeypatch.setattr(engine_module, "POLL_SECONDS", LONG * 10)
    engine = house.engine(works=True)
    engine.begin()
    monkeypatch.setattr(Worker, "wake", watched)
    engine.accept([effect("later", NOW + timedelta(hours=1))], LONG)
    assert woken == []
    accept(engine, "now")
    assert woken
    assert house.done.acquire(timeout=LONG)


def test_without_a_way_to_perform_nothing_is_worked_on(house: House) -> None:
    before = set(threading.enumerate())
    engine = house.engine()
    accept(engine, "one")
    names = {thread.name for thread in set(threading.enumerate()) - before}
    assert names == {"acceptor", "endings"}
    assert house.store.count("turn") == 0


def test_a_store_that_answers_is_ready_and_one_that_does_not_is_not(house: House) -> None:
    engine = house.engine()
    assert engine.ready() == "ok"
    house.store.fail()
    assert engine.ready() == "service.store_unavailable"
    house.store.mend()
    assert engine.ready() == "ok"


def test_a_frozen_store_is_told_in_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = house.engine(reading_threads=1)
    engine.begin()
    monkeypatch.setattr(engine_module, "READY_SECONDS", SHORT)
    frozen = house.store.before = Frozen("any_ending")
    assert engine.ready() == "service.store_unavailable"
    frozen.thaw()


def test_a_store_that_can_be_read_and_not_written_is_not_ready(house: House) -> None:
    """Row 58: a full disk, a replica. Nobody has to run into it first."""
    engine = house.engine()
    house.store.fail("accept")
    assert engine.ready() == "service.store_unavailable"
    house.store.mend()
    assert engine.ready() == "ok"
    assert not house.store.rows


def test_a_store_that_does_not_end_a_write_is_not_ready(house: House) -> None:
    engine = house.engine()
    engine.begin()
    frozen = house.store.before = Frozen("accept")
    with pytest.raises(StoreUnavailableError):
        engine.accept([effect("one", NOW)], BEGUN)
    acceptor = engine._begun.acceptor
    monotonic = acceptor._monotonic
    acceptor._monotonic = lambda: monotonic() + STUCK_SECONDS
    assert engine.ready() == "service.store_unavailable"
    frozen.thaw()


def test_at_the_end_what_runs_is_recorded_and_nothing_more_is_taken(house: House) -> None:
    engine = house.engine(works=True, reading_threads=1)
    accept(engine, "one")
    assert house.done.acquire(timeout=LONG)
    assert engine.stop(LONG)
    assert house.store.state("one") is State.DONE
    with pytest.raises(StoreUnavailableError):
        accept(engine, "two")


def test_what_was_never_begun_has_nothing_to_end(house: House) -> None:
    assert house.engine(works=True).stop(0)
    assert house.opened == 0


def test_whoever_holds_effects_is_named_by_machine_and_process() -> None:
    assert owner().endswith(f":{os.getpid()}")
