"""``simulate``: what a policy would have decided about recorded events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from webhook_service.cli.policy_file import WrongFileError, read_policy_at
from webhook_service.cli.records_store import opened_records
from webhook_service.cli.simulation_report import document, lines
from webhook_service.cli.terminal import echo_json
from webhook_service.cli.times import then, timestamp, utc_now
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import hooks
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loading.facts_file import read_upstream
from webhook_service.policy.loading.yaml_reader import MAX_BYTES
from webhook_service.records.keeping import Wanted
from webhook_service.simulation.happenings import Reader
from webhook_service.simulation.inputs import Item, files_of, items
from webhook_service.simulation.simulate import simulate
from webhook_service.simulation.upstream import Told, nothing, told_by

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_LONG: Final = 4 << 20
"""Bytes of events from which on a progress bar is worth a line."""


@click.command(
    "simulate",
    help=(
        "Replay recorded events through a policy file, without a server.\n\n"
        "EVENTS are recorded hook calls ({case, headers, body}, or the bare body), files of"
        " them line by line, the service's log (LOG_FORMAT=json), or folders of all that; -"
        " is standard input. With --database they are the decisions that DATABASE_URL keeps"
        " (RECORD_DAYS), all or --since a time. Decisions hold the session, the grant and the"
        " scopes, and no traits, metadata, claims or headers: what depends on those is counted as"
        " undecidable, with what is missing. The same goes for what Kratos and Hydra were not"
        " asked, unless --facts tells it, by subject and client:\n\n"
        "\b\n"
        "  subjects:\n"
        "    <identity id>: {session: {aal: aal2}, identity: {traits: {staff: true}}}\n"
        "  clients:\n"
        "    <client id>: {client: {metadata: {level: 2}}}\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  replayed, whatever was decided\n"
        "  1  a policy or the facts cannot be used, or nothing of EVENTS is an event\n"
        "  2  the command was not used right, or a file cannot be opened\n"
        "  3  what --fail-on names has happened"
    ),
)
@click.argument(
    "events",
    nargs=-1,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    metavar="[EVENTS...]",
)
@click.option(
    "--database", "from_database", is_flag=True, help="Replay the decisions of the database."
)
@click.option(
    "--since",
    type=then,
    metavar="TIME",
    help="Those since then, with --database: 30m, 1d12h (ago), or 2026-12-01T00:00:00Z.",
)
@click.option(
    "--policy",
    "policy_file",
    type=_FILE,
    default="policy.yaml",
    envvar="POLICY_FILE",
    show_default=True,
    show_envvar=True,
    help="The policy to decide by.",
)
@click.option("--against", type=_FILE, help="Another policy: show who is decided otherwise.")
@click.option("--facts", type=_FILE, help="What Kratos and Hydra would tell.")
@click.option(
    "--now", type=timestamp, metavar="TIME", help="When every event happens.  [default: as told]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--fail-on",
    type=click.Choice(["deny-increase"]),
    help="End with 3 where --policy denies more than --against.",
)
def command(  # noqa: PLR0913  one argument an option
    *,
    events: tuple[Path, ...],
    from_database: bool,
    since: datetime | None,
    policy_file: Path,
    against: Path | None,
    facts: Path | None,
    now: datetime | None,
    as_json: bool,
    fail_on: str | None,
) -> None:
    """Replay the events."""
    if bool(events) == from_database:
        raise click.UsageError("Give either EVENTS or --database.")
    if since is not None and not from_database:
        raise click.UsageError("--since goes with --database.")
    if fail_on is not None and against is None:
        raise click.UsageError("--fail-on compares two policies: name the other with --against.")
    policy = read_policy_at(policy_file)
    other = None if against is None else read_policy_at(against)
    clock = utc_now()
    reader = Reader(
        hooks=tuple(hooks(RequestHeaders()).values()),
        clock=lambda: clock,
        now=now,
        told=_told(facts),
    )
    with _found(events, since) as found:
        simulation = simulate(found, reader, policy, other)
    if as_json:
        echo_json(document(simulation))
    else:
        for line in lines(simulation, None if against is None else str(against)):
            click.echo(line)
    if not simulation.tally.events:
        raise click.ClickException("there is no event in what was given")
    changes = simulation.changes
    if fail_on and changes is not None and changes.denied_after > changes.denied_before:
        click.echo(
            f"{changes.denied_after:,} are denied, {changes.denied_before:,} were before", err=True
        )
        raise SystemExit(3)


def _told(path: Path | None) -> Told:
    if path is None:
        return nothing
    try:
        with path.open("rb") as file:
            return told_by(read_upstream(file.read(MAX_BYTES + 1), str(path)))
    except PolicyError as error:
        raise WrongFileError(error) from None


@contextmanager
def _found(events: tuple[Path, ...], since: datetime | None) -> Iterator[Iterator[Item]]:
    """Give what is to be replayed, one by one: files, or else the database."""
    if events:
        files = files_of(events)
        with _progress(files) as progress:
            yield items(files, sys.stdin.buffer, progress)
        return
    with opened_records() as records:
        yield (
            Item(one.line, "the database", one.seq) for one in records.every(Wanted(since=since))
        )


@contextmanager
def _progress(files: list[Path]) -> Iterator[Callable[[int], None]]:
    """Show how much has been read, where it is worth it and somebody looks on."""
    size = sum(path.stat().st_size for path in files if str(path) != "-")
    if size < _LONG or not _is_watched():
        yield lambda _: None
        return
    with click.progressbar(length=size, label="Replaying", file=sys.stderr) as bar:
        yield bar.update


def _is_watched() -> bool:
    return sys.stderr.isatty()
