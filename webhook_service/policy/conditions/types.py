"""The types and values of the condition language (P9, P12, P14).

A value is a Python value:

============  =====================================================
string        ``str``
int, double   ``int``, ``float``; never ``bool``
bool          ``bool``
timestamp     aware ``datetime`` in UTC
duration      ``timedelta``
list of T     ``list`` or ``tuple``
free-form     whatever JSON holds: ``dict list str int float bool None``
null, absent  ``None`` (P12: the same)
unknown       ``UNKNOWN`` (P14)
============  =====================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, Protocol, TypeAlias


class Kind(StrEnum):
    """What a value is, as far as it is known when the policy is loaded."""

    STRING = "string"
    INT = "int"
    DOUBLE = "double"
    BOOL = "bool"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    LIST = "list"
    FREE = "free-form"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a kind and, for a list, the kind of its items."""

    kind: Kind
    item: Kind | None = None

    def __str__(self) -> str:
        """Name the type as error messages do: ``list of string``."""
        return f"list of {self.item.value}" if self.item else self.kind.value


STRING: Final = Type(Kind.STRING)
INT: Final = Type(Kind.INT)
DOUBLE: Final = Type(Kind.DOUBLE)
BOOL: Final = Type(Kind.BOOL)
TIMESTAMP: Final = Type(Kind.TIMESTAMP)
DURATION: Final = Type(Kind.DURATION)
FREE: Final = Type(Kind.FREE)
NULL: Final = Type(Kind.NULL)
STRINGS: Final = Type(Kind.LIST, Kind.STRING)


class Unknown(Enum):
    """The one value of a fact whose source could not be asked (P14)."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        """Read as in the specification."""
        return "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Value: TypeAlias = Any
"""One of the values in the table above. ``Any``, because JSON is."""


class Lookup(Protocol):
    """What a condition needs of the facts of one event."""

    def value(self, name: str) -> Value:
        """Return the fact's value, ``None`` where it is absent, or ``UNKNOWN``."""
        ...


@dataclass(frozen=True, slots=True)
class FactType:
    """What the parser must know of a fact: its type and, if closed, its words (P10)."""

    type: Type
    words: frozenset[str] | None = None
