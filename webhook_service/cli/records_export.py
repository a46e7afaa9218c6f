"""``records export``: everything that the database holds of one person."""

from __future__ import annotations

import click

from webhook_service.cli.effects_report import document, lines
from webhook_service.cli.records_store import (
    SUBJECT,
    effects_of,
    opened_both,
    written_in_records,
)
from webhook_service.cli.terminal import counted, dim, echo_json
from webhook_service.cli.times import utc_now
from webhook_service.records.keeping import Wanted
from webhook_service.records.log import console_line


@click.command(
    "export",
    help=(
        "Print everything that the database holds of one person: decisions, oldest first, and"
        " effects.\n\n"
        "Neither holds traits, addresses or names. The service's log has the same decisions,"
        " for as long as whoever collects it keeps them.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  printed, however much there is\n"
        "  1  the database cannot be read\n"
        "  2  the command was not used right"
    ),
)
@SUBJECT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(subject: str, *, as_json: bool) -> None:
    """Print it."""
    wanted = Wanted(subjects=written_in_records(subject))
    with opened_both() as (records, effects):
        decisions = [one.line for one in records.every(wanted)]
        found = effects_of(effects, subject)
    if as_json:
        echo_json(
            {
                "subject": subject,
                "decisions": decisions,
                "effects": [document(effect) for effect in found],
            }
        )
        return
    for line in decisions:
        click.echo(f"{dim(str(line['at'])[:10])} {console_line(line, colour=True)}")
    for text in lines(found, utc_now()) if found else ():
        click.echo(text)
    click.echo(f"{counted(len(decisions), 'decision')}, {counted(len(found), 'effect')}")
