"""``effects retry``: let effects be tried now."""

from __future__ import annotations

import click

from webhook_service.cli.effects_change import NUMBERS, change_each


@click.command(
    "retry",
    help=(
        "Let effects be tried now: failed and cancelled ones, and those that wait.\n\n"
        "They begin anew, with 24 hours and no try counted. One that is done stays so; one that"
        " a worker holds is being tried already.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  all of them are due\n"
        "  1  one is not and why is said, or the database cannot be changed\n"
        "  2  the command was not used right"
    ),
)
@NUMBERS
def command(numbers: tuple[int, ...]) -> None:
    """Make them due."""
    change_each(numbers, lambda store, seq: store.retry(seq), "due now")
