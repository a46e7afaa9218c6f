"""Edits in Kratos' database: the way to an old or a nearly ended session without waiting.

Kratos reads sessions from its database at every call, so an edit is what it sees next.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ory.lab import Ory


def leave(ory: Ory, session_id: str, left: timedelta) -> datetime:
    """Let the session end after this time, or before now where it is negative.

    Returns:
        The moment at which it ends.
    """
    end = datetime.now(UTC) + left
    _change(ory, session_id, "expires_at = ?", _column(end))
    return end


def make_older(ory: Ory, session_id: str, by: timedelta) -> None:
    """Let everything that happened in the session have happened earlier, the end left alone."""
    with closing(_connect(ory)) as database:
        found = database.execute(
            "SELECT issued_at, authenticated_at, authentication_methods FROM sessions WHERE id = ?",
            (session_id,),
        ).fetchone()
    issued, authenticated, methods = found
    factors = [
        {**factor, "completed_at": _rfc3339(_read(factor["completed_at"]) - by)}
        for factor in json.loads(methods)
    ]
    _change(
        ory,
        session_id,
        "issued_at = ?, authenticated_at = ?, authentication_methods = ?",
        _column(_read(issued) - by),
        _column(_read(authenticated) - by),
        json.dumps(factors),
    )


def _change(ory: Ory, session_id: str, assignments: str, *values: str) -> None:
    statement = f"UPDATE sessions SET {assignments} WHERE id = ?"  # noqa: S608  texts of this module
    with closing(_connect(ory)) as database, database:
        changed = database.execute(statement, (*values, session_id)).rowcount
    assert changed == 1, f"Kratos has no session {session_id}"


def _connect(ory: Ory) -> sqlite3.Connection:
    return sqlite3.connect(ory.kratos_database, timeout=5)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _column(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
