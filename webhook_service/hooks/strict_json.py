"""JSON as a hook may send it: RFC 8259 without the leniency of readers.

The standard library's reader lets duplicate keys, NaN, lone surrogates and any depth
pass. Each of those makes two readers disagree about one body: a second ``subject`` that
one system authorizes and another one logs. So they are refused before any rule sees them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 64
"""Recorded bodies are at most 11 deep; nothing that Ory sends comes near."""

# The closing quote is optional, so that an unclosed text is passed over in one step.
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SUSPICIOUS: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NOT_A_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


class MalformedError(ValueError):
    """The body is not the JSON that a hook may send. The text never quotes the body."""


def read_object(body: bytes) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        MalformedError: for anything but one UTF-8 JSON object with unique keys, finite
            numbers, clean text and at most ``MAX_DEPTH`` levels.
    """
    if not body:
        raise MalformedError("the body is empty; a JSON object is expected")
    _check_depth(body)
    try:
        value = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedError(f"the body is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"the body is not JSON (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:  # pragma: no cover  the depth check comes first
        raise MalformedError(f"the body is nested deeper than {MAX_DEPTH}") from None
    if not isinstance(value, dict):
        raise MalformedError("the body is not a JSON object")
    if _SUSPICIOUS.search(body):
        _check_texts(value)
    return value


def _check_depth(body: bytes) -> None:
    """Refuse deep nesting before the recursive reader meets it.

    Few bodies hold more than 64 opening brackets in all, so the count mostly decides.
    """
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRUCTURE.finditer(body):
        token = match.group()
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedError(f"the body is nested deeper than {MAX_DEPTH}")
        elif token in b"]}":
            depth -= 1


def _check_texts(value: object) -> None:
    """Refuse U+0000 and lone surrogates anywhere, keys included."""
    if isinstance(value, str):
        if _NOT_A_TEXT.search(value):
            raise MalformedError("a text holds U+0000 or half a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedError("a key stands twice in one object")
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedError("a number is too large")
    return number


def _integer(text: str) -> int:
    # 4,300 digits is where Python refuses on its own; no field of a hook needs 40.
    if len(text) > 40:  # noqa: PLR2004  explained above
        raise MalformedError("a number has too many digits")
    return int(text)


def _no_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not JSON")


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_finite,
    parse_int=_integer,
    parse_constant=_no_constant,
)
