"""An upstream that fails as it is told, behind an ``Outage``, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.outage import Outage, OutageState

LONG = 0.6
"""Seconds of a call that has the whole deadline of a hook."""

TIMEOUT = OryError("kratos", UpstreamReason.TIMEOUT, "no whole answer within the deadline")
REFUSED = OryError("kratos", UpstreamReason.UNREACHABLE, "the connection was refused")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Upstream:
    """An upstream that answers, or fails as it is told, behind an ``Outage``."""

    clock: Clock = field(default_factory=Clock)
    chance: float = 0.5
    failure: BaseException | None = None
    takes: float = 0.0
    asked: int = 0
    told: list[OutageState] = field(default_factory=list)
    outage: Outage = field(init=False)

    def __post_init__(self) -> None:
        self.outage = Outage(
            "kratos", clock=self.clock, chance=lambda: self.chance, on_change=self.told.append
        )

    def call(self, seconds: float = LONG) -> None:
        with self.outage.call(seconds):
            self._answer()

    def health_check(self, seconds: float = LONG) -> None:
        with self.outage.health_check(seconds):
            self._answer()

    def _answer(self) -> None:
        self.asked += 1
        self.clock.advance(self.takes)
        if self.failure is not None:
            raise self.failure

    def fails(
        self,
        times: int = 1,
        failure: BaseException = TIMEOUT,
        seconds: float = LONG,
        takes: float = 0.125,
    ) -> None:
        """Let so many calls fail, each after an eighth of a second: five are an outage."""
        self.failure, self.takes = failure, takes
        for _ in range(times):
            with pytest.raises(type(failure)):
                self.call(seconds)
        self.failure, self.takes = None, 0.0

    def is_asked(self, call: Callable[[], None] | None = None) -> bool:
        """Whether a call now reaches the upstream."""
        before = self.asked
        with suppress(OryError):
            (call or self.call)()
        return self.asked > before
