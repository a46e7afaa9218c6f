"""JSON that is not the hook's body, said without a value of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from webhook_service.hooks.strict_json import read_object


class ShapeError(ValueError):
    """A JSON object that is not this hook's body. Names fields, never their values."""


def load(schema: Schema, body: bytes) -> dict[str, Any]:
    """Read a body through a schema.

    Raises:
        MalformedError: not JSON as ``strict_json`` takes it.
        ShapeError: JSON, but not this hook's.
    """
    return load_object(schema, read_object(body))


def load_object(schema: Schema, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Read an object that was JSON through a schema.

    Raises:
        ShapeError: it is another one's.
    """
    try:
        loaded: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise shape_error(error) from None
    return loaded


def shape_error(error: ValidationError) -> ShapeError:
    """Name the fields that are wrong, and how."""
    return ShapeError("; ".join(sorted(_lines(error.messages, ""))))


def _lines(messages: Any, path: str) -> Iterator[str]:  # noqa: ANN401  a tree of any shape
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _lines(below, f"{path}.{key}" if path else str(key))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield f"{path}: {message}"
