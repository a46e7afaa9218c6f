"""What keeps decision records: the interface between the rest of the service and a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.policy.decision import Ruling


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A decision to keep.

    Attributes:
        at: the event's clock reading.
        line: the log line's fields, as ``log.document`` names them.
        rulings: the enforced rules that had anything to say.
        shadow: the shadow rules that had anything to say.
        left_out: how many decisions of its kind were left out before it, since the last kept.
    """

    at: datetime
    line: Mapping[str, Any]
    rulings: Sequence[Ruling] = ()
    shadow: Sequence[Ruling] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision that is kept: its number, its time, and what the log said of it."""

    seq: int
    at: datetime
    line: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked for: those that meet everything that is set here.

    Attributes:
        events: one of these events.
        verdicts: one of these verdicts.
        reasons: one of these reasons.
        rule: a rule that decided, or had anything to say, enforced or in the shadow.
        would_refuse: a shadow rule would have refused it, or asked for a second factor.
        subjects: one of these identities; the two ways to write one, where they are hashed.
        client: an OAuth2 client.
        key: an event's key; Ory's tries of one call share it.
        since: not before.
        until: before.
    """

    events: frozenset[str] = frozenset()
    verdicts: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    rule: str | None = None
    would_refuse: bool = False
    subjects: frozenset[str] = frozenset()
    client: str | None = None
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Said:
    """How often a rule said the same: an outcome, and the verdict that it asked for.

    ``decisions`` counts those that were left out as if they had been like the kept ones.
    """

    section: str
    rule: str
    shadow: bool
    outcome: str
    verdict: str
    decisions: int


class RefusedRecordError(StoreUnavailableError):
    """The database does not take what it was given, and would not at another time either."""


class Records(Protocol):
    """Finds decision records. Every method raises ``StoreUnavailableError`` where it cannot."""

    def newest(
        self, wanted: Wanted = EVERYTHING, *, limit: int = 100, before: Stored | None = None
    ) -> tuple[Stored, ...]:
        """Return records, newest event first; ``before`` is one to go on from."""
        ...

    def following(
        self, wanted: Wanted = EVERYTHING, *, after: int, limit: int = 500
    ) -> tuple[Stored, ...]:
        """Return the records kept since the one with the number ``after``, in that order."""
        ...

    def one(self, seq: int) -> Stored | None:
        """Return the record with a number; ``None`` where it is not, or not any more."""
        ...

    def last(self) -> int:
        """Return the number of the newest record; 0 where there is none."""
        ...

    def count(self, wanted: Wanted = EVERYTHING) -> int:
        """Return how many records there are."""
        ...

    def said(self, since: datetime) -> tuple[Said, ...]:
        """Return what each rule had to say since a time, and how often."""
        ...

    def happened(self, since: datetime) -> Mapping[str, int]:
        """Return how many decisions there were since a time, by event; left out ones count."""
        ...


class RecordStore(Protocol):
    """Keeps decision records. Every method raises ``StoreUnavailableError`` where it cannot."""

    def add(self, records: Sequence[NewRecord]) -> None:
        """Keep records, all or none.

        Raises:
            RefusedRecordError: one of them cannot be kept.
        """
        ...

    def purge(self, before: datetime, limit: int) -> int:
        """Delete records of earlier events, at most so many; return how many."""
        ...
