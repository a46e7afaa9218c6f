"""Gather and decide, in turns, until the decision stands (P27): for hooks, checks and gates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webhook_service.consequences import Consequences
from webhook_service.effects.effect import Effect
from webhook_service.gather import Gatherer, Known
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision
from webhook_service.policy.model import Policy
from webhook_service.tracing import spans


class Sources(Protocol):
    """Where the facts of a decision come from, where they may come from elsewhere than Ory."""

    def ask(self, known: Known, decision: Decision, deadline: Deadline) -> None:
        """Ask one of the sources that the decision wants."""
        ...

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return what is being ended of a person; raises ``StoreUnavailableError``."""
        ...


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

    def decide(
        self,
        known: Known,
        policy: Policy,
        now: datetime,
        deadline: Deadline,
        sources: Sources | None = None,
    ) -> Decision:
        """Decide on what is known; ask for what is wanted; decide again.

        Whatever the rules say, what is being ended gets nothing more (E7). ``sources`` are asked
        in place of Ory and the store, where they are given.
        """
        with spans.decision(known.event.name.value, policy.digest) as span:
            decision = self._decided(known, policy, now, deadline, sources)
            span.tell("webhook_service.verdict", decision.verdict.value)
            span.tell("webhook_service.reason", decision.reason and decision.reason.value)
            span.tell("webhook_service.rule", decision.rule)
        return decision

    def _decided(
        self,
        known: Known,
        policy: Policy,
        now: datetime,
        deadline: Deadline,
        sources: Sources | None,
    ) -> Decision:
        ask = sources.ask if sources else self.gatherer.ask
        while True:
            decision = decide(policy, known.facts(), now, all_shadow=self.all_shadow)
            if not decision.wants:
                break
            ask(known, decision, deadline)
        endings_of = sources.endings_of if sources else self.consequences.effects.endings_of
        return self.consequences.unless_ending(known, decision, policy, now, deadline, endings_of)
