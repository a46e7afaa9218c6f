"""Draws an explanation: for a terminal, or as JSON (section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from webhook_service.cli.terminal import GAP, bold, columns, dim, printable, titled, verdict
from webhook_service.desk.explained import (
    calls_in_words,
    consequences,
    demand_line,
    operand_line,
    plain,
)
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Outcome, Verdict
from webhook_service.policy.explain import Explained, Explanation
from webhook_service.policy.explain_demands import Demand, spelled_time
from webhook_service.policy.explain_operands import Answer, Operand, Read, State

_INDENT: Final = 4
_WIDEST: Final = 52
"""How wide the column of operands becomes; a longer one moves the rest of its line."""

_ANSWERS: Final = {Answer.TRUE: "green", Answer.UNKNOWN: "magenta"}
_OUTCOMES: Final = {
    Outcome.MATCHED: "cyan",
    Outcome.MET: "green",
    Outcome.UNMET: "yellow",
    Outcome.UNKNOWN: "magenta",
}


def lines(explanation: Explanation, file: str, *, show_values: bool) -> Iterator[str]:
    """Yield the explanation line by line.

    Args:
        explanation: what to draw.
        file: how to name the policy file.
        show_values: whether values of traits, metadata, claims and headers may be seen (P34).
    """
    yield from _head(explanation, file)
    yield ""
    yield from _rules(explanation.rules, show_values=show_values)
    yield ""
    yield f"calls: {', '.join(calls_in_words(explanation.calls)) or 'none'}"


def _head(explanation: Explanation, file: str) -> Iterator[str]:
    decision = explanation.decision
    parts = [bold(decision.event), "->", verdict(decision.verdict)]
    if decision.reason is not None:
        parts.append(bold(decision.reason))
    if explanation.is_provisional:
        parts.append(click.style("(as far as is known)", fg="magenta"))
    yield GAP.join(parts)
    rule = explanation.deciding
    if rule is not None:
        yield f"by {rule.section} {titled(rule)}{GAP}{dim(f'{printable(file)}:{rule.line}')}"
        yield f"answered: {printable(decision.message or '')}"
    for consequence in consequences(decision):
        yield f"then: {consequence}"


def _rules(rules: Sequence[Explained], *, show_values: bool) -> Iterator[str]:
    """Lay the rules out: words and facts stand in one column, the deepest."""
    rows = [
        [
            *(_operand_row(operand, show_values=show_values) for operand in rule.operands),
            *(_demand_row(demand, show_values=show_values) for demand in rule.demands),
        ]
        for rule in rules
    ]
    flat = [row for texts in rows for row in texts]
    laid_out = iter(columns(flat, indent=_INDENT, widest=_WIDEST))
    deepest = _INDENT + sum(
        min(max((len(click.unstyle(row[at])) for row in flat), default=0), _WIDEST) + len(GAP)
        for at in (0, 1)
    )
    for rule, texts in zip(rules, rows, strict=True):
        title = f"{rule.rule.section} {titled(rule.rule)}"
        blanks = max(deepest - len(click.unstyle(title)), len(GAP))
        yield f"{title}{' ' * blanks}{_words(rule)}"
        for _ in texts:
            yield next(laid_out)


def _operand_row(operand: Operand, *, show_values: bool) -> list[str]:
    line = operand_line(operand, show_values=show_values)
    colour = _ANSWERS.get(operand.answer)
    came_to = click.style(line.came_to, fg=colour) if colour else dim(line.came_to)
    return [line.text, came_to, ", ".join(line.on)]


def _demand_row(demand: Demand, *, show_values: bool) -> list[str]:
    line = demand_line(demand, show_values=show_values)
    return [line.text, line.came_to, ", ".join(line.on)]


def _words(rule: Explained) -> str:
    words = printable(rule.words)
    if rule.ruling is None or rule.ruling.outcome not in _OUTCOMES:
        return dim(words)
    if rule.ruling.verdict is not Verdict.ALLOW:
        return click.style(words, fg="red" if rule.ruling.verdict is Verdict.DENY else "yellow")
    return click.style(words, fg=_OUTCOMES[rule.ruling.outcome])


def document(explanation: Explanation, *, show_values: bool) -> dict[str, Any]:
    """Return the explanation for programs."""
    decision = explanation.decision
    return {
        "event": decision.event,
        "provisional": explanation.is_provisional,
        "now": spelled_time(explanation.now),
        "verdict": decision.verdict,
        "reason": decision.reason,
        "rule": decision.rule,
        "message": decision.message,
        "extend": decision.extend,
        "end_now": decision.end_now,
        "end_at": plain(decision.end_at),
        "step_up_by": plain(decision.step_up_by),
        "revoke": sorted(decision.revoke),
        "claims": {
            "access_token": _claims(decision.claims.access_token),
            "id_token": _claims(decision.claims.id_token),
        },
        "rules": [_rule(rule, show_values=show_values) for rule in explanation.rules],
        "calls": [
            {
                "source": call.source,
                "failed": call.failed,
                "rules": [rule.name for rule in call.rules],
            }
            for call in explanation.calls
        ],
        "missing": list(explanation.missing),
    }


def _claims(claims: Mapping[str, Value]) -> dict[str, str]:
    return {claim: "removed" if value is None else "set" for claim, value in claims.items()}


def _rule(rule: Explained, *, show_values: bool) -> dict[str, Any]:
    ruling = rule.ruling
    return {
        "section": rule.rule.section,
        "name": rule.rule.name,
        "line": rule.rule.line,
        "shadow": rule.rule.shadow,
        "words": rule.words,
        "outcome": None if ruling is None else ruling.outcome,
        "verdict": None if ruling is None else ruling.verdict,
        "reason": None if ruling is None else ruling.reason,
        "notes": [] if ruling is None else list(ruling.notes),
        "unknown": list(rule.unknown),
        "operands": [
            {
                "text": operand.text,
                "value": operand.answer,
                "reads": [_fact(read, show_values=show_values) for read in operand.reads],
            }
            for operand in rule.operands
        ],
        "demands": [
            {
                "text": demand.text,
                "result": demand.result,
                "facts": list(demand.facts),
                "reads": [_fact(read, show_values=show_values) for read in demand.reads],
            }
            for demand in rule.demands
        ],
    }


def _fact(read: Read, *, show_values: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"fact": read.name, "state": read.state}
    if read.state is State.PRESENT and (show_values or not read.is_private):
        found["value"] = plain(read.value)
    return found
