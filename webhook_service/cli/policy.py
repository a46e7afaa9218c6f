"""``policy``: write a policy file, and know what it does before it is in force."""

from __future__ import annotations

import click

from webhook_service.cli.lazy import LazyGroup


class PolicyCommands(LazyGroup):
    """What can be done with a policy file, none of it needs a server."""

    modules = {  # noqa: RUF012  a table, as its base says
        name: f"webhook_service.cli.policy_{name}"
        for name in ("check", "test", "explain", "schema")
    }


@click.group(
    "policy",
    cls=PolicyCommands,
    help=(
        "Check, test and explain a policy file.\n\n"
        "None of these needs a server, Kratos or Hydra.\n\n"
        "\b\n"
        "  webhook-service policy check policy.yaml\n"
        "  webhook-service policy test policy.yaml\n"
        "  webhook-service policy explain policy.yaml --event hydra.token --facts facts.yaml\n"
        "  webhook-service policy schema > policy.schema.json"
    ),
)
def command() -> None:
    """Group what has to do with policy files."""
