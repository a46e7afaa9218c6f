"""``effects show``: everything about one effect."""

from __future__ import annotations

import click

from webhook_service.cli.effects_report import details, document
from webhook_service.cli.effects_store import opened
from webhook_service.cli.terminal import echo_json
from webhook_service.cli.times import utc_now


@click.command(
    "show",
    help=(
        "Show one effect by its number.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  shown\n"
        "  1  there is none of that number, or the database cannot be read\n"
        "  2  the command was not used right"
    ),
)
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(seq: int, *, as_json: bool) -> None:
    """Show it."""
    with opened() as store:
        effect = store.show(seq)
    if effect is None:
        raise click.ClickException(
            f"there is no effect {seq}; what is done is kept for a day, what failed for 30 days"
        )
    if as_json:
        echo_json(document(effect))
        return
    for line in details(effect, utc_now()):
        click.echo(line)
