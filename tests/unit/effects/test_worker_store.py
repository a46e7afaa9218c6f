"""A worker and its store: away, slow, refusing, and purged (E4, E10, E11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.effects.turns import POLL, ByHand, Shop

from webhook_service.effects import worker as worker_module
from webhook_service.effects.effect import Done, Failed, Result, State
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.worker import LEASE, PURGE_EVERY


@pytest.fixture
def shop() -> Shop:
    return Shop()


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
