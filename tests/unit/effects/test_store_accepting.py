"""What is accepted is kept as it was, once for each key (E1, E2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases.shelf import Shelf
from sqlalchemy import text

from webhook_service.effects.effect import (
    Args,
    Cause,
    Done,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    NewEffect,
    RevokeTokens,
    State,
)
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError

AT = datetime(2026, 11, 25, 9, 30, 1, 234567, UTC)
SUBJECT = "9f425a8d-7efc-4768-8f23-7647a74fdf13"

EVERY_KIND: list[tuple[Kind, Args]] = [
    (
        Kind.EXTEND_SESSION,
        ExtendSession(SUBJECT, None, AT, {"event": "hydra.token", "facts": {"token.amr": ["pwd"]}}),
    ),
    (
        Kind.END_SESSION,
        EndSession(SUBJECT, "a session", None, Cause.STEP_UP_WITHIN, 'Küche "now"', AT, AT),
    ),
    (
        Kind.END_SESSION,
        EndSession(SUBJECT, None, AT, Cause.MAX_AGE, "a rule", AT, AT),
    ),
    (Kind.END_OTHER_SESSIONS, EndSessions(SUBJECT, "a session", AT)),
    (Kind.END_ALL_SESSIONS, EndSessions(SUBJECT, None, AT, spares_recovery=True)),
    (Kind.REVOKE_TOKENS, RevokeTokens(SUBJECT, "a client", AT)),
]


@pytest.mark.parametrize(("kind", "args"), EVERY_KIND)
def test_an_effect_is_kept_as_it_was_accepted(shelf: Shelf, kind: Kind, args: Args) -> None:
    """To the microsecond: times of Ory's are compared with what it says later."""
    new = NewEffect(
        key="the key",
        kind=kind,
        lane="the lane",
        args=args,
        due=AT,
        counts_from=None if kind is Kind.EXTEND_SESSION else AT + timedelta(microseconds=1),
        deadline=AT + timedelta(days=1),
        trace="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    begun = shelf.now()
    assert shelf.store.accept([new]) == {"the key"}
    (kept,) = shelf.store.list()
    assert abs(kept.created - begun) < timedelta(seconds=5)
    assert kept == Effect(
        seq=kept.seq,
        key="the key",
        kind=kind,
        lane="the lane",
        args=args,
        state=State.PENDING,
        due=new.due,
        counts_from=new.counts_from,
        deadline=new.deadline,
        attempts=0,
        created=kept.created,
        trace=new.trace,
    )


def test_the_second_of_a_key_is_not_kept_and_not_new(shelf: Shelf) -> None:
    """E2: the repeat of a hook is answered as the first was, and does nothing more."""
    first = shelf.new("a", lane="one")
    assert shelf.store.accept([first]) == {"a"}
    assert shelf.store.accept([shelf.new("a", lane="two"), shelf.new("b")]) == {"b"}
    assert shelf.find("a").lane == "one"
    assert len(shelf.store.list()) == 2


def test_a_key_that_comes_twice_in_a_batch_is_kept_once(shelf: Shelf) -> None:
    batch = [shelf.new("b"), shelf.new("a", lane="one"), shelf.new("a", lane="two")]
    assert shelf.store.accept(batch) == {"a", "b"}
    assert shelf.find("a").lane == "one"


def test_a_batch_is_written_in_the_order_of_its_keys(shelf: Shelf) -> None:
    """Two batches that share keys would otherwise wait for each other in PostgreSQL."""
    shelf.store.accept([shelf.new("b"), shelf.new("c"), shelf.new("a")])
    assert [effect.key for effect in shelf.store.list()] == ["c", "b", "a"]


def test_a_done_effect_still_holds_its_key(shelf: Shelf) -> None:
    shelf.accept("a")
    shelf.finish(shelf.claim_one())
    assert shelf.store.accept([shelf.new("a")]) == frozenset()
    assert shelf.state("a") is State.DONE


def test_a_purged_effect_leaves_its_key_free(shelf: Shelf) -> None:
    shelf.accept("a")
    shelf.finish(shelf.claim_one(), Done("done"))
    number = shelf.find("a").seq
    shelf.pass_time(timedelta(seconds=1))
    assert shelf.store.purge(keep_done=timedelta(), keep_failed=timedelta(), limit=9) == 1
    assert shelf.store.accept([shelf.new("a")]) == {"a"}
    assert shelf.find("a").seq > number, "a number names one effect for good"


def test_a_batch_is_kept_whole_or_not_at_all(shelf: Shelf) -> None:
    with pytest.raises(DatabaseError):
        shelf.store.accept([shelf.new("a"), shelf.new("b", lane="\ud800"), shelf.new("c")])
    assert shelf.store.list() == ()


def test_a_thousand_effects_are_kept_in_one_batch(shelf: Shelf) -> None:
    keys = {f"key {number}" for number in range(2500)}
    assert shelf.store.accept([shelf.new(key) for key in keys]) == keys


def test_to_accept_nothing_tells_whether_anything_would_be_kept(tmp_path: Path) -> None:
    missing = SqlStore(open_engine(f"sqlite:///{tmp_path}/missing.db"), lambda: AT)
    with pytest.raises(DatabaseError):
        missing.accept([])


def test_to_accept_nothing_leaves_nothing_behind(shelf: Shelf) -> None:
    """Not even a number that is used up: an operator would ask where its effect is."""
    shelf.accept("a")
    assert shelf.store.accept([]) == frozenset()
    shelf.accept("b")
    assert [effect.seq for effect in shelf.store.list()] == [
        shelf.find("a").seq + i for i in (1, 0)
    ]
    with shelf.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM effects")) == 2
