"""What can go wrong with a database, in fixed words.

A driver's own text may quote values, a path or an address, so it goes nowhere near a log; its
code does: that is what one looks up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from webhook_service.effects.keeping import StoreUnavailableError


class Trouble(StrEnum):
    """Why a database did not do what it was asked."""

    LOCKED = "locked"
    FULL = "full"
    READ_ONLY = "read-only"
    UNREACHABLE = "unreachable"
    SCHEMA = "schema"
    SLOW = "slow"
    FAILED = "failed"


_TEXTS: Final[Mapping[Trouble, str]] = {
    Trouble.LOCKED: "the database is busy with others for too long",
    Trouble.FULL: "the database has no room left",
    Trouble.READ_ONLY: "the database takes no writes",
    Trouble.UNREACHABLE: "the database cannot be reached or opened, or refuses the connection",
    Trouble.SCHEMA: "the database does not have the tables of this version",
    Trouble.SLOW: "the database takes longer than it may",
    Trouble.FAILED: "the database refuses what it was asked to do",
}

_SQLITE: Final[Mapping[str, Trouble]] = {
    "SQLITE_BUSY": Trouble.LOCKED,
    "SQLITE_LOCKED": Trouble.LOCKED,
    "SQLITE_INTERRUPT": Trouble.SLOW,
    "SQLITE_FULL": Trouble.FULL,
    "SQLITE_READONLY": Trouble.READ_ONLY,
    "SQLITE_CANTOPEN": Trouble.UNREACHABLE,
    "SQLITE_IOERR": Trouble.UNREACHABLE,
    "SQLITE_NOTADB": Trouble.UNREACHABLE,
    "SQLITE_CORRUPT": Trouble.UNREACHABLE,
    "SQLITE_PERM": Trouble.UNREACHABLE,
    "SQLITE_ERROR": Trouble.SCHEMA,  # statements are fixed: what they name is not there
}
"""By the primary result code, the beginning of the extended one's name."""

_POSTGRES: Final[Mapping[str, Trouble]] = {
    "40001": Trouble.LOCKED,  # serialization failure
    "40P01": Trouble.LOCKED,  # deadlock
    "55P03": Trouble.LOCKED,  # lock not available
    "57014": Trouble.LOCKED,  # the statement's time is over
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,  # a replica, or one that was a primary
    "42P01": Trouble.SCHEMA,  # no such table
    "42703": Trouble.SCHEMA,  # no such column
    "08": Trouble.UNREACHABLE,
    "28": Trouble.UNREACHABLE,  # it does not know us
    "3D": Trouble.UNREACHABLE,  # it does not know the database
    "53": Trouble.UNREACHABLE,  # out of connections or memory
    "57": Trouble.UNREACHABLE,  # shutting down or starting up
}
"""By SQLSTATE, or by its class."""


class DatabaseError(StoreUnavailableError):
    """A database did not do what it was asked.

    Attributes:
        trouble: why.
        detail: the driver's own words about a connection that it could not make. They name
            the server and the user: for who started a command, not for a log.
    """

    def __init__(
        self, trouble: Trouble, code: str | None = None, *, detail: str | None = None
    ) -> None:
        super().__init__(_TEXTS[trouble] + (f" ({code})" if code else ""))
        self.trouble = trouble
        self.detail = detail


@contextmanager
def explained() -> Iterator[None]:
    """Make every error of a database one of ours.

    Raises:
        DatabaseError: whatever went wrong.
    """
    try:
        yield
    except NoConnectionLeft:
        raise DatabaseError(Trouble.LOCKED) from None
    except DBAPIError as error:
        raise _why(error) from None
    except SQLAlchemyError as error:
        raise DatabaseError(Trouble.FAILED, type(error).__name__) from None
    except UnicodeError:
        raise DatabaseError(Trouble.FAILED, "not a text") from None


def _why(wrapped: DBAPIError) -> DatabaseError:
    error = wrapped.orig
    sqlite_code: str | None = getattr(error, "sqlite_errorname", None)
    if sqlite_code is not None:
        primary = "_".join(sqlite_code.split("_")[:2])
        return DatabaseError(_SQLITE.get(primary, Trouble.FAILED), sqlite_code)
    sqlstate: str | None = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        trouble = _POSTGRES.get(sqlstate) or _POSTGRES.get(sqlstate[:2], Trouble.FAILED)
        return DatabaseError(trouble, sqlstate)
    # Without a code: psycopg has no connection, or does not send what it was given.
    kind = type(error).__name__
    if wrapped.statement is None:
        return DatabaseError(Trouble.UNREACHABLE, kind, detail=str(error).strip())
    lost = isinstance(error, psycopg.OperationalError)
    return DatabaseError(Trouble.UNREACHABLE if lost else Trouble.FAILED, kind)
