"""A database that fails does so in fixed words, with a reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import ArgumentError, DBAPIError

from webhook_service.effects.effect import EndSessions, Kind, NewEffect
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.store.database import open_engine, open_to_upgrade
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError, Trouble, explained

AT = datetime(2026, 11, 25, tzinfo=UTC)
NEW = NewEffect("key", Kind.END_ALL_SESSIONS, "lane", EndSessions("a person", None, AT), AT, AT, AT)

METHODS: list[Callable[[SqlStore], object]] = [
    lambda store: store.accept([NEW]),
    lambda store: store.turn((), room=1, lease=timedelta(1), owner="me"),
    lambda store: store.endings_of("a person"),
    lambda store: store.any_ending(),
    lambda store: store.show(1),
    lambda store: store.list(),
    lambda store: store.retry(1),
    lambda store: store.cancel(1),
    lambda store: store.counts(),
    lambda store: store.purge(keep_done=timedelta(), keep_failed=timedelta(), limit=1),
]


def test_every_method_says_that_the_tables_are_missing(empty_database: str) -> None:
    engine = open_to_upgrade(empty_database)
    for method in METHODS:
        with pytest.raises(StoreUnavailableError, match="does not have the tables of this version"):
            method(SqlStore(engine, lambda: AT))
    engine.dispose()


def test_every_method_says_that_the_server_is_away() -> None:
    engine = open_engine("postgresql://user:secret@127.0.0.1:1/name")
    for method in METHODS:
        with pytest.raises(StoreUnavailableError, match="cannot be reached or opened") as raised:
            method(SqlStore(engine, lambda: AT))
        assert isinstance(raised.value, DatabaseError)
        assert raised.value.trouble is Trouble.UNREACHABLE


def test_what_a_driver_says_of_a_connection_stands_apart() -> None:
    """It names the server: for who started a command, not for a log."""
    engine = open_engine("postgresql://user:secret@127.0.0.1:1/name")
    with pytest.raises(DatabaseError) as raised:
        SqlStore(engine, lambda: AT).any_ending()
    assert str(raised.value) == (
        "the database cannot be reached or opened, or refuses the connection (OperationalError)"
    )
    assert raised.value.detail is not None
    assert 'server at "127.0.0.1", port 1' in raised.value.detail
    assert "secret" not in raised.value.detail
    assert raised.value.__suppress_context__, "the traceback would show it"


def test_an_address_with_an_unknown_option_makes_no_connection() -> None:
    engine = open_engine("postgresql://127.0.0.1:1/name?colour=blue")
    with pytest.raises(DatabaseError) as raised:
        SqlStore(engine, lambda: AT).any_ending()
    assert raised.value.trouble is Trouble.UNREACHABLE
    assert raised.value.detail == 'invalid connection option "colour"'


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (errors.SerializationFailure, Trouble.LOCKED),
        (errors.DeadlockDetected, Trouble.LOCKED),
        (errors.LockNotAvailable, Trouble.LOCKED),
        (errors.QueryCanceled, Trouble.LOCKED),
        (errors.DiskFull, Trouble.FULL),
        (errors.ReadOnlySqlTransaction, Trouble.READ_ONLY),
        (errors.UndefinedTable, Trouble.SCHEMA),
        (errors.UndefinedColumn, Trouble.SCHEMA),
        (errors.ConnectionFailure, Trouble.UNREACHABLE),
        (errors.InvalidPassword, Trouble.UNREACHABLE),
        (errors.InvalidCatalogName, Trouble.UNREACHABLE),
        (errors.TooManyConnections, Trouble.UNREACHABLE),
        (errors.OutOfMemory, Trouble.UNREACHABLE),
        (errors.AdminShutdown, Trouble.UNREACHABLE),
        (errors.CannotConnectNow, Trouble.UNREACHABLE),
        (errors.InsufficientPrivilege, Trouble.FAILED),
        (errors.UniqueViolation, Trouble.FAILED),
    ],
)
def test_postgresql_says_why_by_its_codes(error: type[psycopg.Error], trouble: Trouble) -> None:
    with pytest.raises(DatabaseError) as raised, explained():
        raise DBAPIError("SELECT secret", {"secret": 1}, error("secret"))
    assert raised.value.trouble is trouble
    assert str(raised.value).endswith(f" ({error.sqlstate})")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("SQLITE_BUSY", Trouble.LOCKED),
        ("SQLITE_BUSY_SNAPSHOT", Trouble.LOCKED),
        ("SQLITE_LOCKED_SHAREDCACHE", Trouble.LOCKED),
        ("SQLITE_FULL", Trouble.FULL),
        ("SQLITE_READONLY_DBMOVED", Trouble.READ_ONLY),
        ("SQLITE_CANTOPEN", Trouble.UNREACHABLE),
        ("SQLITE_IOERR_WRITE", Trouble.UNREACHABLE),
        ("SQLITE_CORRUPT", Trouble.UNREACHABLE),
        ("SQLITE_NOTADB", Trouble.UNREACHABLE),
        ("SQLITE_PERM", Trouble.UNREACHABLE),
        ("SQLITE_ERROR", Trouble.SCHEMA),
        ("SQLITE_CONSTRAINT_NOTNULL", Trouble.FAILED),
    ],
)
def test_sqlite_says_why_by_its_codes(name: str, trouble: Trouble) -> None:
    error = sqlite3.OperationalError("secret")
    error.sqlite_errorname = name
    with pytest.raises(DatabaseError) as raised, explained():
        raise DBAPIError("SELECT secret", {"secret": 1}, error)
    assert raised.value.trouble is trouble
    assert str(raised.value).endswith(f" ({name})")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (psycopg.OperationalError("consuming input failed"), Trouble.UNREACHABLE),
        (psycopg.DataError("text fields cannot contain NUL"), Trouble.FAILED),
    ],
)
def test_an_error_without_a_code_is_told_by_its_kind(
    error: psycopg.Error, trouble: Trouble
) -> None:
    with pytest.raises(DatabaseError) as raised, explained():
        raise DBAPIError("SELECT 1", {}, error)
    assert raised.value.trouble is trouble
    assert raised.value.detail is None


def test_whatever_else_the_library_raises_is_a_failure() -> None:
    said = r"refuses what it was asked to do \(ArgumentError\)$"
    with pytest.raises(DatabaseError, match=said), explained():
        raise ArgumentError("secret")
