"""Draws effects: for a terminal, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import click

from webhook_service.cli.terminal import GAP, bold, columns, dim, printable
from webhook_service.desk.effects import totals, when
from webhook_service.desk.times import shown, span
from webhook_service.effects.effect import Effect, State
from webhook_service.effects.keeping import Counts
from webhook_service.effects.store.stored import text_of

_COLOURS: Final[Mapping[State, str | None]] = {
    State.PENDING: "yellow",
    State.RUNNING: "cyan",
    State.DONE: "green",
    State.FAILED: "red",
    State.CANCELLED: None,
}
_HEADS: Final = ("seq", "state", "kind", "subject", "when", "tries", "reason")
_ONLY_IN_JSON: Final = frozenset({"record"})
"""Facts by the dozen, for a program to read."""


def lines(effects: Sequence[Effect], now: datetime) -> Iterator[str]:
    """Yield a line for each effect, below a line that names the columns."""
    rows = [
        [
            str(effect.seq),
            state(effect.state),
            effect.kind.value,
            printable(effect.args.subject),
            when(effect, now),
            str(effect.attempts),
            printable(effect.reason or ""),
        ]
        for effect in effects
    ]
    yield from columns([[dim(head) for head in _HEADS], *rows])


def summary(counts: Counts) -> str:
    """Return how many effects stand where, and how late the work is."""
    parts = [
        f"{state(each)} {count:,}" if count else dim(f"{each} 0")
        for each, count in totals(counts).items()
    ]
    if counts.oldest_due is not None:
        parts.append(f"oldest due {span(counts.oldest_due)} ago")
    return GAP.join(parts)


def details(effect: Effect, now: datetime) -> Iterator[str]:
    """Yield everything about one effect."""
    yield GAP.join(
        [bold(f"effect {effect.seq}"), effect.kind.value, state(effect.state), when(effect, now)]
    )
    found = document(effect)
    args = found.pop("args")
    rows = [
        (name.replace("_", " "), value)
        for name, value in found.items()
        if name not in {"seq", "kind", "state"}
    ]
    rows += [
        (name.replace("_", " "), value)
        for name, value in args.items()
        if name != "subject" and name not in _ONLY_IN_JSON
    ]
    yield from columns(
        [[dim(name), printable(str(value))] for name, value in rows if value is not None], indent=4
    )


def document(effect: Effect) -> dict[str, Any]:
    """Return an effect for programs; the proof of who holds it stays with who holds it."""
    return {
        "seq": effect.seq,
        "kind": effect.kind.value,
        "state": effect.state.value,
        "subject": effect.args.subject,
        "reason": effect.reason,
        "attempts": effect.attempts,
        "due": shown(effect.due),
        "counts_from": effect.counts_from and shown(effect.counts_from),
        "deadline": shown(effect.deadline),
        "created": shown(effect.created),
        "ended": effect.ended and shown(effect.ended),
        "owner": effect.owner,
        "key": effect.key,
        "lane": effect.lane,
        "trace": effect.trace_id,
        "args": json.loads(text_of(effect.args)),
    }


def state(one: State) -> str:
    """Return a state in its colour."""
    return click.style(one.value, fg=_COLOURS[one], dim=one is State.CANCELLED or None)
