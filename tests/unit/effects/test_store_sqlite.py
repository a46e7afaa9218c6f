"""SQLite as the store needs it: nothing accepted is lost, and nobody waits for long."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from webhook_service.effects.effect import EndSessions, Kind, NewEffect
from webhook_service.effects.store import database
from webhook_service.effects.store.database import open_engine, shown
from webhook_service.effects.store.schema import upgrade
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError, Trouble

AT = datetime(2026, 11, 25, tzinfo=UTC)


def _new(key: str = "key") -> NewEffect:
    args = EndSessions("a person", None, AT)
    return NewEffect(key, Kind.END_ALL_SESSIONS, "lane", args, AT, AT, AT)


@pytest.fixture
def path(sqlite_database: str) -> Path:
    return Path(sqlite_database.removeprefix("sqlite:///"))


@pytest.fixture
def engine(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine that waits for others a short time only."""
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    engine = open_engine(sqlite_database)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return SqlStore(engine, lambda: AT)


@pytest.mark.parametrize(("name", "value"), [("journal_mode", "wal"), ("synchronous", 2)])
def test_a_commit_survives_a_power_cut(engine: Engine, name: str, value: object) -> None:
    """Where the disk keeps its promises: 2 is FULL."""
    with engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {name}")) == value


def test_who_writes_does_not_keep_others_from_reading(store: SqlStore, path: Path) -> None:
    """E7: the token hook reads while the worker writes."""
    store.accept([_new()])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM effects")
        assert [effect.key for effect in store.list()] == ["key"]


def test_a_writer_that_holds_on_is_waited_for_so_long_and_no_longer(
    store: SqlStore, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError) as raised:
            store.accept([_new()])
    assert raised.value.trouble is Trouble.LOCKED
    assert store.accept([_new()]) == {"key"}, "it heals by itself"


def test_a_writer_that_lets_go_in_time_is_waited_for(
    sqlite_database: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 20.0)
    engine = open_engine(sqlite_database)
    begins = threading.Event()

    @event.listens_for(engine, "checkout")
    def tell(*_: object) -> None:
        begins.set()

    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")

        def let_go() -> None:
            assert begins.wait(10)
            other.execute("ROLLBACK")

        thread = threading.Thread(target=let_go)
        thread.start()
        assert SqlStore(engine, lambda: AT).accept([_new()]) == {"key"}
        thread.join()
    engine.dispose()


def test_a_turn_with_nothing_to_do_leaves_the_lock_alone(store: SqlStore, path: Path) -> None:
    """Every process of a machine looks ten times a second."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.turn((), room=8, lease=timedelta(seconds=30), owner="me").claimed == ()


def test_more_threads_than_connections_wait_for_each_other_so_long(
    store: SqlStore, engine: Engine
) -> None:
    taken = [engine.connect() for _ in range(14)]  # as many as the pool lends at once
    with pytest.raises(DatabaseError) as raised:
        store.any_ending()
    assert raised.value.trouble is Trouble.LOCKED
    for connection in taken:
        connection.close()
    assert not store.any_ending()


def test_a_full_disk_is_told_from_others(store: SqlStore, engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def fill(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    with pytest.raises(DatabaseError) as raised:
        store.accept([_new(f"key {number}") for number in range(1000)])
    assert raised.value.trouble is Trouble.FULL
    assert store.list() == ()


def test_a_file_that_takes_no_writes_is_told_from_others(store: SqlStore, engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def protect(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    for effects in [_new()], []:
        with pytest.raises(DatabaseError) as raised:
            store.accept(effects)
        assert raised.value.trouble is Trouble.READ_ONLY


def test_a_file_that_is_no_database_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\n" * 100)
    with pytest.raises(DatabaseError) as raised:
        upgrade(f"sqlite:///{path}")
    assert raised.value.trouble is Trouble.UNREACHABLE
    assert path.read_text() == "version: 1\n" * 100


def test_a_relative_path_counts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade("sqlite:///here.db")
    engine = open_engine("sqlite:///here.db")
    monkeypatch.chdir("/")
    assert SqlStore(engine, lambda: AT).list() == ()
    engine.dispose()
    assert (tmp_path / "here.db").exists()


@pytest.mark.parametrize("name", ["50% off.db", "what?.db", "no#1.db", "ümlaut & co.db"])
def test_any_name_can_be_a_files(tmp_path: Path, name: str) -> None:
    quoted = name.replace("?", "%3F")
    upgrade(f"sqlite:///{tmp_path}/{quoted}")
    assert {path.name for path in tmp_path.iterdir()} <= {name, f"{name}-wal", f"{name}-shm"}
    assert (tmp_path / name).exists()


def test_a_file_is_shown_as_it_was_named() -> None:
    assert shown("sqlite:///webhook-service.db") == "webhook-service.db"
    assert shown("sqlite:////var/lib/effects.db") == "/var/lib/effects.db"


def test_no_endings_is_no_answer_of_a_file_without_tables(tmp_path: Path) -> None:
    """The quick look fails first, and what it fails of is explained by the usual one."""
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE other (a)")
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(DatabaseError) as caught:
        SqlStore(engine, lambda: AT).endings_of("a person")
    assert caught.value.trouble is Trouble.SCHEMA
    engine.dispose()
