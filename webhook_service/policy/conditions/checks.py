"""What may stand beside what (P9, P10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from webhook_service.policy.conditions.errors import (
    ConditionError,
    did_you_mean,
    one_of,
    refusal,
    shown,
)
from webhook_service.policy.conditions.lexer import Token
from webhook_service.policy.conditions.nodes import Constant, ListLiteral, Node, Ternary
from webhook_service.policy.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    FREE,
    NULL,
    STRING,
    TIMESTAMP,
    Kind,
    Type,
)

NUMBERS: Final = frozenset({Kind.INT, Kind.DOUBLE})
MOMENTS: Final = frozenset({Kind.TIMESTAMP, Kind.DURATION})
_ANY: Final = frozenset({Kind.FREE, Kind.NULL})
_ORDERED: Final = NUMBERS | MOMENTS | {Kind.STRING, Kind.FREE}
_SUMS: Final = {
    ("+", TIMESTAMP, DURATION): TIMESTAMP,
    ("+", DURATION, TIMESTAMP): TIMESTAMP,
    ("+", DURATION, DURATION): DURATION,
    ("-", TIMESTAMP, DURATION): TIMESTAMP,
    ("-", TIMESTAMP, TIMESTAMP): DURATION,
    ("-", DURATION, DURATION): DURATION,
}


def element(of: Type) -> Type:
    """Return the type of a list's elements; those of a free-form value are free-form."""
    return Type(of.item) if of.item else FREE


def list_type(items: Sequence[Node]) -> Type:
    """Return the type of a list literal; elements of several types are free-form."""
    item = _joined([item.type for item in items])
    return Type(Kind.LIST, None if item in {None, FREE} else item.kind)


def either_type(offset: int, then: Type, otherwise: Type) -> Type:
    """Return what ``?:`` yields, for which both sides must agree."""
    result = _joined([then, otherwise])
    if result is None:
        raise refusal("type", offset, f"?: yields either {then} or {otherwise}")
    return result


def _joined(types: Sequence[Type]) -> Type | None:
    """Return the one type that holds values of all of these; anything may be null."""
    kinds = set(types) - {NULL} or set(types)
    if FREE in kinds:
        return FREE
    if len(kinds) == 1:
        return kinds.pop()
    if {each.kind for each in kinds} == NUMBERS:
        return DOUBLE
    return Type(Kind.LIST) if {each.kind for each in kinds} == {Kind.LIST} else None


def comparable(left: Type, right: Type) -> bool:
    """Whether values of these types can be equal."""
    if left.kind in _ANY or right.kind in _ANY:
        return True
    if left.kind is right.kind is Kind.LIST:
        return comparable(element(left), element(right))
    return left.kind is right.kind or {left.kind, right.kind} <= NUMBERS


def comparison_type(sign: Token, left: Node, right: Node) -> Type:
    """Refuse a comparison that can never hold: by its types (P9), or by its words (P10)."""
    holds = _holds_in if sign.text == "in" else _holds
    if not holds(sign.text, left, right):
        raise refusal(
            "type",
            sign.start,
            f"{sign.text} does not work on {left.type} and {right.type}{_as_moment(left, right)}",
        )
    _check_words(left, right)
    _check_words(right, left)
    return BOOL


def _as_moment(left: Node, right: Node) -> str:
    """Return how to write the text that stands beside a timestamp or a duration, if one does."""
    for one, other in ((left, right), (right, left)):
        if one.type.kind in MOMENTS and other.type == STRING:
            return f'; write {one.type}("…")'
    return ""


def _holds(operator: str, left: Node, right: Node) -> bool:
    """Whether ``==``, ``<`` and the like can hold."""
    kinds = {left.type.kind, right.type.kind}
    return comparable(left.type, right.type) and (operator in {"==", "!="} or kinds <= _ORDERED)


def _holds_in(_: str, left: Node, right: Node) -> bool:
    """Whether ``in`` can hold: for each element of a list that is written out."""
    if isinstance(right, ListLiteral):
        return all(comparable(left.type, item.type) for item in right.operands)
    return right.type.kind in {Kind.LIST, Kind.FREE} and comparable(left.type, element(right.type))


def _check_words(checked: Node, against: Node) -> None:
    """Refuse a literal that the other side, a fact with a closed vocabulary, never is (P10)."""
    words = against.words
    if words is None:
        return
    for literal in _texts(checked):
        if literal.value not in words:
            raise refusal(
                "value",
                literal.start,
                f'"{shown(literal.value)}" is never a value here'
                f"{did_you_mean(literal.value, words)}; there are {one_of(words)}",
            )


def _texts(node: Node) -> Iterator[Constant]:
    """Yield the text literals that the value can be, or contain."""
    if isinstance(node, Constant):
        if isinstance(node.value, str):
            yield node
    elif isinstance(node, ListLiteral):
        for item in node.operands:
            yield from _texts(item)
    elif isinstance(node, Ternary):
        for arm in node.operands[1:]:
            yield from _texts(arm)


def sum_type(sign: Token, left: Node, right: Node) -> Type:
    """Return what ``+`` or ``-`` yields; only moments and spans of time have them (P8).

    A free-form value beside one of those is let through, as everywhere: JSON holds no
    timestamps, so the result is null (P13).
    """
    result = _SUMS.get((sign.text, left.type, right.type))
    if result is not None:
        return result
    kinds = {left.type.kind, right.type.kind}
    if Kind.FREE in kinds and kinds & MOMENTS:
        return FREE
    raise refusal(
        "type",
        sign.start,
        f"{sign.text} does not work on {left.type} and {right.type}: there is"
        " timestamp ± duration, timestamp - timestamp, duration ± duration",
    )


def demand_bool(operator: str, offset: int, operand: Node) -> None:
    """Refuse an operand of ``&& || ! ?:`` that is no bool (P9)."""
    if operand.type == FREE:
        raise not_boolean(operand)
    if operand.type != BOOL:
        raise refusal("type", offset, f"{operator} does not work on {operand.type}")


def not_boolean(node: Node) -> ConditionError:
    """Return the error for what is no bool where a condition stands (P9), with the way out."""
    hint = "; compare it, as in … == true" if node.type == FREE else ""
    return refusal("not_boolean", node.start, f"a condition is a bool, not {node.type}{hint}")
