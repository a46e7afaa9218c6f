"""Opens the database, with the settings on which "accepted is kept" rests.

Open it after the fork: a connection belongs to the process that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

CONNECTIONS: Final = 4
"""What the threads of a process that talk to the database have at once: the acceptor, the
worker, and the reads of hooks."""
WAIT_SECONDS: Final = 1.0
"""How long one waits for others: for SQLite's lock, for a connection of the pool."""
UPGRADE_WAIT_SECONDS: Final = 30.0
"""How long a process waits for another one that makes the tables."""
STATEMENT_SECONDS: Final = 10
"""A second line only: nothing here takes as long, and callers have their own limit."""

AUTOCOMMIT: Final = {"isolation_level": "AUTOCOMMIT"}
"""One statement that reads needs no transaction around it."""

_POSTGRES: Final[Mapping[str, str]] = {
    "application_name": "webhook-service",
    "connect_timeout": "2",
    # A server that vanished without a word is noticed within 15 s, not in hours.
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
"""What holds where the address says nothing else."""


def open_engine(url: str) -> Engine:
    """Open a database that has been made already; nothing is connected yet.

    Args:
        url: ``sqlite:///FILE``, from the working directory on, or ``postgresql://…``;
            ``postgres://`` is another way to write it.
    """
    parsed = make_url(url)
    if is_sqlite(parsed):
        return _sqlite(parsed, "rw", WAIT_SECONDS)
    return _postgres(parsed)


def open_to_upgrade(url: str) -> Engine:
    """Open a database to make or change its tables; a file that is not there is made."""
    parsed = make_url(url)
    if is_sqlite(parsed):
        return _sqlite(parsed, "rwc", UPGRADE_WAIT_SECONDS)
    return _postgres(parsed)


def is_sqlite(url: URL) -> bool:
    """Whether the database is a file on this machine."""
    return url.get_backend_name() == "sqlite"


def shown(url: str) -> str:
    """Return where a database is, without what an address may hold besides."""
    parsed = make_url(url)
    if is_sqlite(parsed):
        return str(parsed.database)
    port = f":{parsed.port}" if parsed.port else ""
    return f"postgresql://{parsed.host or ''}{port}/{parsed.database or ''}"


def _sqlite(url: URL, mode: str, wait_seconds: float) -> Engine:
    path = Path(str(url.database)).absolute()
    engine = create_engine(
        # As an address of its own, SQLite can be told not to make an empty database where one
        # was lost, or where a command runs in another folder than the service.
        url.set(database=f"file:{quote(str(path))}", query={"mode": mode, "uri": "true"}),
        connect_args={"timeout": wait_seconds},
        pool_size=CONNECTIONS,
        pool_timeout=WAIT_SECONDS,
    )
    event.listen(engine, "connect", _settle_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _settle_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  sqlite3's
    # WAL: readers and the one writer do not wait for each other. FULL: a commit is on the disk
    # when it returns; less survives a killed process, but not a power cut.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_immediate(connection: Connection) -> None:
    """Begin by taking the write lock, and waiting for it.

    A transaction that reads first and then writes fails at once where another one writes.
    """
    options = connection.get_execution_options()
    if options.get("isolation_level") != AUTOCOMMIT["isolation_level"]:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgres(url: URL) -> Engine:
    given = {name: value for name, value in _POSTGRES.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        # Prepared statements do not survive a pooler that hands connections around.
        connect_args={**given, "prepare_threshold": None},
        # A claim looks twice, and must see what was committed in between.
        isolation_level="READ COMMITTED",
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        skip_autocommit_rollback=True,
        use_native_hstore=False,
    )
    event.listen(engine, "connect", _settle_postgres)
    return engine


def _settle_postgres(connection: Any, _record: object) -> None:  # noqa: ANN401  psycopg's
    # As a statement and not as a start-up option, which poolers refuse.
    connection.autocommit = True
    connection.execute(
        f"SET statement_timeout = '{STATEMENT_SECONDS}s';"
        f" SET idle_in_transaction_session_timeout = '{STATEMENT_SECONDS}s'"
    )
    connection.autocommit = False
