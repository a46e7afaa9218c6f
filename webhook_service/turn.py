"""The turn of one event: its clock reading, its policy, and the time that it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webhook_service.ory.deadline import Deadline
from webhook_service.policy.model import Policy

KEPT_FOR_COMMIT: Final = 0.15
"""Seconds of the deadline that are kept for the commit, where a policy can cause effects."""


class OverloadedError(Exception):
    """A request waited for its turn until its time was over: nothing was read or done."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One event's turn.

    Attributes:
        begun: when its request was here, on the monotonic clock.
        now: its one clock reading.
        until: the time of day at which its time is over.
        policy: by what it is decided; read once, so that a decision never mixes two.
        deadline: by when it is answered.
        asking: by when Ory must have answered: a commit needs its time, too (settled 5).
    """

    begun: float
    now: datetime
    until: datetime
    policy: Policy
    deadline: Deadline
    asking: Deadline

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.begun


def take_turn(
    policy: Policy, clock: Callable[[], datetime], seconds: float, arrived: float | None
) -> Turn:
    """Begin with an event.

    ``arrived`` is when the request was here, on the monotonic clock: what it waited for a
    thread is part of its ``seconds``. Now, where the server does not say.

    Raises:
        OverloadedError: its time was over before its turn came.
    """
    begun = time.monotonic() if arrived is None else arrived
    deadline = Deadline(begun + seconds)
    left = deadline.remaining()
    if not left:
        raise OverloadedError
    now = clock()
    kept = min(KEPT_FOR_COMMIT, seconds / 4) if policy.acts else 0.0
    return Turn(
        begun=begun,
        now=now,
        until=now + timedelta(seconds=left),
        policy=policy,
        deadline=deadline,
        asking=Deadline(deadline.at - kept),
    )
