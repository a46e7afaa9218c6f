"""What can be told of a condition before anything happens, from the little that is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.evaluate import compiled, evaluator
from webhook_service.policy.conditions.nodes import Logical, Named, Node, Not, Ternary
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.reading import paths


@dataclass(frozen=True, slots=True)
class Given:
    """Some facts; every other is unknown."""

    values: Mapping[str, Value]

    def value(self, name: str) -> Value:
        """Return the fact's value."""
        return self.values.get(name, UNKNOWN)


def may_hold(when: Expression | None, given: Given) -> bool:
    """Whether a condition can hold, whatever is so that is not given."""
    if when is None:
        return True
    value = when.evaluate(given)
    return value is True or value is UNKNOWN


def must_hold(node: Node, given: Given) -> bool:
    """Whether a condition holds, whatever is so that is not given."""
    return _value(node, given) is True


def parts(when: Expression | None) -> dict[str, Node]:
    """Return what must all be so for a condition to hold, by its text."""
    if when is None:
        return {}
    if isinstance(when.tree, Logical) and when.tree.operator == "&&":
        texts = [when.text[start:end] for start, end in when.tree.spans]
        return dict(zip(texts, when.tree.operands, strict=True))
    return {when.text: when.tree}


def facts_in(node: Node) -> frozenset[str]:
    """Return the facts that an expression reads."""
    return frozenset(path.fact for path in paths(node))


def facts_that_count(node: Node, given: Given) -> frozenset[str]:
    """Return the facts on which the value of an expression can still depend.

    Not all that it reads: once ``session.active`` is given as false, the level in
    ``session.active ? session.aal : null`` matters no more.
    """
    if _value(node, given) is not UNKNOWN:
        return frozenset()
    operands = node.operands
    if isinstance(node, Ternary):
        test, then, otherwise = operands
        outcome = _value(test, given)
        if outcome is not UNKNOWN:
            operands = (then if outcome is True else otherwise,)
    elif not isinstance(node, Logical | Not | Named):
        return facts_in(node)
    return frozenset().union(*(facts_that_count(operand, given) for operand in operands))


def _value(node: Node, given: Given) -> Value:
    return evaluator(node, compiled(node))(given)
