"""How long an effect waits after a try that failed (E6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=0.5)
LONGEST: Final = timedelta(seconds=300)

_MOST_DOUBLINGS: Final = 10
"""From there on it is the longest wait anyway, and the numbers stay small."""


def wait_after(failed_before: int, chance: float) -> timedelta:
    """Return the time from a failed try to the next one.

    Args:
        failed_before: how many tries failed before the one that has failed now.
        chance: from 0 up to 1, each as likely as another: what failed together must not
            come again together. The wait is half to one and a half times what it would be.
    """
    doubled = FIRST * (1 << min(failed_before, _MOST_DOUBLINGS))
    return min(doubled, LONGEST) * (0.5 + chance)
