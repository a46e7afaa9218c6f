"""Changes effects one by one, and says of each what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from webhook_service.cli.effects_report import state
from webhook_service.cli.effects_store import opened
from webhook_service.cli.times import utc_now
from webhook_service.desk.effects import when
from webhook_service.effects.effect import Effect
from webhook_service.effects.store.sql_store import SqlStore

NUMBERS = click.argument(
    "numbers", type=click.IntRange(min=1), nargs=-1, required=True, metavar="SEQ..."
)


def change_each(numbers: Sequence[int], change: Callable[[SqlStore, int], bool], what: str) -> None:
    """Change the effects.

    Args:
        numbers: which ones.
        change: changes one; ``False`` where it stands in a way that forbids it.
        what: what is said of one that was changed.

    Raises:
        SystemExit: with 1, one was not changed.
    """
    failed = False
    with opened() as store:
        for seq in dict.fromkeys(numbers):
            if change(store, seq):
                click.echo(f"{seq}  {click.style(what, fg='green')}")
            else:
                failed = True
                click.echo(f"{seq}  {_why_not(store.show(seq))}", err=True)
    if failed:
        raise SystemExit(1)


def _why_not(effect: Effect | None) -> str:
    if effect is None:
        return "there is no such effect"
    return f"unchanged, for it is {state(effect.state)}: {when(effect, utc_now())}"
