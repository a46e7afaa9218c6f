"""``worker``: do what outlives the answers, in a process of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from webhook_service.working import Working


@click.command(
    "worker",
    help=(
        "Do what outlives the answers: end sessions, revoke tokens, extend.\n\n"
        "Needed beside serve where EFFECTS_WORKER is worker, as it is by default with"
        " PostgreSQL; as many as you like may run. Reads the same environment as serve."
        " With WORKER_PORT it answers /health/alive, /health/ready, /version and /metrics there."
        " SIGTERM lets what runs end; SIGHUP reloads the policy."
    ),
)
def command() -> None:
    """Work until told to stop."""
    from webhook_service.runtime import shared_folder  # noqa: PLC0415  only who works makes one

    with shared_folder():
        # After the folder is named, where metrics are counted.
        from webhook_service.working import run  # noqa: PLC0415  see above

        run(_serving)


def _serving(working: Working) -> AbstractContextManager[None]:
    from webhook_service.web.worker_server import serving  # noqa: PLC0415  only where a port is set

    return serving(working)
