"""Writes YAML for people: block style, comments where they explain something."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from webhook_service.ory_config.plan import Json, Place

STEP: Final = 2
WIDTH: Final = 96

_PLAIN: Final = re.compile(r"[A-Za-z/][\w/.+=-]*(:(?=\S)[\w/.+=-]*)*( [\w/.+=-]+)*", re.ASCII)
_WORDS: Final = frozenset("true false null yes no on off y n".split())
"""What some reader of YAML takes for something else than text."""


def block(
    value: Json, indent: int = 0, notes: Mapping[Place, str] | None = None, place: Place = ()
) -> Iterator[str]:
    """Yield the lines of a value.

    Args:
        value: what to write.
        indent: blanks before each line.
        notes: comments, by the place that they stand above.
        place: where the value stands.
    """
    blanks = " " * indent
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            here = (*place, key)
            yield from comment((notes or {}).get(here, ""), indent)
            if _is_nested(inner):
                yield f"{blanks}{scalar(key)}:"
                yield from block(inner, indent + STEP, notes, here)
            else:
                yield f"{blanks}{scalar(key)}: {scalar(inner)}"
    elif isinstance(value, list) and value:
        for inner in value:
            first, *rest = block(inner, indent + STEP, notes, place)
            yield f"{blanks}- {first[indent + STEP :]}"
            yield from rest
    else:
        yield f"{blanks}{scalar(value)}"


def scalar(value: Json) -> str:
    """Return a value on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return flow(value)


def flow(value: Json) -> str:
    """Return a value as JSON, which is YAML as well."""
    return json.dumps(value, ensure_ascii=False)


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a comment."""
    head = " " * indent + "# "
    yield from textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=head)


def _is_nested(value: Json) -> bool:
    return isinstance(value, Mapping | list) and bool(value)
