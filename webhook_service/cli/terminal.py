"""What the commands print: columns, colours of verdicts, and nothing that moves the cursor.

Colours are for terminals: ``click.echo`` takes them out where the output goes elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from webhook_service.desk.words import counted, printable
from webhook_service.policy.decision import Verdict
from webhook_service.policy.model import Rule

COLOURS: Final = {
    Verdict.ALLOW: "green",
    Verdict.STEP_UP: "yellow",
    Verdict.ENROL: "yellow",
    Verdict.DENY: "red",
}
GAP: Final = "  "

__all__ = [
    "COLOURS",
    "GAP",
    "bold",
    "columns",
    "counted",
    "dim",
    "echo_json",
    "printable",
    "titled",
    "verdict",
]


def verdict(word: Verdict) -> str:
    """Return a verdict in its colour."""
    return click.style(word.value, fg=COLOURS[word], bold=True)


def dim(text: str) -> str:
    """Return what the eye may pass over."""
    return click.style(text, dim=True) if text else ""


def bold(text: str) -> str:
    """Return what the eye should meet first."""
    return click.style(text, bold=True)


def titled(rule: Rule) -> str:
    """Return the rule's name in quotes, and whether it is a shadow rule."""
    shadow = click.style(" (shadow)", fg="magenta") if rule.shadow else ""
    return bold(f'"{rule.name}"') + shadow


def columns(
    rows: Iterable[Sequence[str]], *, indent: int = 0, widest: int = 60, right: int | None = None
) -> list[str]:
    """Lay texts out in columns; a text wider than ``widest`` moves the rest of its line only.

    Args:
        rows: the texts of each line; colours do not count as width.
        indent: blanks before each line.
        widest: how wide a column becomes at most.
        right: the column from which on texts are flush right, as numbers are.
    """
    lines = [list(row) for row in rows]
    count = max(map(len, lines), default=0)
    widths = [
        max((min(_width(line[at]), widest) for line in lines if at < len(line)), default=0)
        for at in range(count)
    ]
    flush = count if right is None else right
    return [
        " " * indent
        + GAP.join(
            _padded(text, widths[at], left=at < flush) for at, text in enumerate(line)
        ).rstrip()
        for line in lines
    ]


def _width(text: str) -> int:
    return len(click.unstyle(text))


def _padded(text: str, width: int, *, left: bool) -> str:
    blanks = " " * (width - _width(text))
    return text + blanks if left else blanks + text


def echo_json(value: Any) -> None:  # noqa: ANN401  JSON of any shape
    """Print JSON for programs: in UTF-8, whatever the terminal's encoding is (RFC 8259, 8.1)."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False).encode())
