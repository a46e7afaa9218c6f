"""``records delete``: let one person's decisions be forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from webhook_service.cli.records_store import (
    SUBJECT,
    effects_of,
    opened_both,
    written_in_records,
)
from webhook_service.cli.terminal import counted
from webhook_service.effects.effect import Effect, State
from webhook_service.effects.worker import KEEP_DONE, KEEP_FAILED
from webhook_service.records.keeping import Wanted


@click.command(
    "delete",
    help=(
        "Delete every decision of one person from the database.\n\n"
        "Effects stay, and are counted: they are what is still to be done to the person's"
        " sessions and tokens, and the proof that it was. They go by themselves, done ones"
        f" after {KEEP_DONE.days} day and failed ones after {KEEP_FAILED.days}. The service's"
        " log is for whoever collects it to delete from; what the person does next is recorded"
        " again.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  there is none any more\n"
        "  1  the database cannot be changed, or you decided against it\n"
        "  2  the command was not used right"
    ),
)
@SUBJECT
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(subject: str, *, yes: bool) -> None:
    """Delete them."""
    written = written_in_records(subject)
    with opened_both() as (records, effects):
        there = records.count(Wanted(subjects=written))
        if there and not yes:
            click.confirm(f"Delete {counted(there, 'decision')} of {subject}?", abort=True)
        deleted = records.forget(written)
        kept = effects_of(effects, subject)
    click.echo(f"{counted(deleted, 'decision')} deleted")
    for line in _about(kept):
        click.echo(line)


def _about(kept: Sequence[Effect]) -> Iterator[str]:
    """Say which effects are kept, and why."""
    if not kept:
        return
    states = Counter(effect.state for effect in kept)
    parts = ", ".join(f"{states[state]:,} {state.value}" for state in State if states[state])
    yield f"{counted(len(kept), 'effect')} kept ({parts})"
    if states[State.PENDING] or states[State.RUNNING]:
        yield (
            "  What is pending still has to be done in Kratos and Hydra; if it need not,"
            " webhook-service effects cancel says so."
        )
    yield f"  Done ones go after {KEEP_DONE.days} day, failed ones after {KEEP_FAILED.days}."
