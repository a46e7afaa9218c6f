"""What each rule of a policy listens to, reads and can cause, before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


def reads_of(rule: Rule) -> tuple[Path, ...]:
    """Return what the rule's ``when`` and claims mention."""
    expressions = [] if rule.when is None else [rule.when]
    if isinstance(rule, ClaimsRule):
        expressions += [*rule.access_token.values(), *rule.id_token.values()]
    return paths(*(expression.tree for expression in expressions))
