"""``serve``: answer hooks."""

from __future__ import annotations

import click

from webhook_service.cli.setting_texts import for_help

HELP = f"""Answer the hooks of Kratos and Hydra.

Everything is set by environment variables; what is wrong is reported all at once.
The second column is what holds where a variable is not set.

{for_help()}

A key, ORY_API_KEY or DATABASE_URL can come from a file instead: NAME_FILE.
"""


@click.command("serve", help=HELP)
def command() -> None:
    """Serve until told to stop."""
    from webhook_service.web.server import run  # noqa: PLC0415  only who serves loads a server

    run()
