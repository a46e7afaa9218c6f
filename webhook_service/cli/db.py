"""``db``: the tables that effects are kept in."""

from __future__ import annotations

import click

from webhook_service.cli.effects_store import database_url, explained
from webhook_service.effects.store.database import shown
from webhook_service.effects.store.schema import HEAD, upgrade


@click.group(
    "db",
    help=(
        "Look after the database that DATABASE_URL names.\n\n"
        "SQLite needs none of this: the service makes and upgrades its file when it starts."
    ),
)
def command() -> None:
    """Group what has to do with the database."""


@command.command(
    "upgrade",
    help=(
        "Make the tables, or bring them up to date: run it before each release's processes"
        " start.\n\n"
        "The database is DATABASE_URL (or DATABASE_URL_FILE). It can be run again at any time,"
        " and by several machines at once.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  the tables are those of this version\n"
        "  1  the database cannot be reached, or holds a later version's tables\n"
        "  2  the command was not used right"
    ),
)
def upgrade_command() -> None:
    """Bring the tables up to date."""
    url = database_url()
    with explained(url):
        before = upgrade(url)
    if before == HEAD:
        what = f"up to date ({HEAD})"
    elif before is None:
        what = f"tables made ({HEAD})"
    else:
        what = f"upgraded from {before} to {HEAD}"
    click.echo(f"{shown(url)}: {click.style(what, fg='green')}")
