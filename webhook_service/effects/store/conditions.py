"""What holds of an effect, as conditions of statements, by the clock that counts there.

The clock of SQLite is this process's, given as the parameter ``now``. On PostgreSQL it is the
database's own, which several machines share; it stands still during a statement.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    select,
)

from webhook_service.effects.effect import State
from webhook_service.effects.store.table import PENDING, effects, is_in, is_known

_DATABASE_CLOCK: Final = literal_column(
    "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint", BigInteger
)

_e: Final = effects.c


class Conditions:
    """The conditions of one store's statements, and the columns that they return."""

    def __init__(self, dialect: str) -> None:
        self._on_postgres = dialect == "postgresql"
        self._now: ColumnElement[int] = (
            _DATABASE_CLOCK if self._on_postgres else bindparam("now", type_=BigInteger)
        )
        self.columns: tuple[ColumnElement[Any], ...] = tuple(
            case((self._is_held(effects), State.RUNNING.value), else_=_e.state).label("state")
            if column is _e.state
            else column
            for column in _e
        )

    def _is_held(self, some: FromClause) -> ColumnElement[bool]:
        """Whether a worker holds a pending effect: its lease goes on (E4)."""
        return and_(is_in(State.PENDING, some), some.c.token.is_not(None), some.c.due > self._now)

    def _waits(self) -> ColumnElement[bool]:
        """Whether an effect is pending and nobody holds it."""
        return and_(PENDING, or_(_e.token.is_(None), _e.due <= self._now))

    def _lane_is_free(self) -> ColumnElement[bool]:
        other = effects.alias("held")
        return _none(other, other.c.lane == _e.lane, self._is_held(other))

    def _is_oldest_due(self) -> ColumnElement[bool]:
        """Whether no older effect of the lane is due; one that waits for its time holds up none."""
        other = effects.alias("older")
        return _none(
            other,
            other.c.lane == _e.lane,
            other.c.seq < _e.seq,
            is_in(State.PENDING, other),
            other.c.due <= self._now,
            is_known(other),
        )

    def stands(self, state: State) -> ColumnElement[bool]:
        """Return the condition that an effect stands so."""
        match state:
            case State.RUNNING:
                return self._is_held(effects)
            case State.PENDING:
                return self._waits()
            case State.DONE:
                return is_in(state)
        # Few among many: found by the index of what has ended, which most of the done would
        # be in, too.
        return and_(is_in(state), _e.ended.is_not(None))


def _none(other: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether no other effect meets the conditions.

    Not ``NOT EXISTS``: PostgreSQL makes an anti-join of two such, which without statistics
    compares every due effect with every other one. With a limit it asks the lane's index.
    """
    return select(other.c.seq).where(*conditions).limit(1).scalar_subquery().is_(None)
