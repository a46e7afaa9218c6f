"""What all JSON from Ory has in common: how it writes times and flags, and that it grows.

The building blocks of the marshmallow schemas in ``sessions``, ``hooks`` and ``ory``.
Pure: no network, no clock, no framework. Messages of validation never repeat a value.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from webhook_service.wire_reader import MisfitError, object_reader

# fromisoformat() alone accepts week dates, dates alone and times without an offset.
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: object) -> datetime | None:
    """Read an RFC 3339 time, nanoseconds cut; ``None`` for the year 1, Go's zero time.

    Raises:
        ValueError: it is no RFC 3339 time, or not one that exists.
    """
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise ValueError("not an RFC 3339 time")
    try:
        time = datetime.fromisoformat(text)
        return None if time.year == 1 else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a time that exists in UTC") from None


def spell_time(moment: datetime) -> str:
    """Spell a time in UTC as RFC 3339 with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Time(fields.Field[datetime | None]):
    """An RFC 3339 time, as ``parse_time`` reads it."""

    default_error_messages = {"invalid": "Not an RFC 3339 time."}  # noqa: RUF012  marshmallow's own way to name messages

    def _deserialize(self, value: object, *_: object, **__: object) -> datetime | None:
        try:
            return parse_time(value)
        except ValueError:
            raise self.make_error("invalid") from None


class Flag(fields.Field[bool]):
    """``true`` or ``false``. marshmallow's own Boolean takes "yes", "on" and 1 for true."""

    default_error_messages = {"invalid": "Not a boolean."}  # noqa: RUF012  marshmallow's own way to name messages

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class WireSchema(Schema):
    """An object that Ory sends. It gains fields with every release: unknown ones are let be.

    Make instances once, at module level: making one costs many times what reading costs.
    What is as the schema has it is read by ``wire_reader``; marshmallow reads the rest, to
    say what is wrong with it.
    """

    class Meta:
        """Settings that marshmallow looks for here."""

        unknown = EXCLUDE

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  marshmallow's own
        super().__init__(**options)
        self._read = object_reader(self)

    def load(self, data: Any, **options: Any) -> Any:  # noqa: ANN401  JSON, and marshmallow's own
        """Read an object.

        Raises:
            ValidationError: it is not as the schema has it.
        """
        if not options:
            try:
                return self._read(data)
            except (MisfitError, ValidationError):
                pass  # marshmallow knows all that is wrong, and how to say it
        return super().load(data, **options)
