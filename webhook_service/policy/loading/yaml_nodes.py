"""A YAML document as nodes that know their place in the file (P2)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Plain: TypeAlias = str | int | float | bool | None
"""What a scalar can be in YAML 1.2's core schema."""

LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")

# YAML 1.2.2, section 10.3.2. Unlike YAML 1.1, `yes` and `on` are texts there.
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+)|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_BASES: Final = {"int": 10, "oct": 8, "hex": 16}
_LONGEST_INT: Final = 40


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place: line and column of its first character, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode(Node):
    """One value.

    Attributes:
        text: the value as text, whatever its type.
        style: how it is written; ``plain`` is text without quotes.
        raw: the characters of the file from its first to its last.
    """

    text: str
    style: Literal["plain", "'", '"', "|", ">"]
    raw: str

    @property
    def value(self) -> Plain:
        """The value in the type that the core schema gives it."""
        return resolved(self.text) if self.style == "plain" else self.text

    def place_of(self, offset: int) -> tuple[int, int] | None:
        """Return line and column of one character of ``text``; ``None`` if they are not exact.

        They are exact where what is read stands in the file letter by letter: one line,
        plain or quoted without escapes, or a literal block (P2).
        """
        if self.style == "|":
            return self._place_in_block(offset) if self.text else (self.line, self.column)
        opening = 0 if self.style == "plain" else 1
        if self.style == ">" or self.raw[opening : len(self.raw) - opening] != self.text:
            return None
        return self.line, self.column + opening + offset

    def _place_in_block(self, offset: int) -> tuple[int, int]:
        # After the block's header (`|`, `|-`, `| # comment`), each line of the file is a line
        # of the text, behind an indent.
        in_file = LINE_BREAK.split(self.raw)[1:]
        as_read = self.text.split("\n")
        *above, in_row = self.text[:offset].split("\n")
        row = len(above)
        indent = len(in_file[row]) - len(as_read[row])
        return self.line + 1 + row, indent + len(in_row) + 1


@dataclass(frozen=True, slots=True)
class SequenceNode(Node):
    """A list."""

    items: tuple[AnyNode, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value."""

    key: ScalarNode
    value: AnyNode


@dataclass(frozen=True, slots=True)
class MappingNode(Node):
    """A mapping. Keys are texts, and each stands there once."""

    entries: dict[str, Entry]

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        """Iterate over the keys with their entries, in file order."""
        return iter(self.entries.items())


AnyNode: TypeAlias = ScalarNode | SequenceNode | MappingNode


def resolved(text: str) -> Plain:
    """Return the value of a plain scalar in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    kind = str(match.lastgroup)
    digits = match.group(kind)
    if kind in _BASES:
        # Python refuses to read a number of 5,000 digits; no JSON reader keeps one of 41.
        return int(digits, _BASES[kind]) if len(digits) <= _LONGEST_INT else math.inf
    return float(digits.replace(".", "") if kind == "special" else digits)
