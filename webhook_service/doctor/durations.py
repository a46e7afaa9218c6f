"""Durations as Ory's files write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_WHOLE: Final = re.compile(r"(\d+(ns|us|ms|s|m|h))+")
_PART: Final = re.compile(r"(\d+)(ns|us|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def parsed(text: object) -> timedelta | None:
    """Return a duration such as ``1h30m``; ``None`` for what is none."""
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        return None
    try:
        return timedelta(
            seconds=sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
        )
    except OverflowError:
        return timedelta.max
