"""What each rule of a policy listens to, reads and can cause, before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webhook_service.policy.conditions import Expression
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.model import ClaimsRule, Policy, Rule
from webhook_service.policy.needs import sources_of
from webhook_service.policy.reading import Path, paths


@dataclass(frozen=True, slots=True)
class Overview:
    """One rule, in the order of the file.

    ``reads`` is what its expressions mention, named conditions resolved; ``calls`` the
    sources that it may ask, for each event that it listens to (P27).
    """

    rule: Rule
    reads: tuple[Path, ...]
    calls: Mapping[EventName, frozenset[Source]]

    @property
    def calls_together(self) -> Mapping[frozenset[Source], tuple[EventName, ...]]:
        """The same the other way round: which events can cost the same calls."""
        together: dict[frozenset[Source], tuple[EventName, ...]] = {}
        for event, sources in self.calls.items():
            together[sources] = (*together.get(sources, ()), event)
        return together


def overview(policy: Policy) -> tuple[Overview, ...]:
    """Look at every rule, in the order of the file."""
    rules = sorted(policy.rules, key=lambda rule: rule.line)
    return tuple(
        Overview(
            rule,
            reads_of(rule),
            {event: sources_of(rule, event) for event in EventName if event in rule.events},
        )
        for rule in rules
    )


def expressions_of(rule: Rule) -> tuple[Expression, ...]:
    """Return the rule's ``when`` and claims."""
    when = () if rule.when is None else (rule.when,)
    if isinstance(rule, ClaimsRule):
        return (*when, *rule.access_token.values(), *rule.id_token.values())
    return when


def reads_of(rule: Rule) -> tuple[Path, ...]:
    """Return what the rule's ``when`` and claims mention."""
    return paths(*(expression.tree for expression in expressions_of(rule)))
