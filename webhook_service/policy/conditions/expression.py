"""One parsed expression, and the way to it from text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from webhook_service.policy.conditions.types import FactType, Lookup, Type, Value


class ConditionError(Exception):
    """An expression that cannot be used.

    ``kind`` is one of the ``condition.*`` kinds of section 10, ``offset`` the character of
    the expression (from 0) that the error is about (P2).
    """

    def __init__(self, kind: str, offset: int, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.offset = offset
        self.message = message


class Names(Protocol):
    """What names an expression may use."""

    def fact(self, name: str) -> FactType | None:
        """Return what is known of a fact (``session.aal``, ``now``), or ``None``."""
        ...

    def facts(self) -> frozenset[str]:
        """Return every fact's name: for "did you mean"."""
        ...

    def condition(self, name: str) -> Expression | None:
        """Return the named condition defined above, or ``None`` (P11)."""
        ...

    def conditions(self) -> frozenset[str]:
        """Return the names of the conditions defined above: for "did you mean"."""
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
            for null.
    """

    text: str
    type: Type
    facts: frozenset[str]
    first_use: dict[str, int]
    evaluate: Callable[[Lookup], Value]


def parse(text: str, names: Names) -> Expression:
    """Read an expression of any type.

    Raises:
        ConditionError: for the first thing that is wrong with it. That the result is a bool
            (``condition.not_boolean``) is for the caller to demand, with ``demand_bool``.
    """
    raise NotImplementedError
