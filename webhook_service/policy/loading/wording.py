"""How error messages quote, list and suggest words."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Final

LONGEST_QUOTE: Final = 60
"""Characters of a value that a message repeats at most."""

_FEW: Final = 5
"""So many words are all named; of more, the nearest."""


def quoted(text: str) -> str:
    """Return the text as a message may show it: cut, and in one line."""
    cut = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return "".join(_escaped(character) for character in cut) or '""'


def _escaped(character: str) -> str:
    """Escape what a terminal or a log line must not get as it is, and what nobody can see."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def listed(words: Iterable[str], last: str = "or") -> str:
    """Return the words as ``a, b or c``."""
    *front, end = words
    return f"{', '.join(front)} {last} {end}" if front else end


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like this one, if any does."""
    near = difflib.get_close_matches(word[:LONGEST_QUOTE].lower(), list(known), n=1)
    return near[0] if near else None


def suggestion(word: str, known: Collection[str]) -> str:
    """Return what to write in place of an unknown word."""
    near = None if len(known) <= _FEW else nearest(word, known)
    return f"did you mean {near}?" if near else f"write {listed(known)}"
