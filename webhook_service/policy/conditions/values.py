"""What the operators and functions do with values that may be anything (P12, P13): no errors.

Each takes its operands, none of them unknown, and the frame of the evaluation, from which it
pays for the elements that it looks at (P33); it answers ``UNKNOWN`` when it cannot.
"""

from __future__ import annotations

import ipaddress
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from webhook_service.policy.conditions.nodes import Frame, Network
from webhook_service.policy.conditions.types import UNKNOWN, Unknown, Value

UNLIMITED: Final[Frame] = [math.inf, None, None]
"""The frame of a condition without macros. It does not pay, for what it costs is in
proportion to the facts that it reads; infinity less anything is infinity, so that one frame
serves every evaluation."""

_CHARACTERS_A_STEP: Final = 1_000
"""How much text a step pays for: reading it takes about as long as any other step."""

_LONGEST_ADDRESS: Final = 64
"""Characters: what is longer is no address, and not worth an attempt to read it."""

_TO_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_LISTS: Final = (list, tuple)
CONTAINERS: Final = (*_LISTS, dict)
_SIZED: Final = (*CONTAINERS, str)
_TIMES: Final = (datetime, timedelta)
_ORDERED: Final[tuple[Any, ...]] = ((int, float), str, datetime, timedelta)


def spend(frame: Frame, steps: int) -> bool:
    """Take steps from the budget; false if there were not enough left."""
    frame[0] -= steps
    return bool(frame[0] >= 0)


def is_number(value: Value) -> bool:
    """Whether it is an int or a double; ``true`` is not 1."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def negation(value: Value, _: Frame) -> bool:
    """``!x``; what is absent does not hold."""
    return value is not True


def negative(value: Value, _: Frame) -> Value:
    """``-x``."""
    return -value if is_number(value) else None


def present(value: Value, _: Frame) -> bool:
    """``has(x)``."""
    return value is not None


def size(value: Value, _: Frame) -> int:
    """``size(x)``."""
    return len(value) if isinstance(value, _SIZED) else 0


def item_at(value: Value, index: Value, _: Frame) -> Value:
    """``x[i]`` and ``x.name``."""
    if isinstance(value, dict):
        return value.get(index) if isinstance(index, str) else None
    if not (isinstance(value, _LISTS) and is_number(index)):
        return None
    if not 0 <= index < len(value) or index != int(index):
        return None
    return value[int(index)]


# Comparisons


def equal(left: Value, right: Value, frame: Frame) -> bool | Unknown:
    """``a == b``: lists and maps through and through."""
    if isinstance(left, CONTAINERS):
        return _deeply_equal(left, right, frame)
    return _plainly_equal(left, right)


def unequal(left: Value, right: Value, frame: Frame) -> bool | Unknown:
    """``a != b``."""
    same = equal(left, right, frame)
    return same if same is UNKNOWN else not same


def _plainly_equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _deeply_equal(left: Value, right: Value, frame: Frame) -> bool | Unknown:
    """Compare without recursion: what JSON nests may be deeper than Python's stack."""
    pending: list[Iterator[tuple[Value, Value]]] = [iter([(left, right)])]
    while pending:
        pair = next(pending[-1], None)
        if pair is None:
            pending.pop()
            continue
        if not spend(frame, 1):
            return UNKNOWN
        one, other = pair
        if isinstance(one, _LISTS):
            if not isinstance(other, _LISTS) or len(one) != len(other):
                return False
            pending.append(zip(one, other, strict=True))
        elif isinstance(one, dict):
            if not isinstance(other, dict) or len(one) != len(other):
                return False
            if not spend(frame, len(one)):
                return UNKNOWN
            if one.keys() != other.keys():
                return False
            pending.append(zip(one.values(), map(other.__getitem__, one), strict=True))
        elif not _plainly_equal(one, other):
            return False
    return True


def contained(left: Value, right: Value, frame: Frame) -> bool | Unknown:
    """``a in b``: a list's element, a map's key."""
    if isinstance(left, str):
        if isinstance(right, _LISTS) and not spend(frame, len(right)):
            return UNKNOWN
        return isinstance(right, CONTAINERS) and left in right
    return _listed(left, right, frame) if isinstance(right, _LISTS) else False


def _listed(left: Value, right: Sequence[Value], frame: Frame) -> bool | Unknown:
    """Look for what is no text; what is absent is in no list, whatever that holds (P13)."""
    for item in () if left is None else right:
        found = equal(left, item, frame) if spend(frame, 1) else UNKNOWN
        if found is not False:
            return found
    return False


def _ordering(holds: Callable[[Value, Value], bool]) -> Callable[..., bool]:
    """Make ``<`` and the like: between numbers, texts, times, spans of time, bools (CEL)."""

    def compare(left: Value, right: Value, _: Frame) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            return isinstance(left, bool) and isinstance(right, bool) and holds(left, right)
        for kind in _ORDERED:
            if isinstance(left, kind):
                return isinstance(right, kind) and holds(left, right)
        return False

    return compare


# Times, texts, addresses


def _arithmetic(result: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    """Make ``+`` or ``-``; the types have been checked but for free-form values (P9)."""

    def calculate(left: Value, right: Value, _: Frame) -> Value:
        if not (isinstance(left, _TIMES) and isinstance(right, _TIMES)):
            return None
        try:
            return result(left, right)
        except OverflowError:  # before the year 1 or after 9999
            return None

    return calculate


def _of_texts(holds: Callable[[str, str], bool]) -> Callable[..., bool | Unknown]:
    """Make a function of two texts, false for anything else."""

    def apply(left: Value, right: Value, frame: Frame) -> bool | Unknown:
        if not (isinstance(left, str) and isinstance(right, str)):
            return False
        return holds(left, right) if spend(frame, len(left) // _CHARACTERS_A_STEP) else UNKNOWN

    return apply


def lower_ascii(value: Value, frame: Frame) -> Value:
    """``x.lowerAscii()``: other letters stay as they are."""
    if not isinstance(value, str):
        return None
    if not spend(frame, len(value) // _CHARACTERS_A_STEP):
        return UNKNOWN
    return value.lower() if value.isascii() else value.translate(_TO_LOWER)


def contains_address(network: Network, value: Value) -> bool:
    """``cidr(…).containsIP(x)``; an IPv4 address may come in IPv6's clothes."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS:
        return False
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address in network or (mapped is not None and mapped in network)


UNARY: Final[Mapping[str, Callable[[Value, Frame], Value]]] = {
    "!": negation,
    "-": negative,
    "has": present,
    "size": size,
    "lowerAscii": lower_ascii,
}
BINARY: Final[Mapping[str, Callable[[Value, Value, Frame], Value]]] = {
    "==": equal,
    "!=": unequal,
    "<": _ordering(operator.lt),
    "<=": _ordering(operator.le),
    ">": _ordering(operator.gt),
    ">=": _ordering(operator.ge),
    "in": contained,
    "[]": item_at,
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "startsWith": _of_texts(str.startswith),
    "endsWith": _of_texts(str.endswith),
    "contains": _of_texts(operator.contains),
}
