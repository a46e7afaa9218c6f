"""The commands: ``webhook-service …``."""

from __future__ import annotations

from importlib import import_module

import click

from webhook_service import __version__


class Commands(click.Group):
    """Loads a command when it is asked for: ``--help`` needs no web framework."""

    _MODULES = ("keys", "openapi", "sandbox", "serve")

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the commands in the order of a newcomer's needs."""
        return ["sandbox", "serve", "keys", "openapi"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Return one command, by its module of the same name."""
        if cmd_name not in self._MODULES:
            return None
        command: click.Command = import_module(f"webhook_service.cli.{cmd_name}").command
        return command


@click.group(
    cls=Commands,
    help=(
        "Answers the hooks of Ory Kratos and Ory Hydra from one policy file:\n"
        "how long a session lives, and when a second factor is required.\n\n"
        "New here? Start with: webhook-service sandbox"
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="webhook-service")
def main() -> None:
    """Run a command."""
