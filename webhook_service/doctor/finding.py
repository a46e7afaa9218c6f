"""A finding: one of the things that the doctor knows of, where it was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Something does not work, or not as the policy says."""
    WARNING = "warning"
    """It works, and an operator should know what it costs."""
    OK = "ok"
    """It was looked at, and is as it should be."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing to look for.

    Attributes:
        code: stable, for programs.
        level: how bad it is.
        title: what is wrong, in general.
        why: why it matters.
        remedy: the line to write, or what to do.
    """

    code: str
    level: Level
    title: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        kind: one of the catalogue's; ``None`` for what is well.
        what: what is so, and where.
        line: the line to write here; the kind's remedy where nothing better is known.
    """

    kind: Kind | None
    what: str
    line: str | None = None

    @property
    def level(self) -> Level:
        """How bad it is."""
        return Level.OK if self.kind is None else self.kind.level

    @property
    def remedy(self) -> str | None:
        """What to do about it."""
        return self.line or (None if self.kind is None else self.kind.remedy)


def well(what: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(None, what)
