"""Turns of a worker, on a clock that the tests move (E6, E10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.effects.memory_store import effect
from unit.effects.turns import POLL, Shop
from unit.workbench import NOW

from webhook_service.effects.effect import EndSessions, Failed, Later, Retry, State
from webhook_service.effects.worker import CONCURRENCY


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
