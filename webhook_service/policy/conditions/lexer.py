"""Text to tokens (P8)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from webhook_service.policy.conditions.errors import refusal, shown

_KEYWORDS: Final = frozenset({"true", "false", "null", "in"})
"""Words that are an operator or a literal, wherever they stand."""

_FUNCTION_WORDS: Final = frozenset("has size duration timestamp cidr exists all".split())

RESERVED_WORDS: Final = (
    _KEYWORDS
    | _FUNCTION_WORDS
    | frozenset(
        "as break const continue else for function if import let loop package namespace"
        " return var void while".split()
    )
)
"""Words that can name neither a condition nor a variable (P4)."""

_LARGEST_INTEGER: Final = 2**63 - 1
"""CEL's integers have 64 bits; JSON's, which a condition may meet, have no limit."""

_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_NO_QUOTE: Final = "; a text stands in straight quotes"
_HINTS: Final = {
    **dict.fromkeys("\u201c\u201d\u201e\u2018\u2019", _NO_QUOTE),
    "=": "; equality is ==",
    "&": "; and is &&",
    "|": "; or is ||",
    "*": "; there is no multiplication",
    "/": "; there is no division",
    "%": "; there is no remainder",
    "{": "; there are no map literals",
    "}": "; there are no map literals",
    '"': "; this text is not closed on its line",
    "'": "; this text is not closed on its line",
}
_TOKEN: Final = re.compile(
    r"""
    (?P<space> (?: [ \t\r\n\f]+ | //[^\n]* )+ )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9]+ (?: \.[0-9]+ )? )
    | (?P<text> "(?: [^"\\\n] | \\. )*" | '(?: [^'\\\n] | \\. )*' )
    | (?P<sign> \|\| | && | [=!<>]= | [-+!<>?:.,()\[\]] )
    """,
    re.VERBOSE,
)


_COMMENT: Final = re.compile(r"//[^\n]*")


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    TEXT = "text"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: what it is, as written (the end is empty), where, and a literal's value."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: str | int | float | None = None


def tokens(text: str) -> list[Token]:
    """Split the expression; the last token is the end, just behind the last one written.

    Raises:
        ConditionError: for a character that begins no token, a text without its second
            quote, an unknown escape, a number out of range.
    """
    found: list[Token] = []
    position = end = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            hint = _HINTS.get(character, "")
            raise refusal("syntax", position, f"{shown(character)} is not expected here{hint}")
        position = match.end()
        if match.lastgroup != "space":
            found.append(_token(match))
            end = position
    found.append(Token(TokenKind.END, "", end, end))
    return found


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of an expression that ``tokens`` has split, each with where it starts."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "space":
            for comment in _COMMENT.finditer(text, match.start(), match.end()):
                yield comment.start(), comment[0]


def _token(match: re.Match[str]) -> Token:
    kind = TokenKind.KEYWORD if match[0] in _KEYWORDS else TokenKind(match.lastgroup)
    value: str | int | float | None = None
    if kind is TokenKind.TEXT:
        value = _unescaped(match[0], match.start())
    elif kind is TokenKind.NUMBER:
        value = _number(match[0], match.start())
    return Token(kind, match[0], match.start(), match.end(), value)


def _unescaped(quoted: str, start: int) -> str:
    """Return what a text in quotes stands for."""

    def escape(match: re.Match[str]) -> str:
        character = _ESCAPES.get(match[1])
        if character is None:
            raise refusal(
                "syntax",
                start + 1 + match.start(),
                rf"{match[0]} is no escape; there are \n \t \\ \" \'",
            )
        return character

    return re.sub(r"\\(.)", escape, quoted[1:-1])


def _number(digits: str, start: int) -> int | float:
    value = float(digits) if "." in digits else int(digits)
    if value > _LARGEST_INTEGER if isinstance(value, int) else math.isinf(value):
        raise refusal("literal", start, f"{shown(digits)} is too large a number")
    return value
