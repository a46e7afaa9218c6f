"""Texts in conditions that a fact never is, because it comes in one spelling only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from webhook_service.policy.conditions.nodes import (
    Binary,
    Constant,
    Fact,
    ListLiteral,
    Node,
    Unary,
)
from webhook_service.policy.conditions.values import UNLIMITED, lower_ascii
from webhook_service.policy.loading.wording import quoted

_WITH_PORT: Final = re.compile(r"(\[.+\]|[^:]+):[0-9]+")


def _small(text: str) -> str:
    return str(lower_ascii(text, UNLIMITED))


def _host(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    return _small(found[1] if found else text)


_SPELLED: Final[Mapping[str, tuple[Callable[[str], str], str]]] = {
    "request.headers": (_small, "names of headers come in small letters"),
    "request.host": (_host, "a host comes in small letters and without a port"),
    "request.method": (str.upper, "a verb comes in capitals"),
    "lowerAscii": (_small, "its letters are small"),
}
_LOOKS_FOR: Final = frozenset({"==", "!=", "in", "[]", "startsWith", "endsWith", "contains"})


def sought_in_vain(tree: Node) -> Iterator[str]:
    """Say of the texts of an expression, named conditions included, which no fact ever is."""
    if isinstance(tree, Binary) and tree.operator in _LOOKS_FOR:
        left, right = tree.operands
        yield from _sought(left, right)
        yield from _sought(right, left)
    for operand in tree.operands:
        yield from sought_in_vain(operand)


def _sought(within: Node, sought: Node) -> Iterator[str]:
    match within:
        case Fact(name=name) | Unary(operator=name) if name in _SPELLED:
            spell, why = _SPELLED[name]
        case _:
            return
    for text in _texts(sought):
        instead = spell(text)
        if instead != text:
            yield (
                f'"{quoted(text)}" is looked for in {name} in vain: {why};'
                f' write "{quoted(instead)}"'
            )


def _texts(node: Node) -> Iterator[str]:
    """Yield the texts that are written there: one, or those of a list."""
    for item in node.operands if isinstance(node, ListLiteral) else (node,):
        if isinstance(item, Constant) and isinstance(item.value, str):
            yield item.value
