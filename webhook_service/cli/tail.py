"""``tail``: the decisions of the running service, as they are made."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Final

import click

from webhook_service.cli.records_store import opened_records, written_in_records
from webhook_service.cli.terminal import dim
from webhook_service.cli.times import then
from webhook_service.effects.store.troubles import DatabaseError
from webhook_service.policy.decision import Verdict
from webhook_service.policy.facts import EventName
from webhook_service.records.keeping import Stored, Wanted
from webhook_service.records.log import console_line
from webhook_service.records.store import AT_ONCE, SqlRecords

PAUSE_SECONDS: Final = 0.5
"""How often the service writes what it has decided."""

_MOST: Final = 10_000


@click.command(
    "tail",
    help=(
        "Follow the decisions of the service: the newest first few, then each as it is made.\n\n"
        "They are read from the database that DATABASE_URL (or DATABASE_URL_FILE) names, where"
        " the service keeps them for RECORD_DAYS; above RECORD_RATE some are left out. Every"
        " decision is in the service's log. Ctrl-C ends it.\n\n"
        "\b\n"
        "  webhook-service tail --verdict deny --verdict step_up\n"
        "  webhook-service tail --rule billing --since 2h --no-follow\n"
        "  webhook-service tail --json | jq 'select(.ms > 100)'\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  shown\n"
        "  1  the database cannot be read\n"
        "  2  the command was not used right"
    ),
)
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([event.value for event in EventName]),
    help="Only of this event; can be given again.",
)
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice([verdict.value for verdict in Verdict]),
    help="Only with this verdict; can be given again.",
)
@click.option("--rule", metavar="NAME", help="Only where this rule had anything to say.")
@click.option("--subject", metavar="ID", help="Only of one identity.")
@click.option("--client", metavar="ID", help="Only of one OAuth2 client.")
@click.option(
    "--since",
    type=then,
    metavar="TIME",
    help="Begin there and not with the newest few: 30m, 1d12h (ago), or 2026-12-01T00:00:00Z.",
)
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, _MOST),
    default=10,
    show_default=True,
    help="With how many to begin, without --since.",
)
@click.option("--no-follow", is_flag=True, help="End with what is there.")
@click.option("--json", "as_json", is_flag=True, help="Print each as the service's log has it.")
def command(  # noqa: PLR0913  one argument an option
    *,
    events: tuple[str, ...],
    verdicts: tuple[str, ...],
    rule: str | None,
    subject: str | None,
    client: str | None,
    since: datetime | None,
    lines: int,
    no_follow: bool,
    as_json: bool,
) -> None:
    """Show them."""
    wanted = Wanted(
        events=frozenset(events),
        verdicts=frozenset(verdicts),
        rule=rule,
        subjects=frozenset() if subject is None else written_in_records(subject),
        client=client,
        since=since,
    )
    show = _as_json if as_json else _Readable().show
    try:
        with opened_records() as records:
            place, beyond = _begin(records, wanted, lines, show)
            if not no_follow:
                _follow(records, wanted, place, beyond, show)
    except KeyboardInterrupt:
        # It is how one ends this.
        return


def _begin(
    records: SqlRecords, wanted: Wanted, lines: int, show: Callable[[Stored], None]
) -> tuple[int, Collection[int]]:
    """Show what is there; return the number to go on from, and those shown beyond it."""
    place = records.last()
    found = records.every(wanted) if wanted.since else reversed(records.newest(wanted, limit=lines))
    last = None
    beyond = set()
    for last in found:
        show(last)
        if last.seq > place:
            beyond.add(last.seq)
    if last is None and lines:
        click.echo(dim("no such decisions yet"), err=True)
    return place, beyond


def _follow(
    records: SqlRecords,
    wanted: Wanted,
    place: int,
    shown: Collection[int],
    show: Callable[[Stored], None],
) -> None:
    """Show what comes, until it is interrupted."""
    away = False
    while True:
        try:
            newest = records.last()
            found = records.following(wanted, after=place)
        except DatabaseError as error:
            if not away:
                click.echo(dim(f"{error}; waiting"), err=True)
            away = True
            sleep(PAUSE_SECONDS)
            continue
        away = False
        for one in found:
            if one.seq not in shown:
                show(one)
        if len(found) == AT_ONCE:
            place = found[-1].seq
            continue
        # What matches nothing is not looked at again.
        place = max(place, newest, *(one.seq for one in found))
        sleep(PAUSE_SECONDS)


def _as_json(one: Stored) -> None:
    click.echo(json.dumps(one.line, separators=(",", ":")))


@dataclass(slots=True)
class _Readable:
    """Shows decisions to people: the day where it is another than before, or on each line.

    Where the output goes elsewhere every line is a decision, and what becomes of it unknown:
    ``grep`` leaves out the lines that it does not look for.
    """

    day: str = ""

    def show(self, one: Stored) -> None:
        day = str(one.line["at"])[:10]
        # click takes the colours out where the output goes elsewhere.
        line = console_line(one.line, colour=True)
        if not _is_watched():
            click.echo(f"{day} {line}")
            return
        if day != self.day:
            click.echo(dim(day))
        self.day = day
        click.echo(line)


def _is_watched() -> bool:
    return sys.stdout.isatty()
