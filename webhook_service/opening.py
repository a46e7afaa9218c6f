"""Opens what keeps effects and records, and sees to it, at start, that its tables are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from webhook_service.effects.store.database import is_sqlite, open_engine, shown
from webhook_service.effects.store.schema import HEAD, revision_of, unfit, upgrade
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.records.store import SqlRecords


class UnfitDatabaseError(Exception):
    """The database cannot be used with this version; the text says what to do."""


def open_store(url: str, clock: Callable[[], datetime]) -> SqlStore:
    """Return the store of a database; nothing is connected yet. After the fork only."""
    return SqlStore(open_engine(url), clock)


def open_records(url: str, seconds: float | None = None) -> SqlRecords:
    """Return the store of a database's decision records. After the fork only.

    ``seconds`` is how long one read may take.
    """
    return SqlRecords(open_engine(url), seconds)


def is_file(url: str) -> bool:
    """Whether the database is a file, whose reads are quick and cannot hang on a network."""
    return is_sqlite(make_url(url))


def prepare(url: str) -> str | None:
    """See to it that the tables are there; return what is wrong for now, in a sentence.

    A file is made and brought up to date; a server's tables are only looked at, as its
    release command makes them. One that is away may be back in a moment: what needs no effect
    is answered without it.

    Raises:
        UnfitDatabaseError: waiting does not help.
    """
    try:
        wrong = _upgraded(url) if is_file(url) else _looked_at(url)
    except DatabaseError as error:
        wrong = f"DATABASE_URL: {shown(url)}: {error}"
        if is_file(url) and error.trouble is not Trouble.LOCKED:
            raise UnfitDatabaseError(wrong) from None
        return f"{wrong}; until it answers, events that need an effect are not answered 2xx"
    if wrong is not None:
        raise UnfitDatabaseError(f"DATABASE_URL: {shown(url)}: {wrong}")
    return None


def look(url: str) -> str | None:
    """Say what is wrong with a database, in a sentence, and change nothing about it.

    A file that is not there yet, or has older tables, is seen to when the service starts.

    Raises:
        DatabaseError: it does not say.
    """
    file = Path(shown(url)) if is_file(url) else None
    if file is not None and not file.exists():
        if file.parent.is_dir():
            return None
        raise DatabaseError(Trouble.UNREACHABLE, "the folder of the file is not there")
    engine = open_engine(url)
    try:
        revision = revision_of(engine)
    finally:
        engine.dispose()
    return None if file is not None and (revision or "") <= HEAD else unfit(revision)


def _upgraded(url: str) -> str | None:
    try:
        upgrade(url)
    except DatabaseError as error:
        if error.trouble is Trouble.SCHEMA:
            return str(error)
        raise
    return None


def _looked_at(url: str) -> str | None:
    engine = open_engine(url)
    try:
        return unfit(revision_of(engine))
    finally:
        engine.dispose()  # nothing of it may live on after the fork
