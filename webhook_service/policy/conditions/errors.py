"""What is wrong with an expression, and how it is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_SHOWN: Final = 60
"""How many characters of what was read an error text repeats."""


_WORDS_FOR_SIGNS: Final = {"and": "&&", "or": "||", "not": "!", "is": "=="}


class ConditionError(Exception):
    """An expression that cannot be used.

    ``kind`` is one of the ``condition.*`` kinds of section 10, ``offset`` the character of
    the expression (from 0) that the error is about (P2).
    """

    def __init__(self, kind: str, offset: int, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.offset = offset
        self.message = message


def refusal(kind: str, offset: int, message: str) -> ConditionError:
    """Return the error to raise; ``kind`` without its ``condition.``."""
    return ConditionError(f"condition.{kind}", offset, message)


def shown(text: str) -> str:
    """Return what was read as it fits into an error text: short, and on one line."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Return ``; did you mean …?`` with the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def sign_for(word: str) -> str:
    """Return ``; write &&`` for a word that other languages have in place of it, or nothing."""
    sign = _WORDS_FOR_SIGNS.get(word.lower())
    return f"; write {sign}" if sign else ""


def one_of(words: Iterable[str]) -> str:
    """List the words that are accepted, in alphabetical order."""
    return ", ".join(sorted(words))
