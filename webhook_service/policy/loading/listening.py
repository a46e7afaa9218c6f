"""Which events a rule listens to (P7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from webhook_service.policy.conditions import Expression
from webhook_service.policy.facts import FACTS, EventName
from webhook_service.policy.loading.expressions import ExpressionReader
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.shapes import Shape
from webhook_service.policy.loading.wording import listed
from webhook_service.policy.loading.yaml_nodes import ScalarNode

EVENTS: Final = {event.value: event for event in EventName}

_SHOWN: Final = 4
"""Facts that a message names at most."""

Read = tuple[ScalarNode, Expression]
"""An expression with the place where it stands."""


def named_events(fields: Fields, shape: Shape) -> list[EventName] | None:
    """Read ``events``: those that the section can act on; ``None`` without the key."""
    named = fields.words("events", EVENTS)
    if named is None:
        return None
    events = []
    for node, event in named:
        if event in shape.events:
            events.append(event)
        else:
            message = (
                f"{shape.what} cannot act on {event}; it may listen to {_in_order(shape.events)}"
            )
            fields.problems.add(node, "policy.event_not_allowed", message)
    return events


def check_facts(
    events: Iterable[EventName], expressions: Iterable[Read], reader: ExpressionReader
) -> None:
    """Refuse facts that one of the named events lacks, each at its first mention."""
    for node, expression in expressions:
        for fact, offset in expression.first_use.items():
            lacking = [event for event in events if event not in FACTS[fact].source]
            if lacking:
                message = _subject(node, fact, offset) + (
                    f" does not exist at {listed(lacking, 'and')}; it does at {_where(fact)}"
                )
                reader.note(node, offset, "condition.unavailable_fact", message)


def _subject(node: ScalarNode, fact: str, offset: int) -> str:
    """Name the fact, with the named condition that brings it if it is not mentioned itself."""
    if node.text.startswith(fact, offset):
        return fact
    return f"{fact}, which this condition reads,"


def default_events(
    shape: Shape, expressions: Sequence[Read], fields: Fields
) -> frozenset[EventName]:
    """Return the section's default events on which every fact exists.

    Noted where none is left: at the expression that excludes the last one.
    """
    left = frozenset(shape.default_events)
    for node, expression in expressions:
        left = frozenset(event for event in left if has_facts(event, expression))
        if not left:
            message = _no_event(shape, [each for _, each in expressions])
            fields.problems.add(node, "policy.no_event", message)
            break
    return left


def has_facts(event: EventName, expression: Expression) -> bool:
    """Whether every fact that the expression reads exists at the event."""
    return all(event in FACTS[fact].source for fact in expression.facts)


def _no_event(shape: Shape, expressions: Sequence[Expression]) -> str:
    possible = [
        event
        for event in shape.events
        if all(has_facts(event, expression) for expression in expressions)
    ]
    if possible:
        return (
            f"none of the default events of {shape.what} has every fact that is read here;"
            f" name one with `events`: {_in_order(possible)}"
        )
    facts = {fact for expression in expressions for fact in expression.facts}
    narrow = sorted(fact for fact in facts if not shape.events <= FACTS[fact].source.keys())
    where = "; ".join(f"{fact} {_only_at(fact, shape)}" for fact in narrow[:_SHOWN])
    return f"no event that {shape.what} can act on has every fact that is read here: {where}"


def _only_at(fact: str, shape: Shape) -> str:
    events = shape.events & FACTS[fact].source.keys()
    return f"exists only at {_in_order(events)}" if events else "exists at none of them"


def _where(fact: str) -> str:
    return _in_order(FACTS[fact].source)


def _in_order(events: Iterable[EventName]) -> str:
    wanted = set(events)
    return listed([event for event in EventName if event in wanted], "and")
