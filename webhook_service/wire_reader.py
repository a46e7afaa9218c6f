"""A schema as one function: reads what is as the schema has it, and nothing else.

marshmallow goes through a dozen calls for each field, which for a hook's body is most of
the time that the whole hook takes. What is wrong with a body is for marshmallow to say:
the function made here only finds that something is. Pure, like ``wire``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from marshmallow import Schema, fields, missing

Reader: TypeAlias = Callable[[Any], Any]
"""Takes a value out of JSON; raises ``MisfitError`` or marshmallow's ``ValidationError``."""

Field: TypeAlias = fields.Field[Any]

_REQUIRED: Final = object()


class MisfitError(Exception):
    """The value is not as the schema has it."""


def object_reader(schema: Schema) -> Reader:
    """Make the reader of an object. Fields that the schema does not name are let be."""
    steps = [
        (
            name,
            _REQUIRED if field.required else field.load_default,
            field.allow_none,
            _value_reader(field),
        )
        for name, field in schema.load_fields.items()
    ]

    def read(data: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
        if type(data) is not dict:
            raise MisfitError
        result = {}
        for name, default, allow_none, read_value in steps:
            value = data.get(name, missing)
            if value is missing:
                if default is _REQUIRED:
                    raise MisfitError
                if default is not missing:
                    result[name] = default() if callable(default) else default
            elif value is not None:
                result[name] = read_value(value)
            elif allow_none:
                result[name] = None
            else:
                raise MisfitError
        return result

    return read


def _value_reader(field: Field) -> Reader:
    """Make the reader of what is there and not null. Any field but the known ones reads itself."""
    if field.validators or field.pre_load or field.post_load:
        return field.deserialize
    if type(field) is fields.Raw:
        return _as_it_is
    if type(field) is fields.String:
        return _of_type(str)
    if type(field) is fields.Dict and not (field.key_field or field.value_field):
        return _of_type(dict)
    if type(field) is fields.List:
        return _list_reader(_value_reader(field.inner))
    if type(field) is fields.Nested and not field.many:
        return object_reader(field.schema)
    return field.deserialize


def _as_it_is(value: Any) -> Any:  # noqa: ANN401  JSON
    return value


def _of_type(kind: type) -> Reader:
    def read(value: Any) -> Any:  # noqa: ANN401  JSON
        if type(value) is not kind:
            raise MisfitError
        return value

    return read


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Any) -> list[Any]:  # noqa: ANN401  JSON
        if type(value) is not list or None in value:
            raise MisfitError
        return [read_item(item) for item in value]

    return read
