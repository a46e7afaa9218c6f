"""Durations and timestamps as text (P5, P6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.policy.conditions import parse_duration, parse_timestamp


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1s", timedelta(seconds=1)),
        ("15m", timedelta(minutes=15)),
        ("36h", timedelta(hours=36)),
        ("90d", timedelta(days=90)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("1d4s", timedelta(days=1, seconds=4)),
        ("007m", timedelta(minutes=7)),
        ("3650d", timedelta(days=3650)),
        ("315360000s", timedelta(days=3650)),
    ],
)
def test_a_duration_is_days_hours_minutes_seconds(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "1h 30m",
        "1m1h",
        "1h1h",
        "-1h",
        "+1h",
        "1.5h",
        "1H",
        "1w",
        "1ms",
        " 1h",
        "1h\n",
        "\u0661h",
        "0s",
        "0d0h0m0s",
        "3650d1s",
        "3651d",
        "999999999d",
        "9" * 5_000 + "d",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    """P5: a sign, a fraction, another order, nothing at all, more than ten years."""
    assert parse_duration(text) is None


def test_zero_is_a_duration_where_it_is_allowed() -> None:
    """Section 2: ``enrolment.grace`` may be ``0s``."""
    assert parse_duration("0s", allow_zero=True) == timedelta(0)
    assert parse_duration("", allow_zero=True) is None


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("2026-12-01T00:00:00Z", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01t00:00:00z", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T01:30:00+01:30", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-11-30T14:00:00-10:00", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T00:00:00-00:00", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T00:00:00.5Z", datetime(2026, 12, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        # Kratos and Go write up to nine digits; what is finer than a microsecond is cut off.
        ("2026-12-01T00:00:00.123456789Z", datetime(2026, 12, 1, 0, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-12-01T00:00:00.9999999Z", datetime(2026, 12, 1, 0, 0, 0, 999_999, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-12-01T23:59:00+23:59", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_rfc_3339_in_utc(text: str, timestamp: datetime) -> None:
    found = parse_timestamp(text)
    assert found == timestamp
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-12-01",
        "2026-12-01T00:00Z",
        "2026-12-01T00:00:00",
        "2026-12-01 00:00:00Z",
        "2026-12-01T00:00:00.Z",
        "2026-12-01T00:00:00,5Z",
        "2026-12-01T00:00:00+0100",
        "2026-12-01T00:00:00+01",
        "2026-12-01T00:00:00+24:00",
        "2026-12-01T00:00:00+01:60",
        "2026-12-01T24:00:00Z",
        "2026-12-01T00:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "20261201T000000Z",
        "2026-12-01T00:00:00Z\n",
        "\u0662026-12-01T00:00:00Z",
        "1795521570",
        "now",
    ],
)
def test_anything_else_is_no_timestamp(text: str) -> None:
    """P6; and leap seconds, which Python's clock does not know."""
    assert parse_timestamp(text) is None


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_every_moment_is_read_back_as_it_was_written(moment: datetime) -> None:
    written = (
        moment.astimezone(UTC) if moment.year in range(2, 9999) else moment.replace(tzinfo=UTC)
    )
    assert parse_timestamp(written.isoformat()) == written


@given(st.text() | st.from_regex(r"[0-9dhmsTZ:+.-]*", fullmatch=True))
def test_no_text_is_too_strange_to_be_refused(text: str) -> None:
    duration, timestamp = parse_duration(text), parse_timestamp(text)
    assert duration is None or timedelta(0) < duration <= timedelta(days=3650)
    assert timestamp is None or timestamp.tzinfo is UTC
