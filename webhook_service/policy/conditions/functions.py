"""The functions of the language, macros apart: what they take and yield (P8)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from webhook_service.policy.conditions.errors import (
    ConditionError,
    did_you_mean,
    refusal,
    shown,
    sign_for,
)
from webhook_service.policy.conditions.lexer import Token
from webhook_service.policy.conditions.literals import parse_duration, parse_timestamp
from webhook_service.policy.conditions.nodes import (
    Binary,
    Constant,
    ContainsIp,
    Fact,
    Index,
    Network,
    Node,
    Unary,
)
from webhook_service.policy.conditions.types import (
    BOOL,
    DURATION,
    FREE,
    INT,
    STRING,
    TIMESTAMP,
    Kind,
    Type,
    Value,
)

_TEXT_FUNCTIONS: Final[Mapping[str, tuple[int, Type]]] = {
    "startsWith": (1, BOOL),
    "endsWith": (1, BOOL),
    "contains": (1, BOOL),
    "lowerAscii": (0, STRING),
}
"""For each: how many texts it takes besides its receiver, and what it yields."""

_LITERALS: Final[Mapping[str, tuple[Callable[[str], Value], Type, str]]] = {
    "duration": (parse_duration, DURATION, "days, hours, minutes, seconds, as in 36h or 1d12h"),
    "timestamp": (parse_timestamp, TIMESTAMP, "RFC 3339 with an offset: 2026-12-01T00:00:00Z"),
}
_FUNCTIONS: Final = frozenset({"has", "size", "cidr", *_LITERALS})
_METHODS: Final = frozenset({"exists", "all", *_TEXT_FUNCTIONS})

_INSTEAD: Final[Mapping[str, str]] = {
    "matches": "there are no regular expressions: use startsWith, endsWith, contains, or in",
    "map": "there are exists and all only",
    "filter": "there are exists and all only",
    "exists_one": "there are exists and all only",
    "lower": "write x.lowerAscii()",
    "upperAscii": "compare with x.lowerAscii()",
    "containsIP": 'write cidr("10.0.0.0/8").containsIP(x)',
    "containsCIDR": 'write cidr("10.0.0.0/8").containsIP(x)',
    "ip": 'write cidr("10.0.0.0/8").containsIP(x)',
}
_TEXTS: Final = frozenset({STRING, FREE})
_NETWORK: Final = re.compile(r"[0-9A-Fa-f:.]+/[0-9]{1,3}")


def demand_function(name: Token) -> None:
    """Refuse ``name(…)`` if there is no such function."""
    if name.text in _METHODS:
        raise _unknown(name, f"write x.{name.text}(…)")
    if name.text not in _FUNCTIONS:
        raise _unknown(name, _INSTEAD.get(name.text), _FUNCTIONS)


def demand_method(name: Token) -> None:
    """Refuse ``x.name(…)`` if there is no such function."""
    if name.text in _FUNCTIONS:
        raise _unknown(name, f"write {name.text}(…)")
    if name.text not in _METHODS:
        raise _unknown(name, _INSTEAD.get(name.text), _METHODS)


def call(name: Token, arguments: list[Node]) -> Node:
    """Make the node of ``name(arguments)``.

    Raises:
        ConditionError: for arguments that it does not take.
    """
    if name.text == "has":
        return _has(name, arguments)
    if name.text == "size":
        return _size(name, arguments)
    return _literal(name, arguments)


def method(receiver: Node, name: Token, arguments: list[Node]) -> Node:
    """Make the node of ``receiver.name(arguments)``.

    Raises:
        ConditionError: for a receiver or arguments that it does not take.
    """
    function = name.text
    count, result = _TEXT_FUNCTIONS[function]
    _demand_count(name, arguments, count)
    _demand_texts(name, [receiver, *arguments])
    kind = Binary if arguments else Unary
    return kind(
        start=receiver.start,
        type=result,
        operands=(receiver, *arguments),
        levels=1,
        operator=function,
    )


def network(name: Token, arguments: list[Node]) -> Network:
    """Read the address range of ``cidr("10.0.0.0/8")``.

    Raises:
        ConditionError: ``condition.literal`` for what is none, or has bits beyond its prefix.
    """
    text, start = _quoted(name, arguments)
    hint = ""
    if _NETWORK.fullmatch(text):
        with suppress(ValueError):
            return ipaddress.ip_network(text)
        with suppress(ValueError):
            hint = f"; did you mean {ipaddress.ip_network(text, strict=False)}?"
    raise refusal("literal", start, f"{shown(text)} is no address range such as 10.0.0.0/8{hint}")


def contains_ip(cidr: Token, within: Network, name: Token, arguments: list[Node]) -> Node:
    """Make the node of ``cidr("…").containsIP(x)``."""
    _demand_count(name, arguments, 1)
    _demand_texts(name, arguments)
    return ContainsIp(
        start=cidr.start, type=BOOL, operands=tuple(arguments), levels=1, network=within
    )


def _has(name: Token, arguments: list[Node]) -> Node:
    _demand_count(name, arguments, 1)
    (argument,) = arguments
    if not isinstance(argument, Fact | Index):
        raise refusal("type", argument.start, "has takes a fact or a member of one")
    return Unary(start=name.start, type=BOOL, operands=(argument,), levels=1, operator="has")


def _size(name: Token, arguments: list[Node]) -> Node:
    _demand_count(name, arguments, 1)
    (argument,) = arguments
    if argument.type not in _TEXTS and argument.type.kind is not Kind.LIST:
        raise refusal("type", name.start, f"size works on texts and lists, not {argument.type}")
    return Unary(start=name.start, type=INT, operands=(argument,), levels=1, operator="size")


def _literal(name: Token, arguments: list[Node]) -> Node:
    text, start = _quoted(name, arguments)
    read, result, form = _LITERALS[name.text]
    value = read(text)
    if value is None:
        raise refusal("literal", start, f"{shown(text)} is no {name.text}; write {form}")
    return Constant(start=name.start, type=result, value=value)


def _quoted(name: Token, arguments: list[Node]) -> tuple[str, int]:
    """Return the text in ``duration("…")`` and the like, and where it stands.

    It must be written there, so that it is checked when the policy is loaded (P8).
    """
    _demand_count(name, arguments, 1)
    (argument,) = arguments
    if isinstance(argument, Constant) and isinstance(argument.value, str):
        return argument.value, argument.start
    raise refusal(
        "literal", argument.start, f'{name.text} takes a text in quotes: {name.text}("…")'
    )


def _demand_count(name: Token, arguments: list[Node], count: int) -> None:
    if len(arguments) != count:
        many = ("no argument", "one argument")[count]
        raise refusal("type", name.start, f"{name.text} takes {many}, not {len(arguments)}")


def _demand_texts(name: Token, operands: list[Node]) -> None:
    for operand in operands:
        if operand.type not in _TEXTS:
            is_list = name.text == "contains" and operand.type.kind is Kind.LIST
            hint = '; what a list has is told by in, as in "a" in x' if is_list else ""
            message = f"{name.text} works on texts, not {operand.type}{hint}"
            raise refusal("type", name.start, message)


def _unknown(
    name: Token, instead: str | None, known: frozenset[str] = frozenset()
) -> ConditionError:
    hint = f"; {instead}" if instead else sign_for(name.text) or did_you_mean(name.text, known)
    return refusal("unknown_function", name.start, f"{shown(name.text)} is not a function{hint}")
