"""One parsed expression, and the way to it from text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from webhook_service.policy.conditions.checks import not_boolean
from webhook_service.policy.conditions.errors import ConditionError
from webhook_service.policy.conditions.evaluate import compiled, evaluator
from webhook_service.policy.conditions.nodes import Logical, Node, Run
from webhook_service.policy.conditions.parser import Parser
from webhook_service.policy.conditions.types import BOOL, FactType, Lookup, Type, Value

__all__ = ["ConditionError", "Expression", "Names", "demand_bool", "parse"]


class Names(Protocol):
    """What names an expression may use."""

    def fact(self, name: str) -> FactType | None:
        """Return what is known of a fact (``session.aal``, ``now``), or ``None``."""
        ...

    def facts(self) -> frozenset[str]:
        """Return every fact's name: for "did you mean", and no variable may hide one."""
        ...

    def condition(self, name: str) -> Expression | None:
        """Return the named condition defined above, or ``None`` (P11)."""
        ...

    def conditions(self) -> frozenset[str]:
        """Return the names of the conditions defined above, likewise."""
        ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Attributes:
        text: as written.
        type: what it yields.
        facts: the facts it reads, through named conditions too (P11).
        first_use: for each fact, the offset of its first mention in ``text`` (of the named
            condition that brings it, where it is not mentioned itself).
        evaluate: the compiled expression; never raises. ``UNKNOWN`` for unknown, ``None``
            for null; a condition holds if it is ``True``.
        tree: what it was compiled from.
        run: what ``evaluate`` runs; an expression that names this one runs it too.
    """

    text: str
    type: Type
    facts: frozenset[str]
    first_use: dict[str, int]
    evaluate: Callable[[Lookup], Value]
    tree: Node = field(repr=False, compare=False)
    run: Run = field(repr=False, compare=False)

    @property
    def operands(self) -> tuple[tuple[int, int], ...]:
        """Where in the text the operands of its outermost ``&&`` or ``||`` stand: start, end.

        Each can be parsed on its own. Any other expression is its own only operand.
        """
        if isinstance(self.tree, Logical):
            return self.tree.spans
        return ((0, len(self.text)),)


def parse(text: str, names: Names) -> Expression:
    """Read an expression of any type.

    Raises:
        ConditionError: for the first thing that is wrong with it. That the result is a bool
            (``condition.not_boolean``) is for the caller to demand, with ``demand_bool``.
    """
    tree, first_use = Parser(text, names).parse()
    run = compiled(tree)
    return Expression(
        text=text,
        type=tree.type,
        facts=frozenset(first_use),
        first_use=first_use,
        evaluate=evaluator(tree, run),
        tree=tree,
        run=run,
    )


def demand_bool(expression: Expression) -> None:
    """Demand that an expression is a condition (P9).

    Raises:
        ConditionError: ``condition.not_boolean``, at its first character.
    """
    if expression.type != BOOL:
        raise not_boolean(expression.tree)
