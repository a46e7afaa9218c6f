"""Counts what a policy would have decided: every event, and every rule on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from webhook_service.policy.decision import Extend, Outcome, Verdict
from webhook_service.policy.model import Policy, Rule
from webhook_service.simulation.happenings import Happening
from webhook_service.simulation.replay import Replayed

EXAMPLES: Final = 3
"""Events that are named of those that could not be decided."""

_NOT_CONCERNED: Final = frozenset({Outcome.NO_MATCH, Outcome.PASSED_OVER})


@dataclass(slots=True)
class RuleTally:
    """How often one rule came out how. ``no_match``: it did not hold, or was passed over."""

    rule: Rule
    no_match: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    undecidable: int = 0

    @property
    def events(self) -> int:
        """How many events it listened to."""
        return self.no_match + self.verdicts.total() + self.undecidable


@dataclass(slots=True)
class Tally:
    """The count of one policy.

    ``wanting`` counts what was missing where the verdict could not be decided; ``undecided``
    names the first such events.
    """

    rules: dict[str, RuleTally]
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    undecidable: int = 0
    extended: int = 0
    ended: int = 0
    revoked: int = 0
    wanting: Counter[str] = field(default_factory=Counter)
    undecided: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, policy: Policy) -> Tally:
        """Begin to count, with the rules in the order of the file."""
        rules = sorted(policy.rules, key=lambda rule: rule.line)
        return cls({rule.name: RuleTally(rule) for rule in rules})

    @property
    def events(self) -> int:
        """How many events were counted."""
        return self.verdicts.total() + self.undecidable

    def add(self, happening: Happening, replayed: Replayed) -> None:
        """Count one event."""
        decision, lacking = replayed.decision, replayed.lacking
        for rulings in (decision.rulings, decision.shadow):
            for ruling in rulings:
                tally = self.rules[ruling.rule]
                if lacking and ruling.rule in lacking:
                    tally.undecidable += 1
                elif ruling.outcome in _NOT_CONCERNED:
                    tally.no_match += 1
                else:
                    tally.verdicts[ruling.verdict] += 1
        if replayed.verdict is None:
            self.undecidable += 1
            self.wanting.update(replayed.missing)
            if len(self.undecided) < EXAMPLES:
                self.undecided.append(happening.key)
            return
        self.verdicts[replayed.verdict] += 1
        if not lacking:
            self.extended += decision.extend is not Extend.NO
            self.ended += decision.end_now
            self.revoked += bool(decision.revoke)

    def __iter__(self) -> Iterator[RuleTally]:
        """Iterate over the rules, in the order of the file."""
        return iter(self.rules.values())
