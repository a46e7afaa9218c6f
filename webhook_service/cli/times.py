"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from webhook_service.policy.conditions import parse_duration, parse_timestamp


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


def then(text: str) -> datetime:
    """Read a time, or how long ago it was: ``30m``, ``1d12h``.

    Raises:
        click.BadParameter: it is neither.
    """
    length = parse_duration(text)
    if length is not None:
        return utc_now() - length
    moment = parse_timestamp(text)
    if moment is None:
        raise click.BadParameter(
            f"{text!r} is no time; write how long ago, 30m or 1d12h, or when, 2026-12-01T00:00:00Z"
        )
    return moment


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)
