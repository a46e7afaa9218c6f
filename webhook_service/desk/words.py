"""Words for people: counts, and texts of others without what moves a cursor or turns a line."""

from __future__ import annotations

from typing import Any


def printable(text: str) -> str:
    """Show control characters as escapes: a client's name must not move the cursor.

    Nor may one turn the direction of what stands beside it.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def counted(count: int, noun: str) -> str:
    """Return ``1 rule``, ``2 rules``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def all_printable(value: Any) -> Any:  # noqa: ANN401  JSON of any shape
    """Return a JSON value with every text in it, names of members too, made printable."""
    match value:
        case str():
            return printable(value)
        case list():
            return [all_printable(item) for item in value]
        case dict():
            return {printable(name): all_printable(item) for name, item in value.items()}
    return value
