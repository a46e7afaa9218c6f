"""The store of decision records in SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Executable, Select, event

from webhook_service.effects.store.database import AUTOCOMMIT
from webhook_service.effects.store.stored import micros
from webhook_service.effects.store.transactions import done
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.records import queries
from webhook_service.records.keeping import (
    EVERYTHING,
    NewRecord,
    RefusedRecordError,
    Said,
    Stored,
    Wanted,
)
from webhook_service.records.rows import row_of, ruling_rows, stored

T = TypeVar("T")

STEPS: Final = 10_000
"""After how many steps of its machine, about a tenth of a millisecond, SQLite looks at a clock."""

MOST_NUMBERS: Final = 2**63 - 1

AT_ONCE: Final = 500
"""How many records are read, or deleted, by one statement where there may be millions."""


class SqlRecords:
    """Keeps decision records in a database, and finds them.

    Args:
        engine: the database, as ``database.open_engine`` opens it; for this store alone.
        seconds: how long one read may take; ``None``: as long as the database lets it.
    """

    def __init__(self, engine: Engine, seconds: float | None = None) -> None:
        self._engine = engine
        self._seconds = seconds
        self._reading = engine.execution_options(**AUTOCOMMIT)
        self._on_postgres = engine.dialect.name == "postgresql"
        event.listen(engine, "connect", _relax_postgres if self._on_postgres else _relax_sqlite)
        if seconds is not None and self._on_postgres:
            event.listen(engine, "connect", partial(_hurry_postgres, seconds))

    def add(self, records: Sequence[NewRecord]) -> None:
        """Keep records, all or none.

        Raises:
            RefusedRecordError: one of them cannot be kept.
        """
        if not records:
            return
        rows = [row_of(record) for record in records]

        def work(database: Connection) -> None:
            if self._on_postgres:
                database.execute(queries.ONE_BATCH_AT_A_TIME)
            numbers = database.scalars(queries.INSERT, rows).all()
            said = [
                row
                for record, number in zip(records, numbers, strict=True)
                for row in ruling_rows(record, number)
            ]
            if said:
                database.execute(queries.INSERT_RULINGS, said)

        try:
            done(self._engine, work)
        except DatabaseError as error:
            if error.trouble is Trouble.FAILED:
                raise RefusedRecordError(str(error)) from None
            raise

    def newest(
        self,
        wanted: Wanted = EVERYTHING,
        *,
        limit: int = 100,
        before: Stored | None = None,
    ) -> tuple[Stored, ...]:
        """Return records, newest event first; ``before`` is one to go on from."""
        place = None if before is None else (micros(before.at), before.seq)
        return self._find(queries.newest(wanted, limit, place))

    def following(
        self, wanted: Wanted = EVERYTHING, *, after: int, limit: int = AT_ONCE
    ) -> tuple[Stored, ...]:
        """Return the records kept since the one with the number ``after``, in that order."""
        return self._find(queries.following(wanted, after, limit))

    def every(self, wanted: Wanted = EVERYTHING) -> Iterator[Stored]:
        """Yield records in the order in which they were kept; a few at a time are read."""
        last = 0
        while found := self.following(wanted, after=last):
            yield from found
            last = found[-1].seq

    def one(self, seq: int) -> Stored | None:
        """Return the record with a number; ``None`` where it is not, or not any more."""
        if not 0 < seq <= MOST_NUMBERS:
            return None
        rows = self._all(queries.ONE, {"seq": seq})
        return stored(*rows[0]) if rows else None

    def last(self) -> int:
        """Return the number of the newest record; 0 where there is none."""
        return self._scalar(queries.LAST) or 0

    def count(self, wanted: Wanted = EVERYTHING) -> int:
        """Return how many records there are."""
        return self._scalar(queries.counted(wanted)) or 0

    def said(self, since: datetime) -> tuple[Said, ...]:
        """Return what each rule had to say since a time, and how often."""
        rows = self._all(queries.SAID, {"since": micros(since)})
        return tuple(
            Said(section, rule, bool(shadow), outcome, verdict, int(decisions))
            for section, rule, shadow, outcome, verdict, decisions in rows
        )

    def happened(self, since: datetime) -> Mapping[str, int]:
        """Return how many decisions there were since a time, by event.

        Those that were left out are counted.
        """
        rows = self._all(queries.HAPPENED, {"since": micros(since)})
        return {event: int(decisions) for event, decisions in rows}

    def purge(self, before: datetime, limit: int = AT_ONCE) -> int:
        """Delete the oldest records of events before a time, at most so many; return how many."""
        return self._delete(queries.OLD, {"before": micros(before), "most": limit})

    def forget(self, subjects: frozenset[str]) -> int:
        """Delete every record of a person, by the ways to write the id; return how many."""
        deleted = 0
        while some := self._delete(
            queries.OF_SUBJECTS, {"subjects": sorted(subjects), "most": AT_ONCE}
        ):
            deleted += some
        return deleted

    def _delete(self, which: Select[Any], parameters: dict[str, Any]) -> int:
        def work(database: Connection) -> int:
            numbers = database.scalars(which, parameters).all()
            if numbers:
                database.execute(queries.DELETE_RULINGS, {"numbers": numbers})
                database.execute(queries.DELETE, {"numbers": numbers})
            return len(numbers)

        return done(self._engine, work)

    def _find(self, statement: Executable) -> tuple[Stored, ...]:
        return tuple(stored(*row) for row in self._all(statement))

    def _all(
        self, statement: Executable, parameters: dict[str, Any] | None = None
    ) -> Sequence[Any]:
        return self._read(lambda database: database.execute(statement, parameters).all())

    def _scalar(self, statement: Executable) -> Any:  # noqa: ANN401  what is asked for
        return self._read(lambda database: database.scalar(statement))

    def _read(self, work: Callable[[Connection], T]) -> T:
        seconds = self._seconds
        if seconds is None or self._on_postgres:
            return done(self._reading, work)

        def in_time(database: Connection) -> T:
            with _interrupted_after(seconds, database.connection.driver_connection):
                return work(database)

        return done(self._reading, in_time)


@contextmanager
def _interrupted_after(seconds: float, connection: Any) -> Iterator[None]:  # noqa: ANN401  sqlite3's
    """Let SQLite give up a statement that takes longer: it looks at a clock now and then."""
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def _relax_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  sqlite3's
    # A record may be lost in a power cut; an effect, which waits for the same file, may not,
    # and must not wait until a disk has written records.
    connection.execute("PRAGMA synchronous = NORMAL")


def _relax_postgres(connection: Any, _record: object) -> None:  # noqa: ANN401  psycopg's
    connection.autocommit = True
    connection.execute("SET synchronous_commit = off")
    connection.autocommit = False


def _hurry_postgres(seconds: float, connection: Any, _record: object) -> None:  # noqa: ANN401  psycopg's
    connection.autocommit = True
    connection.execute(f"SET statement_timeout = '{round(seconds * 1000)}ms'")
    connection.autocommit = False
