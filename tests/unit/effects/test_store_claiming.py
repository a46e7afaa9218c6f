"""Who gets which effect: due ones, oldest first, one of a lane, for as long as a lease (E4, E5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases.shelf import DONE, HOUR, LEASE, SECOND, Shelf

from webhook_service.effects.effect import Done, Retry, State, Unreadable
from webhook_service.effects.keeping import Ended


def test_an_effect_is_claimed_when_it_is_due(shelf: Shelf) -> None:
    shelf.accept("a", due_in=HOUR)
    assert shelf.claim() == []
    shelf.pass_time(HOUR)
    assert shelf.claim() == ["a"]


def test_a_claimed_effect_is_running_and_says_whose_it_is(shelf: Shelf) -> None:
    shelf.accept("a")
    (claimed,) = shelf.turn(owner="web-1:4711").claimed
    assert claimed.state is State.RUNNING
    assert claimed.token is not None
    assert claimed.owner == "web-1:4711"
    kept = shelf.find("a")
    assert abs(kept.due - shelf.now() - LEASE) < SECOND
    assert claimed == replace(kept, due=claimed.due)


def test_a_claimed_effect_says_since_when_it_has_been_due(shelf: Shelf) -> None:
    """So that whoever does it knows how late it is."""
    shelf.accept("a", due_in=-HOUR)
    due = shelf.find("a").due
    assert shelf.claim_one().due == due


def test_nobody_else_gets_an_effect_while_its_lease_goes_on(shelf: Shelf) -> None:
    shelf.accept("a")
    shelf.claim()
    shelf.pass_time(LEASE - 5 * SECOND)
    assert shelf.claim() == []
    assert shelf.state("a") is State.RUNNING


def test_the_effect_of_a_worker_that_died_is_claimed_again(shelf: Shelf) -> None:
    """E4: without a janitor; the lease ends by itself."""
    shelf.accept("a")
    first = shelf.claim_one()
    shelf.pass_time(LEASE)
    assert shelf.state("a") is State.PENDING
    second = shelf.claim_one()
    assert second.key == "a"
    assert second.token != first.token


def test_a_worker_that_comes_late_changes_nothing(shelf: Shelf) -> None:
    """E4: what it held is another's by now."""
    shelf.accept("a")
    late = shelf.claim_one()
    shelf.pass_time(LEASE)
    shelf.claim_one()
    before = shelf.find("a")
    shelf.finish(late)
    shelf.finish(late, Retry("upstream.timeout"), SECOND)
    assert shelf.find("a") == before


def test_a_worker_that_comes_late_is_heard_while_nobody_else_has_the_effect(shelf: Shelf) -> None:
    shelf.accept("a")
    late = shelf.claim_one()
    shelf.pass_time(LEASE)
    shelf.finish(late)
    assert shelf.state("a") is State.DONE


def test_a_worker_gets_as_many_as_it_has_room_for_the_longest_due_first(shelf: Shelf) -> None:
    shelf.accept("third", due_in=-SECOND)
    shelf.accept("first", due_in=-3 * SECOND)
    shelf.accept("second", due_in=-2 * SECOND)
    assert set(shelf.claim(room=2)) == {"first", "second"}
    assert shelf.claim(room=2) == ["third"]


def test_a_worker_without_room_gets_none(shelf: Shelf) -> None:
    shelf.accept("a")
    assert shelf.claim(room=0) == []


def test_of_a_lane_the_oldest_runs_and_the_next_after_it(shelf: Shelf) -> None:
    """E5: by the order in which they were asked for, however long they have been due."""
    shelf.accept("old", lane="L", due_in=-SECOND)
    shelf.accept("new", lane="L", due_in=-HOUR)
    held = shelf.claim_one()
    assert held.key == "old"
    assert shelf.claim() == []
    turn = shelf.turn(Ended(held, DONE))
    assert [effect.key for effect in turn.claimed] == ["new"], "in the turn that made room"


