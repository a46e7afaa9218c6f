"""The index that finds what shadow rules would have refused."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "decision_rules_would",
        "decision_rules",
        ["at", "seq"],
        sqlite_where=sa.text("shadow = 1 AND verdict != 'allow'"),
        postgresql_where=sa.text("shadow AND verdict != 'allow'"),
    )
