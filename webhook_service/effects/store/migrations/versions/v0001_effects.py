"""The table of effects."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_PENDING: Final = "state = 'pending'"


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "effects",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            primary_key=True,
        ),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("args", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("counts_from", sa.BigInteger),
        sa.Column("deadline", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    _index("due", ["due", "kind"], where=_PENDING)
    _index("lane", ["lane", "seq"], where=_PENDING)
    _index("held", ["lane"], where=f"{_PENDING} AND token IS NOT NULL")
    _index("ending", ["lane", "counts_from"], where=f"{_PENDING} AND counts_from IS NOT NULL")
    _index("ended", ["state", "ended", "kind"], where="ended IS NOT NULL")
    _index("of_subject", ["subject", "seq"])


def _index(name: str, columns: list[str], *, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        f"effects_{name}",
        "effects",
        columns,
        sqlite_where=condition,
        postgresql_where=condition,
    )
