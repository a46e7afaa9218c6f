"""``policy check``: every error at once, else what each rule listens to, reads and can cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import click

from webhook_service.cli.policy_file import FILE, file_name, read_policy
from webhook_service.cli.terminal import bold, columns, counted, dim, echo_json, printable, titled
from webhook_service.policy.advice import Advice, advice
from webhook_service.policy.model import Policy
from webhook_service.policy.overview import Overview, overview


@click.command(
    "check",
    help=(
        "Check a policy file; - reads standard input.\n\n"
        "Prints every error at once, by line and column. Without errors: what each rule"
        " listens to, which facts it reads, which calls to Kratos and Hydra it can cause,"
        " and warnings about rules that may do less than they seem to.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  no errors (warnings do not count, unless --strict)\n"
        "  1  errors, or warnings with --strict\n"
        "  2  the command was not used right, or the file cannot be opened"
    ),
)
@FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(file: IO[bytes], *, as_json: bool, strict: bool) -> None:
    """Check one file."""
    policy, name = read_policy(file), file_name(file)
    rules, warnings = overview(policy), advice(policy)
    if as_json:
        echo_json(_document(policy, rules, warnings, name))
    else:
        for line in _report(policy, rules, warnings, name):
            click.echo(line)
    if warnings and strict:
        raise SystemExit(1)


def _report(
    policy: Policy, rules: Sequence[Overview], warnings: Sequence[Advice], name: str
) -> Iterator[str]:
    for each in rules:
        rule = each.rule
        place = dim(f"{printable(name)}:{rule.line}")
        yield f"{rule.section} {titled(rule)}  {place}"
        yield from columns(
            [
                [dim("events"), ", ".join(each.calls)],
                [dim("facts"), ", ".join(map(str, each.reads)) or "none"],
                *([dim(head), text] for head, text in _calls(each)),
            ],
            indent=4,
        )
    if rules:
        yield ""
    for warning in warnings:
        place = bold(f"{printable(name)}:{warning.line}")
        yield f"{place}: {click.style(warning.code, fg='yellow')}: {warning.message}"
    if warnings:
        yield ""
    yield ", ".join(
        [
            click.style("no errors", fg="green"),
            click.style(counted(len(warnings), "warning"), fg="yellow" if warnings else None),
            counted(len(rules), "rule"),
            counted(len(policy.tests), "test"),
            f"policy {policy.digest}",
        ]
    )


def _calls(each: Overview) -> Iterator[tuple[str, str]]:
    """Yield the calls, those of several events together where they are the same."""
    together = each.calls_together
    head = "calls"
    for sources, events in together.items():
        where = "" if len(together) == 1 else f" at {', '.join(events)}"
        yield head, (", ".join(sorted(sources)) or "none") + where
        head = ""


def _document(
    policy: Policy, rules: Sequence[Overview], warnings: Sequence[Advice], name: str
) -> dict[str, Any]:
    return {
        "file": name,
        "valid": True,
        "policy": policy.digest,
        "tests": len(policy.tests),
        "rules": [
            {
                "section": each.rule.section,
                "name": each.rule.name,
                "line": each.rule.line,
                "shadow": each.rule.shadow,
                "events": list(each.calls),
                "facts": list(map(str, each.reads)),
                "calls": {event: sorted(sources) for event, sources in each.calls.items()},
            }
            for each in rules
        ],
        "warnings": [
            {"line": warning.line, "code": warning.code, "message": warning.message}
            for warning in warnings
        ],
    }
