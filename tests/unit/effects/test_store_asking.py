"""What a store tells of what it keeps, and what an operator can do about it (E7, E9, E10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases.shelf import HOUR, LEASE, SECOND, Shelf

from webhook_service.effects.effect import (
    LIFETIME,
    Done,
    EndSessions,
    ExtendSession,
    Failed,
    Kind,
    Retry,
    State,
    lane_of_endings,
)
from webhook_service.effects.keeping import Counts

DAY = timedelta(days=1)


def _endings(shelf: Shelf, subject: str) -> list[str]:
    return [effect.key for effect in shelf.store.endings_of(subject)]


def test_an_ending_counts_from_its_time_on_until_it_is_done(shelf: Shelf) -> None:
    """E7: whether it waits, runs or waits for its next try."""
    shelf.accept("a", due_in=HOUR)
    assert _endings(shelf, "a") == []
    shelf.pass_time(HOUR)
    assert _endings(shelf, "a") == ["a"]
    held = shelf.claim_one()
    assert _endings(shelf, "a") == ["a"]
    shelf.finish(held, Retry("upstream.timeout"), HOUR)
    assert _endings(shelf, "a") == ["a"]
    shelf.pass_time(HOUR)
    shelf.finish(shelf.claim_one())
    assert _endings(shelf, "a") == []


def test_an_ending_counts_before_it_is_due(shelf: Shelf) -> None:
    """What must not be done before the answer (F46) is true all the same."""
    shelf.accept("a", due_in=HOUR, counts_from=shelf.now())
    assert _endings(shelf, "a") == ["a"]
    assert shelf.claim() == []


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_an_ending_that_will_not_be_done_does_not_count(shelf: Shelf, how: str) -> None:
    shelf.accept("a")
    if how == "failed":
        shelf.finish(shelf.claim_one(), Failed("upstream.invalid"))
    else:
        shelf.store.cancel(shelf.find("a").seq)
    assert _endings(shelf, "a") == []
    assert not shelf.store.any_ending()


def test_a_persons_endings_are_told_the_oldest_first_and_nobody_elses(shelf: Shelf) -> None:
    shelf.accept("second", due_in=-SECOND, lane=lane_of_endings("x"))
    shelf.accept("third", due_in=-HOUR, lane=lane_of_endings("x"))
    shelf.accept("another's", lane=lane_of_endings("y"))
    assert _endings(shelf, "x") == ["second", "third"]


def test_any_ending_is_one_that_counts_or_will(shelf: Shelf) -> None:
    assert not shelf.store.any_ending()
    shelf.accept("extension", kind=Kind.EXTEND_SESSION, counts_from=None)
    assert not shelf.store.any_ending()
    shelf.accept("cap", due_in=DAY)
    assert shelf.store.any_ending()


def test_an_effect_is_shown_by_its_number(shelf: Shelf) -> None:
    shelf.accept("a", "b")
    found = shelf.find("b")
    assert shelf.store.show(found.seq) == found
    assert shelf.store.show(999) is None


@pytest.fixture
def one_of_each(shelf: Shelf) -> Shelf:
    """Effects in every state, named by it."""
    shelf.accept("done")
    shelf.finish(shelf.claim_one())
    shelf.accept("failed")
    shelf.finish(shelf.claim_one(), Failed("upstream.invalid"))
    shelf.accept("cancelled")
    shelf.store.cancel(shelf.find("cancelled").seq)
    shelf.accept("dropped")
    shelf.claim()
    shelf.pass_time(LEASE)
    shelf.accept("running", lane="R", due_in=-HOUR)
    assert shelf.claim(room=1) == ["running"]
    extension = ExtendSession("pending", None, None, {})
    shelf.accept("pending", kind=Kind.EXTEND_SESSION, args=extension, counts_from=None)
    return shelf


@pytest.mark.parametrize(
    ("states", "keys"),
    [
        ((), ["pending", "running", "dropped", "cancelled", "failed", "done"]),
        ((State.PENDING,), ["pending", "dropped"]),
        ((State.RUNNING,), ["running"]),
        ((State.DONE,), ["done"]),
        ((State.FAILED,), ["failed"]),
        ((State.CANCELLED, State.RUNNING), ["running", "cancelled"]),
    ],
)
def test_effects_are_listed_by_state_newest_first(
    one_of_each: Shelf, states: tuple[State, ...], keys: list[str]
) -> None:
    """An effect whose worker died is pending again."""
    found = one_of_each.store.list(states=frozenset(states))
    assert [effect.key for effect in found] == keys


def test_effects_are_listed_by_kind_and_by_person(one_of_each: Shelf) -> None:
    store = one_of_each.store
    extensions = store.list(kinds=frozenset({Kind.EXTEND_SESSION}))
    assert [effect.key for effect in extensions] == ["pending"]
    both = store.list(kinds=frozenset({Kind.EXTEND_SESSION, Kind.END_ALL_SESSIONS}))
    assert len(both) == 6
    assert [effect.key for effect in store.list(subject="failed")] == ["failed"]
    assert store.list(subject="failed", states=frozenset({State.DONE})) == ()


def test_a_long_list_is_told_in_parts(shelf: Shelf) -> None:
    shelf.accept("a", "b", "c", "d", "e")
    first = shelf.store.list(limit=2)
    second = shelf.store.list(limit=2, before=first[-1].seq)
    assert [effect.key for effect in first + second] == ["e", "d", "c", "b"]


def test_effects_are_counted_by_kind_and_state(one_of_each: Shelf) -> None:
    kind = Kind.END_ALL_SESSIONS
    counts = one_of_each.store.counts()
    assert counts.by_state == {
        (kind, State.DONE): 1,
        (kind, State.FAILED): 1,
        (kind, State.CANCELLED): 1,
        (kind, State.PENDING): 1,
        (kind, State.RUNNING): 1,
        (Kind.EXTEND_SESSION, State.PENDING): 1,
    }


def test_how_late_the_work_is_says_the_effect_that_waits_longest(shelf: Shelf) -> None:
    assert shelf.store.counts() == Counts({}, None)
    shelf.accept("ahead", due_in=HOUR)
    assert shelf.store.counts().oldest_due is None
    shelf.pass_time(2 * HOUR)
    shelf.accept("now")
    late = shelf.store.counts().oldest_due
    assert late is not None
    assert abs(late - HOUR) < SECOND


@pytest.mark.parametrize("how", ["failed", "cancelled", "dropped", "pending"])
def test_an_effect_that_is_retried_begins_anew(one_of_each: Shelf, how: str) -> None:
    shelf = one_of_each
    before = shelf.find(how)
    assert shelf.store.retry(before.seq)
    retried = shelf.find(how)
    assert retried.state is State.PENDING
    assert retried.attempts == 0
    assert retried.ended is None
    assert retried.token is None
    assert retried.reason == before.reason, "why it failed is known until it is tried again"
    assert abs(retried.due - shelf.now()) < 5 * SECOND
    assert abs(retried.deadline - shelf.now() - LIFETIME) < 5 * SECOND
    assert how in shelf.claim()


def test_an_effect_that_waits_for_its_time_can_be_done_now(shelf: Shelf) -> None:
    shelf.accept("a", due_in=HOUR)
    assert shelf.store.retry(shelf.find("a").seq)
    assert shelf.claim() == ["a"]


@pytest.mark.parametrize("how", ["done", "running"])
def test_what_is_done_or_held_is_not_retried(one_of_each: Shelf, how: str) -> None:
    before = one_of_each.find(how)
    assert not one_of_each.store.retry(before.seq)
    assert one_of_each.find(how) == before


@pytest.mark.parametrize("how", ["pending", "dropped"])
def test_an_effect_that_nobody_holds_can_be_cancelled(one_of_each: Shelf, how: str) -> None:
    assert one_of_each.store.cancel(one_of_each.find(how).seq)
    cancelled = one_of_each.find(how)
    assert cancelled.state is State.CANCELLED
    assert cancelled.ended is not None
    assert cancelled.token is None
    assert how not in one_of_each.claim()


@pytest.mark.parametrize("how", ["done", "failed", "cancelled", "running"])
def test_what_has_ended_or_is_held_is_not_cancelled(one_of_each: Shelf, how: str) -> None:
    before = one_of_each.find(how)
    assert not one_of_each.store.cancel(before.seq)
    assert one_of_each.find(how) == before


def test_what_is_not_there_is_neither_retried_nor_cancelled(shelf: Shelf) -> None:
    assert not shelf.store.retry(999)
    assert not shelf.store.cancel(999)


def test_a_number_that_no_database_can_hold_is_that_of_no_effect(shelf: Shelf) -> None:
    assert shelf.store.show(2**63) is None
    assert not shelf.store.retry(2**63)
    assert not shelf.store.cancel(2**63)


def test_what_ended_is_kept_for_its_time(one_of_each: Shelf) -> None:
    """E10: failed ones longer; cancelled ones as long as done ones; pending ones for good."""
    shelf = one_of_each

    def purge() -> int:
        return shelf.store.purge(keep_done=DAY, keep_failed=30 * DAY, limit=100)

    shelf.pass_time(DAY - HOUR)
    assert purge() == 0
    shelf.pass_time(2 * HOUR)
    assert purge() == 2
    assert {effect.key for effect in shelf.store.list()} == {
        "failed",
        "dropped",
        "running",
        "pending",
    }
    shelf.pass_time(30 * DAY)
    assert purge() == 1
    assert {effect.key for effect in shelf.store.list()} == {"dropped", "running", "pending"}


def test_a_purge_deletes_so_many_at_most(one_of_each: Shelf) -> None:
    """E10: in small batches, so that nobody waits for it."""
    one_of_each.pass_time(DAY)

    def purge() -> int:
        return one_of_each.store.purge(keep_done=HOUR, keep_failed=HOUR, limit=2)

    assert [purge(), purge(), purge()] == [2, 1, 0]


def test_an_ending_that_cannot_be_read_is_still_listed(shelf: Shelf) -> None:
    shelf.accept("a", args=EndSessions("a person", None, shelf.now()))
    shelf.execute("UPDATE effects SET args = 'no JSON'")
    assert shelf.store.list()[0].args.subject == "a person"
    shelf.finish(shelf.find("a"), Done("whatever"))
