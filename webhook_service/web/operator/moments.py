"""Times on the operator's pages."""

from __future__ import annotations

from datetime import UTC, datetime

from webhook_service.desk.times import span


def clock_text(at: datetime) -> str:
    """Write a time in UTC, to the second: ``2026-11-30 20:01:05``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago a time was, or how far ahead it is: ``2h 5m ago``, ``in 3d``."""
    passed = now - at
    if round(passed.total_seconds()) == 0:
        return "now"
    return f"{span(passed)} ago" if at < now else f"in {span(-passed)}"
