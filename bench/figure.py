"""One measured number, and how numbers are taken so that others on the machine matter little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

REPEATS: Final = 9
SLICE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit. ``least`` or ``most`` is what it should be, where that is said."""

    name: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def aim(self) -> str:
        """Spell the aim."""
        if self.least is not None:
            return f"at least {self.least:g}"
        return "" if self.most is None else f"at most {self.most:g}"

    @property
    def missed(self) -> bool:
        """Whether there is an aim that the number does not reach."""
        return (self.least is not None and self.value < self.least) or (
            self.most is not None and self.value > self.most
        )


def table(figures: Iterable[Figure]) -> str:
    """Lay the figures out as a table in Markdown."""
    rows = [("figure", "measured", "aim", "")]
    for figure in figures:
        digits = 0 if figure.value >= 100 else 2  # noqa: PLR2004  three digits tell enough
        measured = f"{figure.value:,.{digits}f} {figure.unit}".rstrip()
        rows.append((figure.name, measured, figure.aim, "missed" if figure.missed else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        _line(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
    lines.insert(1, _line("-" * width for width in widths))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def microseconds(function: Callable[[], object]) -> float:
    """Return the processor time of one call: the median of several slices.

    Processor time, not the clock's: it leaves out what the system gives to others meanwhile.
    """
    calls = 1
    while _spent(function, calls) < SLICE_SECONDS:
        calls *= 2
    return median(_spent(function, calls) for _ in range(REPEATS)) / calls * 1e6


def _spent(function: Callable[[], object], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        function()
    return time.process_time() - begun
