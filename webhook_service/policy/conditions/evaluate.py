"""A tree to a function, once, when the policy is loaded.

Every node becomes a closure over those of its operands, so that nothing is looked up by
name or dispatched while a condition is decided. Unknown is a value like the others: each
closure hands it on (P14), but for ``&&``, ``||`` and the macros, which may know the answer
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from webhook_service.policy.conditions import values
from webhook_service.policy.conditions.nodes import (
    Binary,
    Constant,
    ContainsIp,
    Fact,
    Fetch,
    Frame,
    ListLiteral,
    Logical,
    Macro,
    Named,
    Node,
    Run,
    Ternary,
    Unary,
    Variable,
)
from webhook_service.policy.conditions.scope import STEPS
from webhook_service.policy.conditions.types import UNKNOWN, Lookup, Value


def evaluator(tree: Node, run: Run) -> Callable[[Lookup], Value]:
    """Return what ``Expression.evaluate`` is."""
    if tree.macros:
        return lambda lookup: run(lookup.value, [STEPS, None, None])
    return lambda lookup: run(lookup.value, values.UNLIMITED)


def compiled(node: Node) -> Run:
    """Return the function that evaluates the node."""
    match node:
        case Named(run=run):
            return run
        case Constant(value=value):
            return lambda _fetch, _frame: value
        case Fact(name=name):
            return lambda fetch, _frame: fetch(name)
        case Variable(slot=slot):
            return lambda _fetch, frame: frame[slot]
    return _joined(node, [compiled(operand) for operand in node.operands])


def _joined(node: Node, operands: Sequence[Run]) -> Run:
    """Return the function of a node, given those of its operands."""
    match node:
        case Logical(operator=name):
            return _logical(operands, decisive=name == "||")
        case Macro():
            return _macro(node, *operands)
        case Ternary():
            return _ternary(*operands)
        case Unary(operator=name):
            return _unary(values.UNARY[name], *operands)
        case Binary(operator=name, operands=(_, right)) if _reads_nothing(right):
            return _with_constant(values.BINARY[name], *operands)
        case Binary(operator=name):
            return _binary(values.BINARY[name], *operands)
        case ContainsIp(network=network):
            return _unary(lambda value, _: values.contains_address(network, value), *operands)
    return _list(operands)


def _unary(function: Callable[[Value, Frame], Value], operand: Run) -> Run:
    def run(fetch: Fetch, frame: Frame) -> Value:
        value = operand(fetch, frame)
        return UNKNOWN if value is UNKNOWN else function(value, frame)

    return run


def _binary(function: Callable[[Value, Value, Frame], Value], left: Run, right: Run) -> Run:
    def run(fetch: Fetch, frame: Frame) -> Value:
        one, other = left(fetch, frame), right(fetch, frame)
        if one is UNKNOWN or other is UNKNOWN:
            return UNKNOWN
        return function(one, other, frame)

    return run


def _reads_nothing(node: Node) -> bool:
    """Whether the node is a literal, or a list of them."""
    if isinstance(node, ListLiteral):
        return all(isinstance(item, Constant) for item in node.operands)
    return isinstance(node, Constant)


def _with_constant(function: Callable[[Value, Value, Frame], Value], left: Run, right: Run) -> Run:
    """Compile the most frequent kind of comparison: the right side is known by now."""
    constant = right(lambda _: None, values.UNLIMITED)

    def run(fetch: Fetch, frame: Frame) -> Value:
        value = left(fetch, frame)
        return UNKNOWN if value is UNKNOWN else function(value, constant, frame)

    return run


def _list(items: Sequence[Run]) -> Run:
    def run(fetch: Fetch, frame: Frame) -> Value:
        found = [item(fetch, frame) for item in items]
        return UNKNOWN if any(value is UNKNOWN for value in found) else found

    return run


def _logical(operands: Sequence[Run], *, decisive: bool) -> Run:
    """Compile ``||``, which one true operand decides, or ``&&``, which one false one does.

    What is absent does not hold, so it is as good as false (P12).
    """

    def run(fetch: Fetch, frame: Frame) -> Value:
        result: Value = not decisive
        for operand in operands:
            value = operand(fetch, frame)
            if value is UNKNOWN:
                result = UNKNOWN
            elif (value is True) is decisive:
                return decisive
        return result

    return run


def _ternary(test: Run, then: Run, otherwise: Run) -> Run:
    def run(fetch: Fetch, frame: Frame) -> Value:
        value = test(fetch, frame)
        if value is UNKNOWN:
            return UNKNOWN
        return (then if value is True else otherwise)(fetch, frame)

    return run


def _macro(macro: Macro, items: Run, body: Run) -> Run:
    """Compile ``exists``, an ``||`` over the elements, or ``all``, an ``&&``.

    An element costs as many steps as the body has nodes, short cuts or not, so that what is
    affordable does not depend on who signs in. Out of budget is unknown, like a fact that
    could not be fetched: the rest of the condition may still be decisive.
    """
    slot = macro.slot
    steps = macro.operands[1].steps
    decisive = macro.function == "exists"

    def run(fetch: Fetch, frame: Frame) -> Value:
        found = items(fetch, frame)
        if found is UNKNOWN:
            return UNKNOWN
        result: Value = not decisive
        if not isinstance(found, values.CONTAINERS):
            return result
        outer = frame[slot]
        for item in found:
            if not values.spend(frame, steps):
                result = UNKNOWN
                break
            frame[slot] = item
            value = body(fetch, frame)
            if value is UNKNOWN:
                result = UNKNOWN
            elif (value is True) is decisive:
                result = decisive
                break
        frame[slot] = outer
        return result

    return run
