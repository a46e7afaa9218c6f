"""``policy schema``: the JSON Schema of the policy file, for editors."""

from __future__ import annotations

import click

from webhook_service.cli.terminal import echo_json
from webhook_service.policy.schema import document


@click.command(
    "schema",
    help=(
        "Print the JSON Schema (2020-12) of the policy file, for editors.\n\n"
        "A running service has it at /policy.schema.json as well. With yaml-language-server"
        " the first line of a policy can name it:\n\n"
        "\b\n"
        "  # yaml-language-server: $schema=policy.schema.json\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  printed\n"
        "  2  the command was not used right"
    ),
)
def command() -> None:
    """Print the schema."""
    echo_json(document())
