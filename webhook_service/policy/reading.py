"""What an expression reads: facts, and members of the free-form ones, as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webhook_service.policy.conditions.nodes import Constant, Fact, Index, Node
from webhook_service.policy.conditions.types import FREE, UNKNOWN, Lookup, Value
from webhook_service.policy.conditions.values import UNLIMITED, item_at
from webhook_service.policy.facts import FACTS

_PLAIN: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")

_PERSONAL: Final = frozenset(
    {"identity.verified_addresses", "request.ip", "request.country", "request.user_agent"}
)
"""Facts that are a trait's or a header's value under a name of their own (P34)."""


@dataclass(frozen=True, slots=True)
class Path:
    """A fact, or what lies within it: ``identity.traits.staff``, ``token.amr[0]``."""

    fact: str
    members: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        """Read as in a condition."""
        return self.fact + "".join(map(_member, self.members))

    @property
    def is_private(self) -> bool:
        """Whether it leads to the value of a trait, a claim, metadata or a header (P34)."""
        return FACTS[self.fact].type == FREE or self.fact in _PERSONAL

    def value(self, facts: Lookup) -> Value:
        """Return what stands there, ``None`` where nothing does, ``UNKNOWN`` where unknown."""
        value = facts.value(self.fact)
        for member in self.members:
            if value is UNKNOWN:
                return UNKNOWN
            value = item_at(value, member, UNLIMITED)
        return value


def _member(member: str | int) -> str:
    if isinstance(member, int):
        return f"[{member}]"
    return f".{member}" if _PLAIN.fullmatch(member) else f'["{member}"]'


def paths(*trees: Node) -> tuple[Path, ...]:
    """Return what the trees read, each once, in the order of its first mention."""
    return tuple(dict.fromkeys(path for tree in trees for path in _paths(tree)))


def _paths(node: Node) -> Iterator[Path]:
    path = _path(node)
    if path is not None:
        yield path
        return
    for operand in node.operands:
        yield from _paths(operand)


def _path(node: Node) -> Path | None:
    """Return the path that a node is, if it is one: a fact and constant members."""
    if isinstance(node, Fact):
        return Path(node.name)
    if not isinstance(node, Index):
        return None
    base, index = node.operands
    below = _path(base)
    if below is None or not (isinstance(index, Constant) and isinstance(index.value, str | int)):
        return None
    return Path(below.fact, (*below.members, index.value))
