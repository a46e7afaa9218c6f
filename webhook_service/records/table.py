"""The two tables of decision records. A migration makes them; statements name columns by this.

A time is a whole number of microseconds since 1970, in UTC, as in the table of effects.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import Identity

_METADATA: Final = MetaData()

decisions: Final = Table(
    "decisions",
    _METADATA,
    # In the order in which records can be seen: who follows them goes on from a number.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),
    Column("rule", Text),
    Column("subject", Text),
    Column("client", Text),
    Column("left_out", Integer, nullable=False),
    Column("line", Text, nullable=False),
    sqlite_autoincrement=True,
)

rulings: Final = Table(
    "decision_rules",
    _METADATA,
    Column("rule", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("section", Text, nullable=False),
    Column("shadow", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("stands_for", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The rules that had a say in a decision. ``stands_for`` is how many decisions the record
stands for: itself and those that were left out before it."""

Index("decisions_key", decisions.c.key)
Index("decisions_subject", decisions.c.subject, decisions.c.at, decisions.c.seq)
Index(
    "decisions_at",
    *(
        decisions.c[column]
        for column in ("at", "seq", "event", "verdict", "reason", "client", "subject")
    ),
)
"""Holds all that can be asked for, so that whatever is asked is found without the table, whose
rows are twenty times as wide."""

Index("decision_rules_seq", rulings.c.seq)
Index(
    "decision_rules_would",
    rulings.c.at,
    rulings.c.seq,
    sqlite_where=text("shadow = 1 AND verdict != 'allow'"),
    postgresql_where=text("shadow AND verdict != 'allow'"),
)
"""Holds only what shadow rules would have refused: there is little of it to write."""
