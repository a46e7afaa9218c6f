"""Times in words, for pages and commands."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def shown(moment: datetime) -> str:
    """Write a time as logs and JSON have it."""
    return moment.isoformat().replace("+00:00", "Z")


def span(length: timedelta) -> str:
    """Write how long something takes, in two units at most: ``2d 3h``; what is over is 0s."""
    left = max(0, round(length.total_seconds()))
    for (unit, size), (smaller, part) in pairwise(_UNITS):
        if left >= size:
            count, rest = divmod(left, size)
            return f"{count}{unit} {rest // part}{smaller}" if rest >= part else f"{count}{unit}"
    return f"{left}s"
