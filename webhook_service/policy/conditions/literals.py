"""Durations and timestamps as text: the one reading for policy file and conditions (P5, P6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

LONGEST: Final = timedelta(days=3650)
"""The longest duration a policy may name (P5)."""

_DURATION: Final = re.compile(
    r"(?=[0-9])(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?"
)
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def parse_duration(text: str, *, allow_zero: bool = False) -> timedelta | None:
    """Read ``[Nd][Nh][Nm][Ns]`` (P5); ``None`` if the text is not that.

    Args:
        text: as written.
        allow_zero: whether nothing at all is a duration too (``enrolment.grace: 0s``).
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if duration > LONGEST or not (duration or allow_zero):
        return None
    return duration


def parse_timestamp(text: str) -> datetime | None:
    """Read an RFC 3339 timestamp with seconds and offset (P6); ``None`` if it is not one.

    The result is in UTC and has whole microseconds: what is finer is cut off, since Kratos
    writes nanoseconds and Python's clock knows none.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    *date_and_time, fraction, sign, offset_hours, offset_minutes = match.groups()
    year, month, day, hour, minute, second = (int(part) for part in date_and_time)
    hours, minutes = int(offset_hours or 0), int(offset_minutes or 0)
    ahead = timedelta(hours=hours, minutes=minutes)
    offset = -ahead if sign == "-" else ahead
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    if minutes > 59:  # noqa: PLR2004  minutes of an hour; Python would take 90 of them
        return None
    try:
        local = datetime(
            year, month, day, hour, minute, second, microsecond, tzinfo=timezone(offset)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February, or before the year 1 in UTC
        return None
