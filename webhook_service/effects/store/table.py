"""The one table. The migrations make it; this is how statements name its columns.

A time is a whole number of microseconds since 1970, in UTC: exact on both databases, and
plain to calculate with. ``running`` is no state here: it is a pending effect with a token
whose ``due``, the end of the lease, lies ahead (E4).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    literal_column,
)

from webhook_service.effects.effect import Kind, State


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


effects: Final = Table(
    "effects",
    MetaData(),
    # Numbers are never used again: an operator's "effects retry 7" must not meet another one.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("state", Text, nullable=False),
    _time("due"),
    _time("counts_from", nullable=True),
    _time("deadline"),
    Column("attempts", Integer, nullable=False),
    Column("token", Text),
    Column("owner", Text),
    Column("reason", Text),
    _time("created"),
    _time("ended", nullable=True),
    Column("trace", Text),
    sqlite_autoincrement=True,
)


def is_in(state: State, some: FromClause = effects) -> ColumnElement[bool]:
    """Whether an effect is stored in a state, written so that partial indexes are found by it."""
    return some.c.state == literal_column(f"'{state}'", Text)


def is_known(some: FromClause = effects) -> ColumnElement[bool]:
    """Whether an effect is of a kind that this version knows.

    Others are left to the processes of a later version, which run beside those of this one
    while they take their place.
    """
    return some.c.kind.in_([literal_column(f"'{kind}'", Text) for kind in Kind])


PENDING: Final = is_in(State.PENDING)
KNOWN: Final = is_known()


def _partial(name: str, columns: tuple[str, ...], where: ColumnElement[bool]) -> Index:
    """Index what a statement looks for, and no more: most effects have ended.

    ``kind`` stands at the end of two, for PostgreSQL to count by without the table. None
    begins with the state: SQLite would take it for every statement that names one.
    """
    return Index(
        name,
        *(effects.c[column] for column in columns),
        sqlite_where=where,
        postgresql_where=where,
    )


_partial("effects_due", ("due", "kind"), PENDING)
_partial("effects_lane", ("lane", "seq"), PENDING)
_partial("effects_held", ("lane",), PENDING & effects.c.token.is_not(None))
_partial("effects_ending", ("lane", "counts_from"), PENDING & effects.c.counts_from.is_not(None))
_partial("effects_ended", ("state", "ended", "kind"), effects.c.ended.is_not(None))
Index("effects_of_subject", effects.c.subject, effects.c.seq)
