"""Draws what the doctor found: for a terminal, or as JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from webhook_service.cli.terminal import bold, counted, dim, printable
from webhook_service.doctor.finding import Finding, Level

_COLOURS: Final = {Level.ERROR: "red", Level.WARNING: "yellow", Level.OK: "green"}
_WIDTH: Final = max(map(len, Level)) + 2
_MORE: Final = "  "
"""Stands before what goes on with a finding: several stand below each other."""
_NARROWEST: Final = 40


def lines(findings: Sequence[Finding], columns: int | None = None) -> Iterator[str]:
    """Yield what is well, then what is wrong, the worst last: that is where the eye ends up.

    Findings of a kind stand together; why it matters is said once.

    Args:
        findings: what was found.
        columns: of the terminal. Sentences are broken there, what is to be written never is;
            ``None`` breaks nothing, for ``grep``.
    """
    width = None if columns is None else max(columns - _WIDTH, _NARROWEST)
    for level in (Level.OK, Level.WARNING, Level.ERROR):
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.level is level:
                code = finding.kind.code if finding.kind and level is not Level.OK else ""
                groups.setdefault(code, []).append(finding)
        for code, group in groups.items():
            yield from _group(code, group, level, width)
    counts = Counter(finding.level for finding in findings)
    yield ""
    yield ", ".join(_counted(level, counts[level]) for level in (Level.ERROR, Level.WARNING))


def _group(code: str, group: Sequence[Finding], level: Level, width: int | None) -> Iterator[str]:
    word = click.style(level.value.ljust(_WIDTH), fg=_COLOURS[level])
    blanks = " " * _WIDTH
    kind = group[0].kind
    if not code or kind is None:
        for finding in group:
            yield from _hanging(word, finding.what, width)
        return
    yield ""
    yield f"{word}{bold(code)}"
    for what in dict.fromkeys(finding.what for finding in group):
        yield from _hanging(blanks, what, width, indent=len(_MORE))
    yield from _hanging(f"{blanks}{dim('why')}    ", kind.why, width, indent=len("write  "))
    for line in dict.fromkeys(finding.remedy for finding in group):
        yield f"{blanks}{dim('write')}  {printable(line or '')}"


def _hanging(head: str, text: str, width: int | None, indent: int = 0) -> Iterator[str]:
    """Yield a text behind a head, broken where the terminal ends."""
    text = printable(text)
    if width is None:
        yield head + text
        return
    first, *rest = textwrap.wrap(
        text, width - indent, break_long_words=False, break_on_hyphens=False
    ) or [""]
    yield head + first
    for line in rest:
        yield " " * (_WIDTH + indent) + line


def _counted(level: Level, count: int) -> str:
    return click.style(counted(count, level.value), fg=_COLOURS[level] if count else None)


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for programs."""
    counts = Counter(finding.level for finding in findings)
    return {
        "errors": counts[Level.ERROR],
        "warnings": counts[Level.WARNING],
        "findings": [
            {
                "level": finding.level.value,
                "code": None if finding.kind is None else finding.kind.code,
                "what": finding.what,
                "why": None if finding.kind is None else finding.kind.why,
                "write": finding.remedy,
            }
            for finding in findings
        ],
    }