def test_an_effect_that_waits_for_its_next_try_holds_up_nobody(shelf: Shelf) -> None:
    """E5: Kratos may refuse one ending for hours; the others of that person go on."""
    shelf.accept("old", "new", lane="L")
    held = shelf.claim_one()
    turn = shelf.turn(Ended(held, Retry("upstream.timeout"), HOUR))
    assert [effect.key for effect in turn.claimed] == ["new"]
    shelf.pass_time(HOUR)
    assert shelf.claim() == ["old"]


def test_an_effect_that_waits_for_its_own_time_holds_up_nobody(shelf: Shelf) -> None:
    shelf.accept("cap", lane="L", due_in=HOUR)
    shelf.accept("now", lane="L")
    assert shelf.claim() == ["now"]


def test_a_lane_whose_worker_died_goes_on_with_its_oldest(shelf: Shelf) -> None:
    shelf.accept("old", "new", lane="L")
    assert shelf.claim() == ["old"]
    shelf.pass_time(LEASE)
    assert shelf.claim() == ["old"]
    assert shelf.claim() == []


def test_an_ended_effect_holds_up_nobody(shelf: Shelf) -> None:
    shelf.accept("cancelled", "next", lane="L")
    shelf.store.cancel(shelf.find("cancelled").seq)
    assert shelf.claim() == ["next"]
    assert shelf.claim() == []


def test_lanes_run_beside_each_other(shelf: Shelf) -> None:
    shelf.accept("a", "b", lane="L")
    shelf.accept("c", "d", lane="M")
    assert shelf.claim() == ["a", "c"]


def test_the_next_turn_is_due_when_the_next_effect_is(shelf: Shelf) -> None:
    shelf.accept("later", due_in=2 * HOUR)
    shelf.accept("sooner", due_in=HOUR)
    next_due = shelf.turn().next_due
    assert next_due is not None
    assert abs(next_due - HOUR) < SECOND


@pytest.mark.parametrize("room", [0, 8])
def test_the_next_turn_does_not_wait_for_leases(shelf: Shelf, room: int) -> None:
    shelf.accept("held", "behind it", lane="L")
    shelf.claim()
    assert shelf.turn(room=room).next_due is None
    shelf.accept("later", due_in=HOUR)
    next_due = shelf.turn(room=room).next_due
    assert next_due is not None
    assert next_due > HOUR - SECOND, "neither at once nor when the lease ends"


def test_nothing_is_due_where_nothing_is_kept(shelf: Shelf) -> None:
    turn = shelf.turn()
    assert turn.claimed == ()
    assert turn.next_due is None


def test_the_next_try_counts_into_when_the_next_turn_is_due(shelf: Shelf) -> None:
    shelf.accept("a")
    ended = Ended(shelf.claim_one(), Retry("upstream.timeout"), HOUR)
    next_due = shelf.turn(ended).next_due
    assert next_due is not None
    assert abs(next_due - HOUR) < SECOND


@pytest.mark.parametrize("args", ["{", "[]", '{"subject": "x"}', "null", "[" * 100_000])
def test_an_effect_that_cannot_be_read_fails_and_holds_up_nobody(shelf: Shelf, args: str) -> None:
    shelf.accept("broken", "next", lane="L")
    shelf.accept("other")
    shelf.execute("UPDATE effects SET args = :args WHERE key = 'broken'", args=args)
    assert shelf.claim() == ["other"]
    broken = shelf.find("broken")
    assert broken.state is State.FAILED
    assert broken.reason == "effect.unreadable"
    assert broken.attempts == 0
    assert broken.args == Unreadable("broken")
    assert shelf.claim() == ["next"]


def test_effects_of_a_later_version_are_left_to_it(shelf: Shelf) -> None:
    """Two versions run side by side while one takes the place of the other."""
    shelf.accept("from the future", "other", lane="L")
    shelf.execute("UPDATE effects SET kind = 'send_a_letter' WHERE key = 'from the future'")
    number = shelf.find("other").seq - 1
    assert shelf.store.show(number) is None
    assert shelf.turn(room=0).next_due is None
    assert set(shelf.store.counts().by_state.values()) == {1}
    shelf.finish(shelf.claim_one(), Done("done"))
    shelf.execute("UPDATE effects SET kind = 'end_session' WHERE seq = :seq", seq=number)
    assert shelf.state("from the future") is State.PENDING
