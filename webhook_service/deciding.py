"""Gather and decide, in turns, until the decision stands (P27): for hooks, checks and gates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webhook_service.consequences import Consequences
from webhook_service.gather import Gatherer, Known
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision
from webhook_service.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides one event by one policy.

    Attributes:
        gatherer: asks Kratos and Hydra.
        consequences: knows what is being ended.
        all_shadow: ``MODE=shadow``: every rule is decided and recorded, none is answered (P26).
    """

    gatherer: Gatherer
    consequences: Consequences
    all_shadow: bool

    def decide(self, known: Known, policy: Policy, now: datetime, deadline: Deadline) -> Decision:
        """Decide on what is known; ask for what is wanted; decide again.

        Whatever the rules say, what is being ended gets nothing more (E7).
        """
        while True:
            decision = decide(policy, known.facts(), now, all_shadow=self.all_shadow)
            if not decision.wants:
                break
            self.gatherer.ask(known, decision, deadline)
        return self.consequences.unless_ending(known, decision, policy, now, deadline)
