"""Who would be decided otherwise by another policy, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from webhook_service.policy.decision import Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.simulation.happenings import Happening
from webhook_service.simulation.replay import Replayed

EXAMPLES: Final = 3
"""Events that are named of each kind of change."""

MOST: Final = 10_000
"""People and clients of one kind of change that are told apart: memory must not grow."""


class Change(NamedTuple):
    """One kind of change: from which verdict to which, by which rules, for which reasons."""

    event: EventName
    before: Verdict
    after: Verdict
    rule_before: str | None
    rule_after: str | None
    reason_before: Reason | None
    reason_after: Reason | None


class Example(NamedTuple):
    """An event that changes."""

    key: str
    subject: str | None
    client: str | None


@dataclass(slots=True)
class Many:
    """Distinct names, counted up to a limit."""

    names: set[str] = field(default_factory=set)

    def add(self, name: str | None) -> None:
        """Count a name that was not seen before."""
        if name is not None and len(self.names) < MOST:
            self.names.add(name)

    def __str__(self) -> str:
        """Say how many, or that there are more than were counted."""
        more = " or more" if len(self.names) == MOST else ""
        return f"{len(self.names):,}{more}"


@dataclass(slots=True)
class Changed:
    """How often one kind of change happens, and to whom."""

    count: int = 0
    subjects: Many = field(default_factory=Many)
    clients: Many = field(default_factory=Many)
    examples: list[Example] = field(default_factory=list)

    def add(self, happening: Happening) -> None:
        """Count one event."""
        self.count += 1
        self.subjects.add(happening.subject)
        self.clients.add(happening.client)
        if len(self.examples) < EXAMPLES:
            self.examples.append(Example(happening.key, happening.subject, happening.client))


Kinds: TypeAlias = dict[Change, Changed]


@dataclass(slots=True)
class Changes:
    """The difference between two policies, over the events that both can decide.

    ``denied_before`` and ``denied_after`` count those events; ``incomparable`` the others.
    """

    kinds: Kinds = field(default_factory=dict)
    same: int = 0
    incomparable: int = 0
    denied_before: int = 0
    denied_after: int = 0

    @property
    def count(self) -> int:
        """How many events change."""
        return sum(changed.count for changed in self.kinds.values())

    def add(self, happening: Happening, before: Replayed, after: Replayed) -> None:
        """Compare one event."""
        if before.verdict is None or after.verdict is None:
            self.incomparable += 1
            return
        self.denied_before += before.verdict is Verdict.DENY
        self.denied_after += after.verdict is Verdict.DENY
        if before.verdict is after.verdict:
            self.same += 1
            return
        change = Change(
            before.decision.event,
            before.verdict,
            after.verdict,
            before.rule,
            after.rule,
            before.reason,
            after.reason,
        )
        self.kinds.setdefault(change, Changed()).add(happening)
