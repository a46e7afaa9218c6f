"""The typed tree of an expression: what the parser makes and ``evaluate`` compiles.

A node has its operands in the order in which they are written, so that whatever is true of
every tree (how deep, how many steps) is said once, here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from typing import Any, TypeAlias

from webhook_service.policy.conditions.types import Type, Value

Network: TypeAlias = IPv4Network | IPv6Network

Fetch: TypeAlias = Callable[[str], Value]
"""``Lookup.value``: the value of a fact."""

Frame: TypeAlias = list[Any]
"""What one evaluation carries: the steps that are left (P33), then the macros' variables."""

Run: TypeAlias = Callable[[Fetch, Frame], Value]
"""A compiled node."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """Any node.

    Attributes:
        start: the offset of its first character, parentheses left out.
        type: what it yields.
        operands: what it is made of.
        words: the only texts it can be, or its elements can be (P10); ``None`` if any.
        levels: the levels of depth that it adds itself, its parentheses included (P8).
    """

    start: int
    type: Type
    operands: tuple[Node, ...] = ()
    words: frozenset[str] | None = None
    levels: int = 0

    @cached_property
    def depth(self) -> int:
        """How many levels deep the tree is, named conditions included (P8)."""
        return self.levels + max((operand.depth for operand in self.operands), default=0)

    @cached_property
    def steps(self) -> int:
        """How many nodes one walk through the tree meets, named conditions included (P33)."""
        return 1 + sum(operand.steps for operand in self.operands)

    @cached_property
    def macros(self) -> int:
        """How deep ``exists`` and ``all`` are nested, named conditions included (P8)."""
        return max((operand.macros for operand in self.operands), default=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Constant(Node):
    """A literal, read: also of ``duration("15m")`` and ``timestamp("…")``."""

    value: Value


@dataclass(frozen=True, kw_only=True, eq=False)
class ListLiteral(Node):
    """``[a, b]``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact(Node):
    """A fact of the event."""

    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Named(Node):
    """A named condition (P11); its tree is the operand, compiled already."""

    run: Run


@dataclass(frozen=True, kw_only=True, eq=False)
class Variable(Node):
    """A macro's variable: where it is kept in the frame."""

    slot: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Unary(Node):
    """``-x``, ``has(x)``, ``size(x)``, ``x.lowerAscii()``."""

    operator: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Not(Unary):
    """``!x``."""

    operator: str = "!"


@dataclass(frozen=True, kw_only=True, eq=False)
class Binary(Node):
    """Comparisons, ``in``, ``+ -``, functions of two texts."""

    operator: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Index(Binary):
    """``x[i]``, and ``x.name``, which is ``x["name"]``."""

    operator: str = "[]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Logical(Node):
    """``a && b && c`` or ``a || b || c``, with each operand's place in the text."""

    operator: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ternary(Node):
    """``test ? a : b``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContainsIp(Node):
    """``cidr("…").containsIP(x)``."""

    network: Network


@dataclass(frozen=True, kw_only=True, eq=False)
class Macro(Node):
    """``l.exists(v, c)`` or ``l.all(v, c)``: the list, then the body."""

    function: str
    slot: int

    @cached_property
    def macros(self) -> int:
        """Count this one too: it surrounds its body, but not its list."""
        items, body = self.operands
        return max(items.macros, 1 + body.macros)
