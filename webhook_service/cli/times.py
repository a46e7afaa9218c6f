"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from webhook_service.policy.conditions import parse_timestamp


def timestamp(text: str) -> datetime:
    """Read an RFC 3339 time with seconds and an offset, as policy files have them (P6).

    Raises:
        click.BadParameter: it is none.
    """
    moment = parse_timestamp(text)
    if moment is None:
        raise click.BadParameter(
            f"{text!r} is no time; write it with seconds and an offset: 2026-12-01T00:00:00Z"
        )
    return moment


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)
