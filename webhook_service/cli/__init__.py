"""The commands: ``webhook-service …``."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

import click

from webhook_service import __version__
from webhook_service.cli.lazy import LazyGroup


class Commands(LazyGroup):
    """Every command, in the order of a newcomer's needs."""

    modules = {  # noqa: RUF012  a table, as its base says
        name: f"webhook_service.cli.{name.replace('-', '_')}"
        for name in (
            "sandbox",
            "serve",
            "worker",
            "policy",
            "simulate",
            "ory-config",
            "doctor",
            "tail",
            "effects",
            "records",
            "db",
            "keys",
            "openapi",
        )
    }


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
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run a command."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            # What the terminal's encoding does not have is spelled out: no reason to end.
            stream.reconfigure(errors="backslashreplace")
