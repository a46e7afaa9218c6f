"""Who counts effects: an interface, and the one that does not."""

from __future__ import annotations

from typing import Protocol

from webhook_service.effects.effect import Kind, Result


class Observer(Protocol):
    """Told of effects as they come and end. Called on any thread, so it must be cheap."""

    def accepted(self, kind: Kind) -> None:
        """One is kept that was not before."""
        ...

    def begun(self, kind: Kind, late: float) -> None:
        """A try begins, so many seconds after it was due."""
        ...

    def ended(self, kind: Kind, result: Result) -> None:
        """A try ended, and the store knows."""
        ...


class Unobserved:
    """Counts nothing."""

    def accepted(self, kind: Kind) -> None:
        """Do nothing."""

    def begun(self, kind: Kind, late: float) -> None:
        """Do nothing."""

    def ended(self, kind: Kind, result: Result) -> None:
        """Do nothing."""
