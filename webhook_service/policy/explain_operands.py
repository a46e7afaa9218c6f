"""A condition, operand by operand: what each came to, and on which facts (section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.evaluate import compiled, evaluator
from webhook_service.policy.conditions.lexer import tokens
from webhook_service.policy.conditions.nodes import Logical, Node
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import Facts
from webhook_service.policy.reading import Path, paths


class State(StrEnum):
    """Whether a fact is there."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Read:
    """One fact that was read. A private value is nothing to print without being asked (P34)."""

    name: str
    state: State
    is_private: bool
    value: Value = field(repr=False)


class Answer(StrEnum):
    """What an operand came to."""

    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand of a condition's outermost ``&&`` or ``||``, as written but on one line."""

    text: str
    answer: Answer
    reads: tuple[Read, ...] = ()


def operands(when: Expression, facts: Facts) -> tuple[Operand, ...]:
    """Explain a condition; what stands behind the deciding operand was not needed."""
    tree = when.tree
    nodes = tree.operands if isinstance(tree, Logical) else (tree,)
    decisive = isinstance(tree, Logical) and tree.operator == "||"
    decided = False
    found = []
    for (start, end), node in zip(when.operands, nodes, strict=True):
        text = on_one_line(when.text[start:end])
        if decided:
            found.append(Operand(text, Answer.NOT_NEEDED))
            continue
        value = _evaluated(node, facts)
        decided = value is not UNKNOWN and (value is True) is decisive
        found.append(Operand(text, answered(value), reads(paths(node), facts)))
    return tuple(found)


def answered(value: Value) -> Answer:
    """Return the word for what a condition came to."""
    if value is UNKNOWN:
        return Answer.UNKNOWN
    return Answer.NULL if value is None else Answer(str(value).lower())


def on_one_line(text: str) -> str:
    """Return an expression without its comments and line breaks."""
    found, end = "", None
    for token in tokens(text):
        found += (" " if end is not None and token.start > end else "") + token.text
        end = token.end
    return found


def reads(of: Iterable[Path], facts: Facts) -> tuple[Read, ...]:
    """Look the facts up."""
    return tuple(read(path, facts) for path in of)


def read(path: Path, facts: Facts) -> Read:
    """Look one fact up."""
    value = path.value(facts)
    state = State.UNKNOWN if value is UNKNOWN else State.ABSENT if value is None else State.PRESENT
    return Read(str(path), state, path.is_private, value)


def _evaluated(node: Node, facts: Facts) -> Value:
    return evaluator(node, compiled(node))(facts)
