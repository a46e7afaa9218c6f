"""Bounded reads of the store, and the flag that spares them (E7)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import Frozen, MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects import asking as asking_module
from webhook_service.effects.asking import MOMENT, PATIENCE, Asking, on_this_thread, on_threads
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.threads import Threads

LONG = 20.0
SHORT = 0.02

BEGUN = 0.2
"""Seconds in which a thread has surely begun to read."""


class Desk:
    def __init__(self, pool: Threads | None = None) -> None:
        self.store = MemoryStore(Clock())
        self.log = Log()
        self.now = 100.0
        run = on_this_thread if pool is None else on_threads(pool)
        self.asking = Asking(self.store, run, self.log.logger, lambda: self.now)

    def subjects(self) -> list[str]:
        return [one.args.subject for one in self.asking.endings_of("ann", LONG)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pool() -> Iterator[Threads]:
    pool = Threads("reader", 2)
    yield pool
    pool.stop()


def test_a_person_s_pending_endings_are_told(desk: Desk) -> None:
    desk.store.accept([effect("ann", NOW), effect("bob", NOW)])
    assert desk.subjects() == ["ann"]
    assert desk.asking.ask(lambda store: store.counts(), LONG).by_state


def test_on_threads_answers_and_errors_come_through(pool: Threads) -> None:
    desk = Desk(pool)
    desk.store.accept([effect("ann", NOW)])
    assert desk.subjects() == ["ann"]
    desk.store.fail(text="locked")
    with pytest.raises(StoreUnavailableError, match="locked"):
        desk.asking.endings_of("ann", LONG)


def test_a_frozen_store_holds_no_read_longer_than_its_time_and_heals(pool: Threads) -> None:
    desk = Desk(pool)
    frozen = desk.store.before = Frozen("counts")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="unknown"):
            desk.asking.ask(lambda store: store.counts(), BEGUN)
    # Both threads are stuck: what comes now is not begun, and not begun later either.
    with pytest.raises(StoreUnavailableError, match="turn did not come"):
        desk.asking.ask(lambda store: store.counts(), SHORT)
    assert desk.store.count("counts") == 2
    frozen.thaw()
    assert desk.asking.ask(lambda store: store.endings_of("ann"), LONG) == ()
    assert desk.store.count("counts") == 2


def test_after_a_failure_nobody_waits_for_a_moment(desk: Desk) -> None:
    desk.store.fail()
    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            desk.asking.endings_of("ann", LONG)
    assert desk.store.count("endings_of") == 1
    desk.store.mend()
    with pytest.raises(StoreUnavailableError, match="a moment ago"):
        desk.asking.endings_of("ann", LONG)
    desk.now += MOMENT
    assert desk.subjects() == []
    assert desk.subjects() == []
    assert desk.store.count("endings_of") == 3
    assert desk.log.messages() == ["the store is away", "the store is back"]


def test_while_one_tries_again_the_others_go_on_without(desk: Desk) -> None:
    desk.store.fail()
    with pytest.raises(StoreUnavailableError):
        desk.asking.endings_of("ann", LONG)
    desk.now += MOMENT
    refused: list[str] = []

    def another_comes(_method: str) -> None:
        desk.store.before = lambda _method: None
        try:
            desk.asking.endings_of("bob", LONG)
        except StoreUnavailableError as error:
            refused.append(str(error))

    desk.store.before = another_comes
    assert desk.subjects() == []
    assert refused == ["it did not answer a moment ago"]


def test_who_had_no_time_to_wait_says_nothing_about_the_store(pool: Threads) -> None:
    desk = Desk(pool)
    frozen = desk.store.before = Frozen("endings_of")
    with pytest.raises(StoreUnavailableError):
        desk.asking.endings_of("ann", PATIENCE / 2)
    frozen.thaw()
    assert desk.subjects() == []
    assert desk.log.messages() == []


def test_until_it_is_known_an_ending_may_be_pending(desk: Desk) -> None:
    assert desk.asking.may_end
    desk.store.fail(text="locked")
    desk.asking.look()
    assert desk.asking.may_end
    desk.store.mend()
    desk.asking.look()
    assert not desk.asking.may_end
    assert desk.log.messages() == ["the store is away", "the store is back"]


def test_what_was_known_stays_while_the_store_is_away(desk: Desk) -> None:
    """Events that need no effect go on without the store."""
    desk.asking.look()
    desk.store.fail()
    desk.asking.look()
    assert not desk.asking.may_end


def test_an_ending_of_this_process_is_known_at_once(desk: Desk) -> None:
    desk.asking.look()
    desk.asking.note_ending()
    assert desk.asking.may_end
    desk.asking.look()
    assert not desk.asking.may_end


def test_an_ending_that_is_accepted_during_a_look_is_not_lost_to_it(desk: Desk) -> None:
    desk.store.after = lambda _method: desk.asking.note_ending()
    desk.asking.look()
    assert desk.asking.may_end


def test_it_looks_again_and_again_until_it_is_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_module, "LOOK_SECONDS", 0.001)
    looks = threading.Semaphore(0)

    def looked(_method: str) -> None:
        looks.release()
        raise ValueError("whatever happens, the next look comes")

    desk.store.before = looked
    before = set(threading.enumerate())
    desk.asking.start()
    (watcher,) = set(threading.enumerate()) - before
    for _ in range(3):
        assert looks.acquire(timeout=LONG)
    desk.asking.stop()
    watcher.join(LONG)
    assert not watcher.is_alive()
    assert desk.log.lines()[0]["why"] == "ValueError"
