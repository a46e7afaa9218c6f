"""``worker``: do what outlives the answers, in a process of its own."""

from __future__ import annotations

import click


@click.command(
    "worker",
    help=(
        "Do what outlives the answers: end sessions, revoke tokens, extend.\n\n"
        "Needed beside serve where EFFECTS_WORKER is worker, as it is by default with"
        " PostgreSQL; as many as you like may run. Reads the same environment as serve."
        " SIGTERM lets what runs end; SIGHUP reloads the policy."
    ),
)
def command() -> None:
    """Work until told to stop."""
    from webhook_service.working import run  # noqa: PLC0415  only who works loads a database

    run()
