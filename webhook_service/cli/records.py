"""``records``: what is kept of one person's events."""

from __future__ import annotations

import click

from webhook_service.cli.lazy import LazyGroup


class RecordsCommands(LazyGroup):
    """What can be done with one person's records."""

    modules = {  # noqa: RUF012  a table, as its base says
        name: f"webhook_service.cli.records_{name}" for name in ("export", "delete")
    }


@click.group(
    "records",
    cls=RecordsCommands,
    help=(
        "Give away, or delete, what the database holds of one person.\n\n"
        "They use the database that DATABASE_URL (or DATABASE_URL_FILE) names; with"
        " HASH_IDENTIFIERS also its HASH_KEY, without which nobody's records are found. The"
        " service need not run.\n\n"
        "\b\n"
        "  webhook-service records export --subject ID --json > ada.json\n"
        "  webhook-service records delete --subject ID"
    ),
)
def command() -> None:
    """Group what has to do with records."""
