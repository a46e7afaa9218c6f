"""Effects of many hooks in one transaction, each hook within its own time (E1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import Frozen, MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects import acceptor as acceptor_module
from webhook_service.effects.acceptor import STUCK_SECONDS, Acceptor
from webhook_service.effects.effect import NewEffect
from webhook_service.effects.keeping import StoreUnavailableError

LONG = 20.0
"""Seconds that no test waits for."""

SHORT = 0.02

BEGUN = 0.3
"""Seconds in which the writing thread has surely come to a hook that waits."""


class Watched(SimpleQueue[Any]):
    """A queue that tells of each who has come to wait in it."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)

    def put(self, item: object, *_: object) -> None:
        super().put(item)
        self.arrived.release()


class Counter:
    """Hooks on threads of their own before an acceptor that writes when the test says so."""

    def __init__(self) -> None:
        self.store = MemoryStore(Clock())
        self.log = Log()
        self.now = 100.0
        self.told: list[tuple[list[str], frozenset[str]]] = []
        self.written = threading.Semaphore(0)
        self.acceptor = Acceptor(self.store, self._committed, self.log.logger, lambda: self.now)
        self.queue = Watched()
        self.acceptor._queue = self.queue
        self.hooks = ThreadPoolExecutor(32)

    def _committed(self, kept: Sequence[NewEffect], new: frozenset[str]) -> None:
        self.told.append(([one.key for one in kept], new))
        self.written.release()

    def come(self, *keys: str, seconds: float = LONG) -> Future[frozenset[str]]:
        """Let one hook come and wait."""
        hook = self.hooks.submit(self.acceptor.accept, [effect(key, NOW) for key in keys], seconds)
        assert self.queue.arrived.acquire(timeout=LONG)
        return hook

    def batches(self) -> list[int]:
        return [number for name, number in self.store.calls if name == "accept"]


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.store.mend()
    counter.acceptor.stop()
    counter.hooks.shutdown()


def refusal(hook: Future[frozenset[str]]) -> str:
    with pytest.raises(StoreUnavailableError) as caught:
        hook.result(LONG)
    return str(caught.value)


def test_the_effects_of_many_hooks_are_kept_in_one_transaction(counter: Counter) -> None:
    hooks = [counter.come(f"a{number}", f"b{number}") for number in range(20)]
    counter.acceptor.write_waiting()
    assert [hook.result(LONG) for hook in hooks] == [
        {f"a{number}", f"b{number}"} for number in range(20)
    ]
    assert counter.batches() == [40]
    assert len(counter.told) == 1


def test_a_transaction_takes_only_so_many_hooks(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor_module, "MOST_TOGETHER", 3)
    hooks = [counter.come(f"k{number}") for number in range(5)]
    counter.acceptor.write_waiting()
    counter.acceptor.write_waiting()
    assert all(hook.result(LONG) for hook in hooks)
    assert counter.batches() == [3, 2]


def test_the_same_effect_from_two_hooks_is_kept_once_and_new_for_one(counter: Counter) -> None:
    """Ory's repeat of a call may wait beside the call itself."""
    first, second = counter.come("one"), counter.come("one", "two")
    counter.acceptor.write_waiting()
    assert [first.result(LONG), second.result(LONG)] == [{"one"}, {"two"}]
    again = counter.come("one")
    counter.acceptor.write_waiting()
    assert again.result(LONG) == frozenset()
    assert counter.batches() == [2, 1]


def test_who_counts_is_told_before_the_hook_is(counter: Counter) -> None:
    counter.come("one", "two")
    counter.acceptor.write_waiting()
    counter.come("one", "three")
    counter.acceptor.write_waiting()
    assert counter.told == [
        (["one", "two"], frozenset({"one", "two"})),
        (["one", "three"], frozenset({"three"})),
    ]


def test_what_is_kept_is_accepted_whoever_fails_to_count_it(counter: Counter) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room for metrics, says secret")

    counter.acceptor._committed = fail
    hook = counter.come("one")
    counter.acceptor.write_waiting()
    assert hook.result(LONG) == {"one"}
    assert counter.log.lines() == [
        {"level": "error", "message": "telling of accepted effects failed", "error": "OSError"}
    ]


def test_an_effect_that_the_store_does_not_take_harms_no_other_hook(counter: Counter) -> None:
    hooks = [counter.come("one"), counter.come("bad secret"), counter.come("two")]
    counter.acceptor.write_waiting()
    assert hooks[0].result(LONG) == {"one"}
    assert hooks[2].result(LONG) == {"two"}
    assert refusal(hooks[1]) == "ValueError"
    assert counter.batches() == [3, 1, 1, 1]
    assert counter.log.lines() == [
        {
            "level": "error",
            "message": "effects could not be kept",
            "kinds": ["end_all_sessions"],
            "error": "ValueError",
        }
    ]


