"""What keeps effects: the interface between the rest of the service and a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from webhook_service.effects.effect import Effect, Kind, NewEffect, Result, State


class StoreUnavailableError(Exception):
    """The database did not take or tell something, or not in time. The text is for a log."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one turn of an effect came out.

    ``retry_in`` is the back-off where the result is a ``Retry``.
    """

    effect: Effect
    result: Result
    retry_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker holds after a turn, and when the next effect is due.

    ``claimed`` still have the ``due`` that they were claimed for, not the end of their lease.
    ``next_due`` is how long from now, by the store's own clock, until an effect will be due;
    ``None`` where nothing waits for its time.
    """

    claimed: tuple[Effect, ...]
    next_due: timedelta | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many effects stand where, and how late the oldest due one is."""

    by_state: Mapping[tuple[Kind, State], int]
    oldest_due: timedelta | None


class Store(Protocol):
    """Keeps effects. Every method raises ``StoreUnavailableError`` where it cannot.

    Its clock is the database's where several machines share one, else this process's.
    """

    def accept(self, effects: Sequence[NewEffect]) -> frozenset[str]:
        """Keep the effects, all or none; return the keys that were new (E1, E2).

        Given none, find out whether any would be kept now, by writing all the same.
        """
        ...

    def turn(self, ended: Sequence[Ended], *, room: int, lease: timedelta, owner: str) -> Turn:
        """Record what ended and claim what is due, in one transaction (E4, E5).

        What ended is recorded only for who still holds it.
        """
        ...

    def endings_of(self, subject: str) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done (E7)."""
        ...

    def any_ending(self) -> bool:
        """Say whether anybody's ending is pending at all, due or not."""
        ...

    def show(self, seq: int) -> Effect | None:
        """Return one effect."""
        ...

    def list(
        self,
        *,
        states: frozenset[State] = frozenset(),
        kinds: frozenset[Kind] = frozenset(),
        subject: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[Effect, ...]:
        """Return effects, newest first; ``before`` is a number to go on from."""
        ...

    def retry(self, seq: int) -> bool:
        """Make a failed or cancelled effect, or one that waits, due now, with a new deadline."""
        ...

    def cancel(self, seq: int) -> bool:
        """Cancel an effect that nobody holds."""
        ...

    def counts(self) -> Counts:
        """Count."""
        ...

    def purge(self, *, keep_done: timedelta, keep_failed: timedelta, limit: int) -> int:
        """Delete what ended longer ago, at most so many; return how many (E10).

        Cancelled effects are kept as long as done ones.
        """
        ...
