"""One budget for all calls of an event."""

from __future__ import annotations

import pytest

from webhook_service.ory.deadline import Deadline


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_remains_shrinks_and_is_never_negative() -> None:
    clock = Clock()
    deadline = Deadline.after(0.6, clock)
    assert deadline.remaining() == pytest.approx(0.6)
    clock.now += 0.5
    assert deadline.remaining() == pytest.approx(0.1)
    clock.now += 5
    assert deadline.remaining() == 0.0


def test_whoever_requires_time_gets_some_or_an_error() -> None:
    clock = Clock()
    deadline = Deadline.after(0.6, clock)
    assert deadline.require() > 0
    clock.now += 0.6
    with pytest.raises(TimeoutError):
        deadline.require()
