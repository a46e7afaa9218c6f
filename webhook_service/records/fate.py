"""What can become of a record on its way to the database."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What became of a record: the words of the metric."""

    KEPT = "kept"
    LEFT_OUT = "left_out"
    LOST = "lost"
