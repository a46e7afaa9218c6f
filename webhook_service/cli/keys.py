"""``keys``: make keys."""

from __future__ import annotations

import secrets

import click


@click.group("keys", help="Make keys for the callers.")
def command() -> None:
    """Group what has to do with keys."""


@command.command("new", help="Print a new random key (256 bits).")
def new() -> None:
    """Print a key that fits every *_KEYS setting."""
    click.echo(secrets.token_urlsafe(32))
