"""Turns of a worker, on a clock that the tests move (E4, E6, E10, E11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects import worker as worker_module
from webhook_service.effects.effect import (
    Done,
    Effect,
    EndSessions,
    Failed,
    Kind,
    Later,
    Result,
    Retry,
    State,
)
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.worker import CONCURRENCY, LEASE, PURGE_EVERY, Worker

POLL = 1.0


class ByHand:
    """A pool whose jobs run when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.stopped = False

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def stop(self) -> None:
        self.stopped = True

    def work(self) -> None:
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()


class Tally:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.outcomes: list[str] = []

    def accepted(self, _kind: Kind) -> None:
        raise NotImplementedError

    def begun(self, _kind: Kind, late: float) -> None:
        self.late.append(late)

    def ended(self, _kind: Kind, result: Result) -> None:
        self.outcomes.append(type(result).__name__)


class Shop:
    """A store and workers on one clock. What ``results`` has for a key is done, else ``Done``."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.log = Log()
        self.tally = Tally()
        self.results: dict[str, Result | BaseException] = {}
        self.performed: list[str] = []
        self.chance = 0.5
        self.pool = ByHand()
        self.worker = self.another(self.pool)

    def another(self, pool: ByHand, owner: str = "first") -> Worker:
        return Worker(
            store=self.store,
            perform=self.perform,
            pool=pool,
            clock=self.clock,
            chance=lambda: self.chance,
            owner=owner,
            logger=self.log.logger,
            observer=self.tally,
            poll=POLL,
        )

    def perform(self, one: Effect) -> Result:
        self.performed.append(one.key)
        result = self.results.get(one.key, Done("ended"))
        if isinstance(result, BaseException):
            raise result
        return result

    def accept(self, *keys: str, **more: float) -> None:
        self.store.accept([effect(key, self.clock(), **more) for key in keys])  # type: ignore[arg-type]  # hours at most

    def round(self) -> float:
        """Claim, perform, record."""
        self.worker.step()
        self.pool.work()
        return self.worker.step()

    def due_in(self, key: str) -> float:
        return (self.store.rows[key].due - self.clock()).total_seconds()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_what_is_due_is_done_and_recorded(shop: Shop) -> None:
    shop.accept("one", "two")
    shop.clock.advance(seconds=2)
    assert shop.round() == POLL
    assert shop.performed == ["one", "two"]
    assert [shop.store.state(key) for key in ("one", "two")] == [State.DONE] * 2
    assert shop.store.rows["one"].reason == "ended"
    assert shop.tally.outcomes == ["Done", "Done"]
    assert shop.tally.late == [2, 2]
    assert shop.log.lines()[0] == {
        "level": "info",
        "message": "an effect is done",
        "what": "ended",
        "kind": "end_all_sessions",
        "seq": 1,
        "tries": 1,
    }


def test_a_turn_records_and_claims_in_one_transaction(shop: Shop) -> None:
    shop.accept(*(f"k{number}" for number in range(CONCURRENCY + 2)))
    shop.round()
    assert [number for name, number in shop.store.calls if name == "turn"] == [0, CONCURRENCY]
    assert len(shop.pool.jobs) == 2


def test_no_more_is_claimed_than_there_are_threads(shop: Shop) -> None:
    shop.accept(*(f"k{number}" for number in range(20)))
    assert shop.worker.step() == POLL
    assert len(shop.pool.jobs) == CONCURRENCY
    assert shop.worker.step() == POLL
    assert shop.store.count("turn") == 1, "nothing to record and no room: no transaction"
    shop.pool.jobs.pop()()
    shop.worker.step()
    assert len(shop.pool.jobs) == CONCURRENCY


def test_it_sleeps_until_the_next_effect_is_due_but_no_longer_than_the_poll(shop: Shop) -> None:
    shop.store.accept([effect("soon", NOW + timedelta(seconds=0.3))])
    assert shop.worker.step() == 0.3
    shop.store.accept([effect("later", NOW + timedelta(hours=1))])
    shop.clock.advance(seconds=0.3)
    assert shop.round() == POLL
    assert shop.performed == ["soon"]


def test_retries_follow_the_back_off(shop: Shop) -> None:
    shop.accept("one")
    shop.results["one"] = Retry("upstream.timeout")
    waits = []
    for _ in range(12):
        shop.round()
        waits.append(shop.due_in("one"))
        shop.clock.now = shop.store.rows["one"].due
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert shop.store.rows["one"].reason == "upstream.timeout"
    assert set(shop.tally.outcomes) == {"Retry"}
    shop.chance = 0.0
    shop.round()
    assert shop.due_in("one") == 150


def test_a_later_time_loses_no_try(shop: Shop) -> None:
    shop.accept("one")
    args = EndSessions("one", "mine", NOW)
    shop.results["one"] = Later(NOW + timedelta(hours=1), args=args)
    shop.round()
    row = shop.store.rows["one"]
    assert (row.state, row.attempts, row.args) == (State.PENDING, 0, args)
    assert shop.due_in("one") == 3600
    assert shop.log.messages("debug") == ["an effect is due later"]


def test_what_cannot_help_is_not_tried_again(shop: Shop) -> None:
    shop.accept("one")
    shop.results["one"] = Failed("policy.unknown")
    shop.round()
    assert shop.store.state("one") is State.FAILED
    assert shop.log.lines()[0] == {
        "level": "error",
        "message": "an effect failed",
        "reason": "policy.unknown",
        "kind": "end_all_sessions",
        "seq": 1,
        "tries": 1,
    }


@pytest.mark.parametrize("error", [ValueError("secret"), KeyError("secret"), SystemExit("secret")])
def test_whatever_is_raised_the_effect_is_tried_again_and_no_text_is_told(
    shop: Shop, error: BaseException
) -> None:
    shop.accept("one")
    shop.results["one"] = error
    shop.round()
    assert shop.store.rows["one"].reason == "effect.error"
    assert shop.due_in("one") == 0.5
    assert shop.log.lines()[0]["error"] == type(error).__name__
    assert "secret" not in shop.log.text


def test_past_its_deadline_an_effect_fails_with_the_reason_of_its_last_try(shop: Shop) -> None:
    shop.accept("one", hours=0.01)  # 36 s
    shop.results["one"] = Retry("upstream.unreachable")
    while shop.store.state("one") is State.PENDING:
        shop.round()
        shop.clock.now = max(shop.clock.now, shop.store.rows["one"].due)
    assert shop.store.rows["one"].reason == "upstream.unreachable"
    # 0.5 + 1 + 2 + 4 + 8 + 16 s; the next would come after the deadline.
    assert len(shop.performed) == 7
    assert shop.tally.outcomes[-1] == "Failed"


def test_an_effect_that_waited_past_its_deadline_is_not_tried(shop: Shop) -> None:
    shop.accept("never", "once", hours=1)
    shop.store.rows["once"] = replace(shop.store.rows["once"], reason="upstream.timeout")
    shop.clock.advance(hours=1)
    shop.round()
    assert shop.performed == []
    assert shop.store.rows["never"].reason == "effect.deadline"
    assert shop.store.rows["once"].reason == "upstream.timeout"
    assert shop.tally.late == []


def test_what_a_dead_worker_held_comes_due_again_when_its_lease_ends(shop: Shop) -> None:
    shop.accept("one", "two")
    shop.another(ByHand(), "dead").step()
    shop.clock.advance(seconds=29.9)
    shop.round()
    assert shop.performed == []
    shop.clock.advance(seconds=0.1)
    shop.round()
    assert shop.performed == ["one", "two"]
    assert shop.store.state("one") is State.DONE


def test_a_late_finish_changes_nothing(shop: Shop) -> None:
    shop.accept("one")
    slow_pool = ByHand()
    slow = shop.another(slow_pool, "slow")
    slow.step()
    shop.clock.now += LEASE
    shop.worker.step()
    shop.results["one"] = Failed("too.late")
    slow_pool.work()
    slow.step()
    assert shop.store.state("one") is State.PENDING
    shop.results["one"] = Done("ended")
    shop.pool.work()
    shop.worker.step()
    assert shop.store.rows["one"].reason == "ended"
    slow.step()
    assert shop.store.state("one") is State.DONE


def test_a_store_that_is_away_is_asked_ever_less_and_said_once(shop: Shop) -> None:
    shop.store.fail(text="unreachable")
    assert [shop.worker.step() for _ in range(6)] == [1, 2, 4, 5, 5, 5]
    shop.store.mend()
    assert shop.worker.step() == POLL
    shop.store.fail()
    assert shop.worker.step() == 1
    assert [(line["message"], line["hindered"]) for line in shop.log.lines()] == [
        ("the store is away", "effects are not worked on"),
        ("the store is back", "effects are not worked on"),
        ("the store is away", "effects are not worked on"),
    ]


def test_what_could_not_be_recorded_is_recorded_with_the_next_turn(shop: Shop) -> None:
    shop.accept("one")
    shop.worker.step()
    shop.pool.work()
    shop.store.fail()
    shop.worker.step()
    shop.worker.step()
    assert shop.tally.outcomes == []
    shop.store.mend()
    shop.worker.step()
    assert shop.store.state("one") is State.DONE
    assert shop.tally.outcomes == ["Done"]
    assert shop.performed == ["one"]


def test_a_turn_that_was_kept_without_an_answer_loses_nothing(shop: Shop) -> None:
    """The connection broke after the commit: what it claimed comes due when the lease ends."""
    shop.accept("one")
    shop.worker.step()
    shop.pool.work()
    shop.accept("two")

    def break_off(_method: str) -> None:
        raise StoreUnavailableError("broken off")

    shop.store.after = break_off
    shop.worker.step()
    shop.store.mend()
    shop.worker.step()
    assert shop.store.state("one") is State.DONE
    assert shop.pool.jobs == []
    shop.clock.now += LEASE
    shop.round()
    assert shop.performed == ["one", "two"]


def test_a_result_is_forgotten_with_its_lease_and_the_effect_is_done_again(shop: Shop) -> None:
    """One that the store refuses to record must not hold up all others for ever."""
    shop.accept("one")
    shop.worker.step()
    shop.pool.work()

    def refuse(_method: str) -> None:
        if shop.store.calls[-1][1]:
            raise ValueError("this result")

    shop.store.before = refuse
    shop.worker.step()
    shop.clock.now += LEASE
    shop.worker.step()
    assert shop.log.lines()[0]["why"] == "ValueError"
    shop.worker.step()
    assert len(shop.pool.jobs) == 1
    shop.store.mend()
    shop.pool.work()
    shop.worker.step()
    assert shop.performed == ["one", "one"]
    assert shop.store.state("one") is State.DONE


def test_what_cannot_be_counted_is_done_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("secret")

    monkeypatch.setattr(shop.tally, "begun", fail)
    monkeypatch.setattr(shop.tally, "ended", fail)
    shop.accept("one")
    shop.round()
    assert shop.store.state("one") is State.DONE
    assert shop.log.messages("error") == ["counting effects failed"] * 2
    assert "secret" not in shop.log.text


def ended(shop: Shop, count: int, age: timedelta, result: Result) -> None:
    """Let effects have ended so long ago."""
    now = shop.clock()
    shop.clock.now = now - age
    keys = [f"{type(result).__name__}{number}" for number in range(count)]
    shop.accept(*keys)
    for key in keys:
        shop.results[key] = result
    while any(shop.store.state(key) is State.PENDING for key in keys):
        shop.round()
    shop.clock.now = now


def test_what_ended_long_ago_is_deleted_in_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PURGE_LIMIT", 4)
    ended(shop, 10, timedelta(hours=24), Done("ended"))
    ended(shop, 1, timedelta(days=29), Failed("policy.unknown"))
    shop.clock.now += PURGE_EVERY
    # A full batch is followed by another at once, with a turn in between.
    shop.store.calls.clear()
    assert [shop.worker.step() for _ in range(4)] == [0, 0, POLL, POLL]
    assert [name for name, _ in shop.store.calls] == ["turn", "purge"] * 3 + ["turn"]
    assert set(shop.store.rows) == {"Failed0"}


def test_it_is_purged_every_few_minutes(shop: Shop) -> None:
    half = PURGE_EVERY / 2  # the first one after a part of it, by chance
    shop.clock.now += half - timedelta(seconds=1)
    shop.worker.step()
    assert shop.store.count("purge") == 0
    shop.clock.advance(seconds=1)
    shop.worker.step()
    shop.clock.now += PURGE_EVERY - timedelta(seconds=1)
    shop.worker.step()
    assert shop.store.count("purge") == 1
    shop.clock.advance(seconds=1)
    shop.worker.step()
    assert shop.store.count("purge") == 2


def test_a_purge_that_fails_takes_nothing_else_along(shop: Shop) -> None:
    shop.store.fail("purge", text="locked")
    shop.accept("one")
    shop.clock.now += PURGE_EVERY
    shop.round()
    assert shop.store.state("one") is State.DONE
    assert shop.store.count("purge") == 1
