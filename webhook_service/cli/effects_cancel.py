"""``effects cancel``: let effects not be done."""

from __future__ import annotations

import click

from webhook_service.cli.effects_change import NUMBERS, change_each


@click.command(
    "cancel",
    help=(
        "Let pending effects not be done.\n\n"
        "A session that one was to end lives on, and tokens are issued for it again. One that a"
        " worker holds cannot be cancelled: wait until it is done or pending again.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  all of them are cancelled\n"
        "  1  one is not and why is said, or the database cannot be changed\n"
        "  2  the command was not used right"
    ),
)
@NUMBERS
def command(numbers: tuple[int, ...]) -> None:
    """Cancel them."""
    change_each(numbers, lambda store, seq: store.cancel(seq), "cancelled")
