"""What holds whatever happens: none lost, none done twice, one of a lane at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from databases.shelf import DONE, LEASE, SECOND, Shelf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhook_service.effects.effect import Effect, Failed, Later, Result, Retry, State
from webhook_service.effects.keeping import Ended
from webhook_service.effects.store.sql_store import SqlStore

LANES = ("L", "M")
SECONDS = st.sampled_from([1, 10, 31, 100])

Accept: TypeAlias = tuple[str, str, int]
Step: TypeAlias = tuple[str, int] | Accept

steps = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.sampled_from(LANES), st.sampled_from([-5, 0, 0, 20])),
        st.tuples(st.just("claim"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["done", "failed", "retry", "later"]), st.integers(0, 9)),
        st.tuples(st.just("pass"), SECONDS),
    ),
    max_size=25,
)


@dataclass
class History:
    """What was done with a store, and what it promised then."""

    shelf: Shelf
    accepted: list[str] = field(default_factory=list)
    claims: list[Effect] = field(default_factory=list)
    """Each claim there was; whoever made it may come back at any time."""
    valid: dict[str, str | None] = field(default_factory=dict)
    """The token of who claimed an effect last, until its try is recorded."""
    ended: Counter[str] = field(default_factory=Counter)

    def take(self, step: Step) -> None:
        match step:
            case ("accept", str() as lane, int() as due_in):
                key = f"key {len(self.accepted):02}"
                self.accepted.append(key)
                self.shelf.accept(key, lane=lane, due_in=due_in * SECOND)
            case ("claim", room):
                self._claim(room)
            case ("pass", seconds):
                self.shelf.pass_time(seconds * SECOND)
            case (how, which) if self.claims:
                self._finish(self.claims[which % len(self.claims)], how)

    def _claim(self, room: int) -> None:
        before = {effect.key: effect for effect in self.shelf.store.list(limit=100)}
        busy = {one.lane for one in before.values() if one.state is State.RUNNING}
        claimed = self.shelf.turn(room=room).claimed
        assert len(claimed) <= room
        for effect in claimed:
            assert before[effect.key].state is State.PENDING
            assert effect.lane not in busy, "one of a lane at a time"
            busy.add(effect.lane)
            self.claims.append(effect)
            self.valid[effect.key] = effect.token

    def _finish(self, claim: Effect, how: str) -> None:
        before = self.shelf.find(claim.key)
        result: Result = {
            "done": DONE,
            "failed": Failed("upstream.invalid"),
            "retry": Retry("upstream.timeout"),
            "later": Later(self.shelf.now() + 20 * SECOND, args=claim.args),
        }[how]
        self.shelf.turn(Ended(claim, result, 5 * SECOND), room=0)
        after = self.shelf.find(claim.key)
        if self.valid.get(claim.key) != claim.token:
            assert after == before, "who has no valid token changes nothing"
            return
        self.valid[claim.key] = None
        assert after.token is None
        self.ended[claim.key] += how in {"done", "failed"}

    def check(self) -> None:
        kept = self.shelf.store.list(limit=100)
        assert sorted(effect.key for effect in kept) == sorted(self.accepted), "none is lost"
        running = Counter(effect.lane for effect in kept if effect.state is State.RUNNING)
        assert all(count == 1 for count in running.values())
        for effect in kept:
            has_ended = effect.state in {State.DONE, State.FAILED}
            assert self.ended[effect.key] == has_ended, "none ends twice"

    def drain(self) -> None:
        """Let a worker that does not fail come, and time go on."""
        for _ in range(len(self.accepted) + 1):
            self.shelf.pass_time(2 * LEASE)
            for effect in self.shelf.turn(room=8).claimed:
                self.shelf.finish(effect)
        assert all(effect.ended is not None for effect in self.shelf.store.list(limit=100))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_whatever_happens_each_effect_ends_once_and_lanes_are_kept(
    shelf: Shelf, taken: Sequence[Step]
) -> None:
    """E3 to E5: over any order of accepting, claiming, finishing, late finishing and dying."""
    shelf.empty()
    history = History(shelf)
    for step in taken:
        history.take(step)
        history.check()
    history.drain()


def _work(store: SqlStore, owner: str, claimed: list[str]) -> None:
    """Claim and finish until nothing is left; look, while holding some, at what runs besides."""
    ended: list[Ended] = []
    idle = 0
    while idle < 3:
        turn = store.turn(ended, room=3, lease=LEASE, owner=owner)
        idle = 0 if turn.claimed else idle + 1
        claimed += [effect.key for effect in turn.claimed]
        running = store.list(states=frozenset({State.RUNNING}))
        assert {effect.seq for effect in turn.claimed} <= {effect.seq for effect in running}
        lanes = Counter(effect.lane for effect in running)
        assert all(count == 1 for count in lanes.values()), "one of a lane at a time"
        ended = [Ended(effect, DONE) for effect in turn.claimed]


def test_workers_at_the_same_time_never_hold_one_effect_or_one_lane_twice(shelf: Shelf) -> None:
    shelf.store.accept(
        [shelf.new(f"key {number}", lane=f"lane {number % 5}") for number in range(120)]
    )
    claimed: list[str] = []
    threads = [
        threading.Thread(target=_work, args=(shelf.another_store(), f"worker {number}", claimed))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # A worker goes home when it finds nothing three times; the lanes are few.
    _work(shelf.store, "the last", claimed)
    assert Counter(claimed) == Counter(f"key {number}" for number in range(120))
    assert {effect.state for effect in shelf.store.list(limit=200)} == {State.DONE}


def test_hooks_at_the_same_time_keep_each_effect_once(shelf: Shelf) -> None:
    """E2: Ory's three tries may meet in three processes."""
    new: list[str] = []

    def accept() -> None:
        store = shelf.another_store()
        for number in range(20):
            new.extend(store.accept([shelf.new(f"key {number}"), shelf.new("the same for all")]))

    threads = [threading.Thread(target=accept) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(new) == Counter([*(f"key {number}" for number in range(20)), "the same for all"])


def test_an_effect_is_kept_when_accept_has_returned(shelf: Shelf) -> None:
    """E1: by another connection it is found at once."""
    shelf.accept("a")
    shelf.engine.dispose()
    assert shelf.another_store().turn((), room=1, lease=timedelta(1), owner="me").claimed
