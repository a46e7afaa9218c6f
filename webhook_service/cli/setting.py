"""One setting, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment.

    Attributes:
        name: the variable's.
        default: what holds where it is not set; empty: nothing does.
        brief: what it is, short enough for a line of the help.
        full: the same in sentences, with what an operator must know besides.
        accepts: only where the refusal of a wrong value does not say all of it.
    """

    name: str
    default: str
    brief: str
    full: str
    accepts: str = ""
