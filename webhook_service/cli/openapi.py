"""``openapi``: print the contract."""

from __future__ import annotations

import click

from webhook_service.web.openapi_route import document


@click.command("openapi", help="Print the OpenAPI document of the routes.")
def command() -> None:
    """Print the committed document, the one that /openapi.yaml serves."""
    click.echo(document(), nl=False)
