"""Draws what came of a simulation: for a terminal, or as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import click

from webhook_service.cli.terminal import (
    GAP,
    bold,
    columns,
    counted,
    dim,
    printable,
    titled,
    verdict,
)
from webhook_service.policy.decision import Verdict
from webhook_service.simulation.changes import Change, Changed, Changes
from webhook_service.simulation.simulate import Simulation
from webhook_service.simulation.tally import RuleTally, Tally

_INDENT: Final = 9
"""Where the lines about a kind of change begin: behind its count."""

_HEADS: Final = ("no match", "allowed", "stepped up", "enrolled", "denied", "undecidable")


def lines(simulation: Simulation, against: str | None) -> Iterator[str]:
    """Yield the report line by line.

    Args:
        simulation: what to draw.
        against: how to name the policy that was compared with.
    """
    tally = simulation.tally
    yield _summary(tally)
    if tally.rules:
        yield ""
        yield from columns(_table(tally), widest=60, right=1)
    yield from _remarks(simulation)
    if simulation.changes is not None and against is not None:
        yield ""
        yield from _changes(simulation.changes, against)


def _summary(tally: Tally) -> str:
    parts = [bold(counted(tally.events, "event"))]
    parts += [
        f"{verdict(word)} {tally.verdicts[word]:,}" if tally.verdicts[word] else dim(f"{word} 0")
        for word in Verdict
    ]
    if tally.undecidable:
        parts.append(click.style(f"undecidable {tally.undecidable:,}", fg="magenta"))
    return GAP.join(parts)


def _table(tally: Tally) -> Iterator[list[str]]:
    yield [dim("rule"), *map(dim, _HEADS)]
    for rule in tally:
        counts = [rule.no_match, *(rule.verdicts[word] for word in Verdict), rule.undecidable]
        yield [
            f"{rule.rule.section} {titled(rule.rule)}",
            *(f"{count:,}" if count else dim("0") for count in counts),
        ]


def _remarks(simulation: Simulation) -> Iterator[str]:
    tally = simulation.tally
    effects = [
        f"{name} {count:,}"
        for name, count in (
            ("extended", tally.extended),
            ("ended", tally.ended),
            ("revoked", tally.revoked),
        )
        if count
    ]
    remarks = []
    if effects:
        remarks.append(f"sessions: {', '.join(effects)}")
    if tally.undecidable:
        wanting = ", ".join(f"{name} {count:,}" for name, count in tally.wanting.most_common())
        remarks.append(f"undecidable for want of: {wanting} (first: {tally.undecided[0]})")
    if simulation.others:
        remarks.append(f"passed over: {counted(simulation.others, 'log line')} without a decision")
    if simulation.skipped:
        remarks.append("skipped, because they are no events:")
        remarks += [
            f"{skipped.count:>7,}{GAP}{reason} (first: {skipped.first})"
            for reason, skipped in simulation.skipped.items()
        ]
    if remarks:
        yield ""
        yield from map(printable, remarks)


def _changes(changes: Changes, against: str) -> Iterator[str]:
    head = bold(
        f"against {printable(against)}: {counted(changes.count, 'event')} decided otherwise"
    )
    same = f"{changes.same:,} alike"
    incomparable = f", {changes.incomparable:,} undecidable" if changes.incomparable else ""
    yield f"{head} ({same}{incomparable})"
    kinds = sorted(changes.kinds.items(), key=lambda kind: -kind[1].count)
    for change, changed in kinds:
        yield GAP.join(
            [
                f"{changed.count:>7,}",
                change.event,
                f"{verdict(change.before)} -> {verdict(change.after)}",
                _why(change),
            ]
        ).rstrip()
        yield from map(dim, _who(changed))


def _why(change: Change) -> str:
    """Return the reason of the stricter side: what refuses now, or did before."""
    if change.rule_after is not None:
        return f'{change.reason_after}, by "{change.rule_after}"'
    return f'no longer {change.reason_before}, by "{change.rule_before}"'


def _who(changed: Changed) -> Iterator[str]:
    who = [
        f"{many} {noun}{'' if len(many.names) == 1 else 's'}"
        for many, noun in ((changed.subjects, "subject"), (changed.clients, "client"))
        if many.names
    ]
    if who:
        yield " " * _INDENT + ", ".join(who)
    yield from columns(
        [
            [printable(text) for text in (each.subject or "-", each.client or "-", each.key)]
            for each in changed.examples
        ],
        indent=_INDENT,
    )


def document(simulation: Simulation) -> dict[str, Any]:
    """Return the report for programs."""
    found: dict[str, Any] = {
        **_tally(simulation.tally),
        "skipped": [
            {"reason": reason, "count": skipped.count, "first": skipped.first}
            for reason, skipped in simulation.skipped.items()
        ],
        "other_lines": simulation.others,
    }
    if simulation.before is not None and simulation.changes is not None:
        found["against"] = _tally(simulation.before)
        found["changes"] = _comparison(simulation.changes)
    return found


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "events": tally.events,
        "verdicts": _counts(tally.verdicts),
        "undecidable": tally.undecidable,
        "missing": dict(tally.wanting.most_common()),
        "undecidable_first": tally.undecided,
        "extended": tally.extended,
        "ended": tally.ended,
        "revoked": tally.revoked,
        "rules": [_rule(rule) for rule in tally],
    }


def _rule(rule: RuleTally) -> dict[str, Any]:
    return {
        "section": rule.rule.section,
        "name": rule.rule.name,
        "shadow": rule.rule.shadow,
        "events": rule.events,
        "no_match": rule.no_match,
        **_counts(rule.verdicts),
        "undecidable": rule.undecidable,
    }


def _counts(verdicts: Counter[Verdict]) -> dict[str, int]:
    return {word.value: verdicts[word] for word in Verdict}


def _comparison(changes: Changes) -> dict[str, Any]:
    return {
        "same": changes.same,
        "changed": changes.count,
        "undecidable": changes.incomparable,
        "denied_before": changes.denied_before,
        "denied_after": changes.denied_after,
        "kinds": [
            {
                **change._asdict(),
                "count": changed.count,
                "subjects": len(changed.subjects.names),
                "clients": len(changed.clients.names),
                "first": [example._asdict() for example in changed.examples],
            }
            for change, changed in changes.kinds.items()
        ],
    }
