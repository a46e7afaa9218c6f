"""Replays a stream of events through one policy, or through two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from webhook_service.policy.model import Policy
from webhook_service.simulation.changes import Changes
from webhook_service.simulation.happenings import NotAnEventError, Reader, SkippedError
from webhook_service.simulation.inputs import Item
from webhook_service.simulation.replay import Replay
from webhook_service.simulation.tally import Tally

REASONS: Final = 20
"""Reasons for skipping that are told apart: memory must not grow with the input."""

OTHER_REASONS: Final = "other reasons"


@dataclass(slots=True)
class Skipped:
    """How many documents were skipped for one reason, and where the first stands."""

    first: str
    count: int = 0


@dataclass(slots=True)
class Simulation:
    """What came of it.

    ``before`` and ``changes`` are there where two policies were compared. ``others`` counts
    the lines of logs that are no decisions, ``skipped`` what should have been an event and is
    none, by the reason.
    """

    tally: Tally
    before: Tally | None = None
    changes: Changes | None = None
    others: int = 0
    skipped: dict[str, Skipped] = field(default_factory=dict)

    def skip(self, item: Item, reason: str) -> None:
        """Count a document that is no event."""
        if reason not in self.skipped and len(self.skipped) >= REASONS:
            reason = OTHER_REASONS
        self.skipped.setdefault(reason, Skipped(item.place)).count += 1


def simulate(
    items: Iterable[Item], reader: Reader, policy: Policy, against: Policy | None = None
) -> Simulation:
    """Replay every event.

    Args:
        items: the documents.
        reader: makes events of them.
        policy: what is decided by.
        against: what it is compared with: the policy that is in force, say.
    """
    simulation = Simulation(Tally.of(policy))
    replay = Replay(policy)
    earlier = None
    if against is not None:
        earlier = Replay(against)
        simulation.before, simulation.changes = Tally.of(against), Changes()
    for item in items:
        try:
            happening = reader.read(item)
        except NotAnEventError:
            simulation.others += 1
            continue
        except SkippedError as error:
            simulation.skip(item, str(error))
            continue
        replayed = replay.decide(happening)
        simulation.tally.add(happening, replayed)
        if earlier is not None and simulation.before is not None and simulation.changes is not None:
            before = earlier.decide(happening)
            simulation.before.add(happening, before)
            simulation.changes.add(happening, before, replayed)
    return simulation
