"""The wait between two tries (E6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from webhook_service.effects.backoff import LONGEST, wait_after


@pytest.mark.parametrize(
    ("failed_before", "seconds"),
    [(0, 0.5), (1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (11, 300), (10_000, 300)],
)
def test_the_wait_doubles_from_half_a_second_up_to_five_minutes(
    failed_before: int, seconds: float
) -> None:
    assert wait_after(failed_before, 0.5) == timedelta(seconds=seconds)


def test_the_wait_is_spread_by_half_in_both_directions() -> None:
    assert wait_after(3, 0.0) == timedelta(seconds=2)
    assert wait_after(3, 0.999999) == pytest.approx(
        timedelta(seconds=6), abs=timedelta(seconds=1e-4)
    )
    assert wait_after(50, 0.0) == LONGEST / 2
