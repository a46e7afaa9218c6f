"""The tables of decision records."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Make the tables and their indexes."""
    op.create_table(
        "decisions",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            primary_key=True,
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("rule", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("client", sa.Text),
        sa.Column("left_out", sa.Integer, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "decision_rules",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("shadow", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("stands_for", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("decisions_key", "decisions", ["key"])
    op.create_index("decisions_subject", "decisions", ["subject", "at", "seq"])
    op.create_index(
        "decisions_at",
        "decisions",
        ["at", "seq", "event", "verdict", "reason", "client", "subject"],
    )
    op.create_index("decision_rules_seq", "decision_rules", ["seq"])
