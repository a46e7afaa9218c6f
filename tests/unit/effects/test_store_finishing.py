"""How a try came out, and what becomes of the effect (E6, E8)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from databases.shelf import HOUR, LEASE, SECOND, Shelf

from webhook_service.effects.effect import (
    LIFETIME,
    Done,
    EndSessions,
    Failed,
    Kind,
    Later,
    Result,
    Retry,
    RevokeTokens,
    State,
)
from webhook_service.effects.keeping import Ended


@pytest.mark.parametrize(
    ("result", "state"), [(Done("ended"), State.DONE), (Failed("upstream.invalid"), State.FAILED)]
)
def test_an_effect_ends_as_its_try_did(shelf: Shelf, result: Result, state: State) -> None:
    shelf.accept("a")
    claimed = shelf.claim_one()
    shelf.finish(claimed, result)
    ended = shelf.find("a")
    assert ended.state is state
    assert ended.reason == (result.what if isinstance(result, Done) else "upstream.invalid")
    assert ended.attempts == 1
    assert ended.ended is not None
    assert abs(ended.ended - shelf.now()) < 5 * SECOND
    assert ended.token is None
    assert ended.owner is None
    shelf.pass_time(timedelta(days=2))
    assert shelf.claim() == []


def test_a_failed_try_is_repeated_after_its_back_off(shelf: Shelf) -> None:
    shelf.accept("a")
    shelf.finish(shelf.claim_one(), Retry("upstream.timeout"), 40 * SECOND)
    waiting = shelf.find("a")
    assert waiting.state is State.PENDING
    assert waiting.reason == "upstream.timeout"
    assert waiting.attempts == 1
    assert waiting.token is None
    shelf.pass_time(30 * SECOND)
    assert shelf.claim() == []
    shelf.pass_time(10 * SECOND)
    again = shelf.claim_one()
    assert again.attempts == 1
    shelf.finish(again, Retry("upstream.busy"))
    assert shelf.find("a").attempts == 2


def test_a_try_that_would_come_after_the_deadline_is_not_made(shelf: Shelf) -> None:
    """E6: it failed, for the reason of its last try."""
    shelf.accept("a", deadline=shelf.now() + HOUR)
    shelf.finish(shelf.claim_one(), Retry("upstream.timeout"), HOUR - 5 * SECOND)
    assert shelf.state("a") is State.PENDING
    shelf.pass_time(HOUR - 5 * SECOND)
    shelf.finish(shelf.claim_one(), Retry("upstream.busy"), 10 * SECOND)
    failed = shelf.find("a")
    assert failed.state is State.FAILED
    assert failed.reason == "upstream.busy"
    assert failed.attempts == 2
    assert failed.ended is not None


def test_an_effect_that_is_put_off_comes_again_with_what_is_known_now(shelf: Shelf) -> None:
    """E8: a step-up moved the cap, say. That was no failed try."""
    shelf.accept("a")
    claimed = shelf.claim_one()
    args = EndSessions("a", "the session", shelf.now())
    at = shelf.now() + HOUR
    shelf.finish(claimed, Later(at, args=args))
    waiting = shelf.find("a")
    assert waiting.args == args
    assert waiting.due == at
    assert waiting.counts_from == at, "until then it is not true"
    assert waiting.state is State.PENDING
    assert waiting.attempts == 0
    assert waiting.token is None
    assert waiting.deadline == at + LIFETIME
    assert shelf.claim() == []
    shelf.pass_time(HOUR)
    assert shelf.claim_one().args == args


def test_an_effect_that_is_put_off_loses_no_time_to_be_tried_in(shelf: Shelf) -> None:
    deadline = shelf.now() + timedelta(days=3)
    shelf.accept("a", deadline=deadline)
    shelf.finish(
        shelf.claim_one(), Later(shelf.now() + HOUR, args=EndSessions("a", None, shelf.now()))
    )
    assert abs(shelf.find("a").deadline - deadline) < SECOND


def test_an_effect_that_ends_nothing_still_does_not_once_put_off(shelf: Shelf) -> None:
    args = RevokeTokens("a", None, shelf.now())
    shelf.accept("a", kind=Kind.REVOKE_TOKENS, args=args, counts_from=None)
    shelf.finish(shelf.claim_one(), Later(shelf.now() + HOUR, args=args))
    assert shelf.find("a").counts_from is None


def test_an_effect_can_be_put_off_to_the_end_of_time(shelf: Shelf) -> None:
    at = datetime.max.replace(tzinfo=shelf.now().tzinfo)
    shelf.accept("a")
    shelf.finish(shelf.claim_one(), Later(at, args=EndSessions("a", None, shelf.now())))
    assert shelf.find("a").due == at
    assert shelf.find("a").deadline == at


def test_many_tries_are_recorded_in_one_turn(shelf: Shelf) -> None:
    shelf.accept("a", "b", "c", "d", "e")
    by_key = {effect.key: effect for effect in shelf.turn().claimed}
    shelf.turn(
        Ended(by_key["a"], Done("ended")),
        Ended(by_key["b"], Retry("upstream.timeout"), HOUR),
        Ended(by_key["c"], Failed("upstream.invalid")),
        Ended(by_key["d"], Later(shelf.now() + HOUR, args=by_key["d"].args)),
        Ended(by_key["e"], Done("not_needed")),
    )
    states = {key: (shelf.find(key).state, shelf.find(key).reason) for key in by_key}
    assert states == {
        "a": (State.DONE, "ended"),
        "b": (State.PENDING, "upstream.timeout"),
        "c": (State.FAILED, "upstream.invalid"),
        "d": (State.PENDING, None),
        "e": (State.DONE, "not_needed"),
    }


def test_who_shows_no_token_changes_nothing(shelf: Shelf) -> None:
    shelf.accept("a")
    unclaimed = shelf.find("a")
    shelf.finish(unclaimed)
    assert shelf.find("a") == unclaimed


def test_what_an_operator_took_back_stays_taken_back(shelf: Shelf) -> None:
    """The lease was over; its worker comes late, and is not heard any more."""
    shelf.accept("a")
    late = shelf.claim_one()
    shelf.pass_time(LEASE)
    assert shelf.store.cancel(late.seq)
    shelf.finish(late)
    assert shelf.state("a") is State.CANCELLED
