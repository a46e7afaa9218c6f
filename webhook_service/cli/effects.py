"""``effects``: what is still to be done in Kratos and Hydra, and what became of the rest."""

from __future__ import annotations

import click

from webhook_service.cli.lazy import LazyGroup


class EffectsCommands(LazyGroup):
    """What an operator can do about effects."""

    modules = {  # noqa: RUF012  a table, as its base says
        name: f"webhook_service.cli.effects_{name}" for name in ("list", "show", "retry", "cancel")
    }


@click.group(
    "effects",
    cls=EffectsCommands,
    help=(
        "Look after what must still be done in Kratos and Hydra: sessions to extend or end,"
        " tokens to revoke.\n\n"
        "They read the database that DATABASE_URL (or DATABASE_URL_FILE) names; the service"
        " need not run.\n\n"
        "\b\n"
        "  webhook-service effects list --state failed\n"
        "  webhook-service effects show 1042\n"
        "  webhook-service effects retry 1042 1043\n"
        "  webhook-service effects list --state failed --json | jq .[].seq \\\n"
        "    | xargs -r webhook-service effects retry"
    ),
)
def command() -> None:
    """Group what has to do with effects."""
