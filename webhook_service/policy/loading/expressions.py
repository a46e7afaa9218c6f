"""The expressions of a policy file: read by the condition parser, placed in the file (P2)."""

from __future__ import annotations

import re
from typing import Final

from webhook_service.policy.conditions import (
    RESERVED_WORDS,
    ConditionError,
    Expression,
    comments,
    demand_bool,
    parse,
)
from webhook_service.policy.conditions.types import FactType
from webhook_service.policy.facts import FACT_ROOTS, FACTS
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.problems import Problems, StopReadingError, described
from webhook_service.policy.loading.wording import quoted
from webhook_service.policy.loading.yaml_nodes import LINE_BREAK, AnyNode, ScalarNode

_CONDITION_NAME: Final = re.compile("[a-z][a-z0-9_]{0,39}")
_IDENTIFIER: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")

MAX_CHARACTERS: Final = 250_000
"""Of all expressions of a file together: parsing them takes most of the time of a load."""
_EACH: Final = 20
"""Characters that every expression counts at least: what a short one costs."""
_SUGGESTED: Final = 100

_TAKEN: Final = RESERVED_WORDS | set(FACT_ROOTS)
_ALL_FACTS: Final = frozenset(FACTS)


class KnownNames:
    """The names that an expression may use: every fact, and the conditions defined so far."""

    def __init__(self) -> None:
        self.defined: dict[str, Expression] = {}

    def fact(self, name: str) -> FactType | None:
        """Return what is known of a fact."""
        fact = FACTS.get(name)
        return fact.fact_type if fact else None

    def facts(self) -> frozenset[str]:
        """Return every fact's name."""
        return _ALL_FACTS

    def condition(self, name: str) -> Expression | None:
        """Return a condition defined above (P11)."""
        return self.defined.get(name)

    def conditions(self) -> frozenset[str]:
        """Return the names of the conditions defined last: enough for "did you mean"."""
        return frozenset(list(self.defined)[-_SUGGESTED:])


_BROKEN: Final = parse("false", KnownNames())
"""Stands in for a named condition that could not be read."""


class ExpressionReader:
    """Reads the expressions of one file."""

    def __init__(self, problems: Problems) -> None:
        self.names = KnownNames()
        self._problems = problems
        self._characters = 0
        self._defined_later: dict[str, int] = {}

    def define(self, fields: Fields) -> dict[str, Expression]:
        """Read ``conditions:`` (P4, P11).

        A condition that is broken is a known name all the same: else every use of it would
        be reported as an error of its own.
        """
        conditions: dict[str, Expression] = {}
        mapping = fields.child("conditions", "a mapping of names to conditions")
        entries = mapping.entries if mapping else {}
        self._defined_later = {name: entry.key.line for name, entry in entries.items()}
        for name, entry in entries.items():
            bad = _bad_name(name)
            if bad:
                self._problems.add(entry.key, "policy.reserved_name", f"{quoted(name)} {bad}")
            condition = self.condition(entry.value, name)
            del self._defined_later[name]
            if condition:
                conditions[name] = condition
            if name not in _TAKEN:
                self.names.defined[name] = condition or _BROKEN
        return conditions

    def condition(self, node: AnyNode, key: str) -> Expression | None:
        """Read an expression that must yield true or false."""
        # `when: true` is a bool for YAML and an expression for everybody else.
        if isinstance(node, ScalarNode) and isinstance(node.value, str | bool):
            return self._parsed(node, "condition", boolean=True)
        self._wrong_type(node, key, "a condition")
        return None

    def value(self, node: AnyNode, key: str) -> Expression | None:
        """Read an expression of any type (P31)."""
        if isinstance(node, ScalarNode) and (node.value is not None or node.text == "null"):
            return self._parsed(node, "expression", boolean=False)
        self._wrong_type(node, key, "an expression")
        return None

    def _wrong_type(self, node: AnyNode, key: str, wanted: str) -> None:
        message = f"{quoted(key)} is {described(node)}; it takes {wanted}, in quotes or after `|`"
        self._problems.add(node, "policy.wrong_type", message)

    def _parsed(self, node: ScalarNode, what: str, *, boolean: bool) -> Expression | None:
        text = node.text.rstrip()
        self._characters += len(text) + _EACH
        if self._characters > MAX_CHARACTERS:
            message = f"the expressions of the file have more than {MAX_CHARACTERS:,} characters"
            self._problems.add(node, "file.too_large", message)
            raise StopReadingError
        try:
            expression = parse(text, self.names)
            if boolean:
                demand_bool(expression)
            _demand_comments_of_one_line(node, text, what)
        except ConditionError as error:
            message = self._order(error, text) or error.message
            self.note(node, error.offset, error.kind, message, what)
            return None
        return expression

    def _order(self, error: ConditionError, text: str) -> str:
        """Return what to say about a name that is unknown only because it comes later (P11)."""
        match = _IDENTIFIER.match(text, error.offset)
        name = match.group() if match else ""
        line = self._defined_later.get(name)
        if line is None or error.kind != "condition.unknown_fact":
            return ""
        return (
            f"{quoted(name)} is not a fact; it is defined in line {line},"
            " and only names above can be used"
        )

    def note(
        self, node: ScalarNode, offset: int, kind: str, message: str, what: str = "condition"
    ) -> None:
        """Note an error at one character of an expression (P2)."""
        place = node.place_of(offset)
        if place is None:
            place = node.line, node.column
            message = f"{message} (character {offset + 1} of the {what})"
        self._problems.add_at(*place, kind, message)


def _demand_comments_of_one_line(node: ScalarNode, text: str, what: str) -> None:
    """Refuse a comment that has swallowed the lines below it.

    Only after ``|`` does YAML keep the lines: it joins those of other texts, so that a comment
    would go on to the end, and take with it what the author wrote there.
    """
    lines = LINE_BREAK.split(node.raw)
    if len(lines) == 1 or "//" not in text:
        return
    for offset, comment in comments(text):
        if not any(comment.rstrip() in line for line in lines):
            message = (
                "YAML joins these lines to one, so that the comment goes on to its end;"
                f" write the {what} after `|`"
            )
            raise ConditionError("condition.syntax", offset, message)


def _bad_name(name: str) -> str | None:
    if name in FACT_ROOTS:
        return "is where facts begin; name the condition otherwise"
    if name in RESERVED_WORDS:
        return "is a word of the condition language; name the condition otherwise"
    if not _CONDITION_NAME.fullmatch(name):
        return "names no condition: names are a small letter, then at most 39 of a-z, 0-9 and _"
    return None
