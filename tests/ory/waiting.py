"""Waiting for what must come, without sleeping longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

SECONDS: Final = 5.0
STEP_SECONDS: Final = 0.02

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found | None], what: str, seconds: float = SECONDS) -> Found:
    """Look again and again until something is there.

    Raises:
        AssertionError: nothing was there when the time was over.
    """
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(STEP_SECONDS)


def stays(look: Callable[[], bool], what: str, seconds: float) -> None:
    """Look again and again whether something is still so.

    Raises:
        AssertionError: it was not, before the time was over.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert look(), f"{what} came to an end"
        time.sleep(STEP_SECONDS)
