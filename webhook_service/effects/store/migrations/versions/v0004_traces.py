"""The trace that led to an effect."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """Add the column; both databases do so without writing a row."""
    op.add_column("effects", sa.Column("trace", sa.Text))
