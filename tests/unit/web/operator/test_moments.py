"""Times as the operator's pages write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from unit.workbench import NOW

from webhook_service.web.operator.moments import ago, clock_text


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    at = datetime(2026, 11, 30, 21, 1, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert clock_text(at) == "2026-11-30 20:01:05"


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=0.4), "now"),
        (timedelta(seconds=-0.4), "now"),
        (timedelta(seconds=59), "59s ago"),
        (timedelta(hours=2, minutes=5, seconds=9), "2h 5m ago"),
        (timedelta(days=3), "3d ago"),
        (timedelta(minutes=-90), "in 1h 30m"),
    ],
)
def test_it_is_said_how_long_ago_or_ahead_a_time_is(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words
