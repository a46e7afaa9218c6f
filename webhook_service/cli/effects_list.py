"""``effects list``: the newest effects, and how many there are."""

from __future__ import annotations

import click

from webhook_service.cli.effects_report import document, lines, summary
from webhook_service.cli.effects_store import opened
from webhook_service.cli.terminal import dim, echo_json
from webhook_service.cli.times import utc_now
from webhook_service.effects.effect import Kind, State

_MOST = 10_000


@click.command(
    "list",
    help=(
        "List effects, newest first.\n\n"
        "pending: waits for its time, for its next try or for a worker. running: a worker holds"
        " it. failed: it will not be tried again unless told to (effects retry).\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  listed, however many there are\n"
        "  1  the database cannot be read\n"
        "  2  the command was not used right"
    ),
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only those that stand so; can be given again.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="Only those of a kind; can be given again.",
)
@click.option("--subject", metavar="ID", help="Only those of one identity.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=50,
    show_default=True,
    help="How many at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(
    *,
    states: tuple[str, ...],
    kinds: tuple[str, ...],
    subject: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List them."""
    with opened() as store:
        found = store.list(
            states=frozenset(map(State, states)),
            kinds=frozenset(map(Kind, kinds)),
            subject=subject,
            limit=limit + 1,
        )
        counts = store.counts()
    shown = found[:limit]
    if as_json:
        echo_json([document(effect) for effect in shown])
        return
    if shown:
        for line in lines(shown, utc_now()):
            click.echo(line)
        if len(found) > limit:
            click.echo(dim(f"… and older ones: these are the newest {limit:,} (--limit)"))
    else:
        click.echo("no effects" if not counts.by_state else "no such effects")
    click.echo()
    click.echo(summary(counts))