def test_a_store_that_is_away_is_said_once_and_so_is_its_return(counter: Counter) -> None:
    counter.store.fail(text="locked")
    hooks = [counter.come("one"), counter.come("two")]
    counter.acceptor.write_waiting()
    assert [refusal(hook) for hook in hooks] == ["locked", "locked"]
    hook = counter.come("one")
    counter.acceptor.write_waiting()
    assert refusal(hook) == "locked"
    counter.store.mend()
    hook = counter.come("one")
    counter.acceptor.write_waiting()
    assert hook.result(LONG) == {"one"}
    assert counter.log.messages() == ["the store is away", "the store is back"]


def test_a_hook_whose_time_is_over_is_not_tried_alone_after_a_failed_transaction(
    counter: Counter,
) -> None:
    def slow_to_fail(_method: str) -> None:
        counter.now += 1
        raise StoreUnavailableError("locked")

    counter.store.before = slow_to_fail
    hooks = [counter.come("one", seconds=SHORT), counter.come("two", seconds=SHORT)]
    # Both wait by the real clock as well; the test only needs them not to be gone yet.
    counter.acceptor._take = lambda: _taken(counter)  # type: ignore[method-assign]  # see below
    counter.acceptor.write_waiting()
    assert counter.batches() == [2]
    assert all("time" in refusal(hook) for hook in hooks)


def _taken(counter: Counter) -> list[acceptor_module._Waiting]:
    """Take what waits before its callers can have given up."""
    taken = [counter.queue.get_nowait(), counter.queue.get_nowait()]
    for waiting in taken:
        waiting.kept.set_running_or_notify_cancel()
    return taken


def test_a_hook_that_gave_up_is_not_written(counter: Counter) -> None:
    gone = counter.come("gone", seconds=SHORT)
    assert "turn did not come" in refusal(gone)
    stays = counter.come("stays")
    counter.acceptor.write_waiting()
    assert stays.result(LONG) == {"stays"}
    assert set(counter.store.rows) == {"stays"}


def test_a_hook_whose_time_is_over_is_not_written_though_it_did_not_notice_yet(
    counter: Counter,
) -> None:
    late = counter.come("late", seconds=0.2)
    counter.now += 0.2
    stays = counter.come("stays")
    counter.acceptor.write_waiting()
    assert stays.result(LONG) == {"stays"}
    assert set(counter.store.rows) == {"stays"}
    assert "turn did not come" in refusal(late)


def test_a_frozen_store_holds_no_hook_longer_than_its_time(counter: Counter) -> None:
    frozen = counter.store.before = Frozen("accept")
    counter.acceptor.start()
    first = counter.come("one", seconds=BEGUN)
    assert "unknown" in refusal(first)
    second = counter.come("two", seconds=SHORT)
    assert "turn did not come" in refusal(second)
    assert not counter.acceptor.stuck
    frozen.thaw()


def test_once_a_write_has_outlasted_any_hook_the_next_ones_do_not_wait(counter: Counter) -> None:
    frozen = counter.store.before = Frozen("accept")
    counter.acceptor.start()
    refusal(counter.come("one", seconds=BEGUN))
    counter.now += STUCK_SECONDS
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="has not ended"):
            counter.acceptor.accept([effect("two", NOW)], LONG)
    assert time.monotonic() - begun < LONG / 2
    assert counter.acceptor.stuck
    assert counter.log.messages() == ["the store is away"]
    frozen.thaw()


def test_a_thawed_store_heals_without_a_flood_of_what_nobody_waits_for(counter: Counter) -> None:
    frozen = counter.store.before = Frozen("accept")
    counter.acceptor.start()
    unknown = counter.come("unknown", seconds=BEGUN)
    assert frozen.reached.acquire(timeout=LONG)
    abandoned = [counter.come(f"gone{number}", seconds=SHORT) for number in range(20)]
    for hook in [unknown, *abandoned]:
        refusal(hook)
    frozen.thaw()
    assert counter.written.acquire(timeout=LONG)
    assert counter.come("later").result(LONG) == {"later"}
    assert set(counter.store.rows) == {"unknown", "later"}
    assert counter.batches() == [1, 1]
    # The key makes the repeat of the one that was unknown harmless.
    assert counter.come("unknown").result(LONG) == frozenset()


def test_a_long_queue_is_not_made_longer(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor_module, "MOST_WAITING", 2)
    hooks = [counter.come("one"), counter.come("two")]
    with pytest.raises(StoreUnavailableError, match="no more is taken"):
        counter.acceptor.accept([effect("three", NOW)], LONG)
    counter.acceptor.write_waiting()
    assert all(hook.result(LONG) for hook in hooks)
    assert set(counter.store.rows) == {"one", "two"}


def test_at_its_end_it_writes_what_it_was_handed_and_takes_nothing_more(counter: Counter) -> None:
    hook = counter.come("one")
    counter.acceptor.stop()
    with pytest.raises(StoreUnavailableError, match="no more is taken"):
        counter.acceptor.accept([effect("two", NOW)], LONG)
    before = set(threading.enumerate())
    counter.acceptor.start()
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
        assert not thread.is_alive()
    assert hook.result(LONG) == {"one"}
    assert set(counter.store.rows) == {"one"}
