"""PostgreSQL as the store needs it: many machines, poolers, connections that die."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from databases.shelf import LEASE, SECOND, Shelf
from sqlalchemy import Connection, Engine, event, text

from webhook_service.effects.effect import EndSessions, Kind, NewEffect
from webhook_service.effects.store import database
from webhook_service.effects.store.database import open_engine, shown
from webhook_service.effects.store.queries import Queries
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError, Trouble

pytestmark = pytest.mark.postgres

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def engine(postgres_database: str) -> Iterator[Engine]:
    engine = open_engine(postgres_database)
    yield engine
    engine.dispose()


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    """A shelf in a database of its own, for a test that hurts it."""
    return Shelf(engine)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_can_be_written_as_platforms_do(postgres_database: str, scheme: str) -> None:
    engine = open_engine(postgres_database.replace("postgresql", scheme))
    assert not SqlStore(engine, lambda: LONG_AGO).any_ending()
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://u:secret@db.internal:5433/name", "postgresql://db.internal:5433/name"),
        ("postgresql://db/name?password=secret", "postgresql://db/name"),
        ("postgresql://?host=/run/postgresql", "postgresql:///"),
    ],
)
def test_an_address_is_shown_without_what_it_may_hold(url: str, said: str) -> None:
    assert shown(url) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("application_name", "webhook-service"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("transaction_isolation", "read committed"),
    ],
)
def test_a_connection_is_one_that_an_operator_knows_and_that_ends(
    engine: Engine, name: str, value: str
) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text(f"SHOW {name}")) == value


def test_what_the_address_says_holds(postgres_database: str) -> None:
    engine = open_engine(f"{postgres_database}?application_name=mine&options=-c%20work_mem%3D5MB")
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW application_name")) == "mine"
        assert connection.scalar(text("SHOW work_mem")) == "5MB"
    engine.dispose()


def test_a_transaction_means_the_same_whatever_the_database_prefers(
    engine: Engine, postgres_database: str
) -> None:
    name = postgres_database.rpartition("/")[2]
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
        )
    engine.dispose()
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"


def test_the_clock_is_the_databases(engine: Engine) -> None:
    """Several machines share one, however wrong theirs are."""
    store = SqlStore(engine, lambda: LONG_AGO)
    now = datetime.now(UTC)
    args = EndSessions("a person", None, now)
    due = NewEffect("due", Kind.END_ALL_SESSIONS, "L", args, now, now, now + LEASE)
    ahead = NewEffect("ahead", Kind.END_ALL_SESSIONS, "M", args, now + LEASE, None, now + LEASE)
    store.accept([due, ahead])
    turn = store.turn((), room=8, lease=LEASE, owner="me")
    (claimed,) = turn.claimed
    assert claimed.key == "due"
    assert abs(claimed.created - now) < 10 * SECOND
    assert turn.next_due is not None
    assert timedelta() < turn.next_due <= LEASE


def test_a_connection_that_died_unseen_costs_nothing(shelf: Shelf, postgres_database: str) -> None:
    """A pooler or a firewall ends idle ones; the server was started anew meanwhile."""
    shelf.accept("a")
    with psycopg.connect(postgres_database, autocommit=True) as other:
        other.execute(END_THE_OTHERS)
        assert shelf.store.accept([shelf.new("b")]) == {"b"}
        other.execute(END_THE_OTHERS)
        assert shelf.store.any_ending()


def test_a_connection_that_dies_again_and_again_is_a_failure(
    shelf: Shelf, engine: Engine, postgres_database: str
) -> None:
    shelf.accept("a")
    with psycopg.connect(postgres_database, autocommit=True) as other:

        @event.listens_for(engine, "checkout")
        def cut(*_: object) -> None:
            other.execute(END_THE_OTHERS)

        with pytest.raises(DatabaseError) as raised:
            shelf.store.any_ending()
    assert raised.value.trouble is Trouble.UNREACHABLE


def test_a_commit_that_breaks_off_is_not_repeated(
    shelf: Shelf, engine: Engine, postgres_database: str
) -> None:
    """It may have come through. Whoever asks again with the same key finds out (E2)."""
    commits: list[str] = []
    with psycopg.connect(postgres_database, autocommit=True) as other:

        @event.listens_for(engine, "commit")
        def cut(_connection: Connection) -> None:
            commits.append("commit")
            other.execute(END_THE_OTHERS)

        with pytest.raises(DatabaseError) as raised:
            shelf.store.accept([shelf.new("a")])
    assert raised.value.trouble is Trouble.UNREACHABLE
    assert commits == ["commit"]
    event.remove(engine, "commit", cut)
    assert shelf.store.accept([shelf.new("a")]) == {"a"}


def test_a_server_that_takes_no_writes_is_told_from_others(
    shelf: Shelf, engine: Engine, postgres_database: str
) -> None:
    """A replica, or what was the primary before a failover."""
    name = postgres_database.rpartition("/")[2]
    shelf.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    engine.dispose()
    assert not shelf.store.any_ending()
    for effects in [shelf.new("a")], []:
        with pytest.raises(DatabaseError) as raised:
            shelf.store.accept(effects)
        assert raised.value.trouble is Trouble.READ_ONLY


def test_a_row_that_another_holds_is_not_waited_for_without_end(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.1)
    engine = open_engine(postgres_database)
    shelf = Shelf(engine)
    shelf.accept("a")
    with psycopg.connect(postgres_database) as other:
        other.execute("SELECT * FROM effects FOR UPDATE")
        with pytest.raises(DatabaseError) as raised:
            shelf.store.cancel(shelf.find("a").seq)
        assert raised.value.trouble is Trouble.LOCKED
        assert shelf.claim() == [], "a claim passes it over instead"
    assert shelf.claim() == ["a"]
    engine.dispose()


def test_a_text_that_the_server_cannot_hold_is_refused(shelf: Shelf) -> None:
    with pytest.raises(DatabaseError) as raised:
        shelf.accept("a\0b")
    assert raised.value.trouble is Trouble.FAILED


def test_more_threads_than_connections_wait_for_each_other_so_long(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    engine = open_engine(postgres_database)
    taken = [engine.connect() for _ in range(database.CONNECTIONS)]
    with pytest.raises(DatabaseError) as raised:
        SqlStore(engine, lambda: LONG_AGO).any_ending()
    assert raised.value.trouble is Trouble.LOCKED
    for connection in taken:
        connection.close()
    engine.dispose()


def _candidates(connection: Connection) -> list[int]:
    return [row.seq for row in connection.execute(Queries("postgresql").candidates, {"room": 8})]


def _claimed(connection: Connection, numbers: list[int]) -> list[Any]:
    parameters = {
        "numbers": numbers,
        "lease": 30_000_000,
        "new_token": "token",
        "new_owner": "another",
    }
    return list(connection.execute(Queries("postgresql").claim, parameters))


def test_a_lane_that_another_worker_is_claiming_from_is_left_alone(
    shelf: Shelf, engine: Engine
) -> None:
    """What it claims is not seen before its commit, but that it does is."""
    shelf.accept("old", lane="L", due_in=-SECOND)
    with engine.connect() as another:
        assert _claimed(another, _candidates(another))
        # Accepted meanwhile, with a smaller number: numbers are given before commits.
        shelf.accept("older", lane="L")
        shelf.accept("elsewhere", lane="M")
        shelf.execute("UPDATE effects SET seq = 0 WHERE key = 'older'")
        assert shelf.claim() == ["elsewhere"]
        another.commit()
    assert shelf.claim() == []


def test_a_lane_is_looked_at_once_more_before_it_is_claimed_from(
    shelf: Shelf, engine: Engine
) -> None:
    """Another worker may have claimed from it between the look and the lock."""
    shelf.accept("old", "new", lane="L")
    with engine.connect() as another:
        shelf.store.cancel(shelf.find("old").seq)
        numbers = _candidates(another)
        another.rollback()
        assert shelf.store.retry(shelf.find("old").seq)
        assert shelf.claim() == ["old"]
        assert _claimed(another, numbers) == []


def test_batches_that_share_keys_do_not_wait_for_each_other_in_a_circle(
    shelf: Shelf, postgres_database: str
) -> None:
    """Each commits in the order of the keys, whatever order it was given."""
    rounds = 8
    barrier = threading.Barrier(2)
    new: list[int] = []

    def accept(keys: list[str]) -> None:
        for number in range(rounds):
            batch = [shelf.new(f"{key} {number}", lane="L") for key in keys]
            barrier.wait(10)
            new.append(len(shelf.store.accept(batch)))

    keys = [f"key {number:03}" for number in range(500)]
    threads = [
        threading.Thread(target=accept, args=(order,)) for order in (keys, list(reversed(keys)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(new) == rounds * len(keys)
    assert len(new) == 2 * rounds
