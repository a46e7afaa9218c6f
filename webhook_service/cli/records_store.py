"""Opens the store of decision records for a command, and says whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from webhook_service.cli.effects_store import opened_database
from webhook_service.cli.times import utc_now
from webhook_service.effects.effect import Effect
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.records.identifiers import written
from webhook_service.records.store import SqlRecords
from webhook_service.settings import SettingsError, load_hash_key

SUBJECT = click.option("--subject", metavar="ID", required=True, help="The identity's id.")

_TOGETHER: Final = 500


@contextmanager
def opened_records() -> Iterator[SqlRecords]:
    """Open the store.

    Raises:
        click.ClickException: it cannot be opened, or something fails meanwhile.
    """
    with opened_database() as engine:
        yield SqlRecords(engine)


@contextmanager
def opened_both() -> Iterator[tuple[SqlRecords, SqlStore]]:
    """Open the stores of all that is kept of a person.

    Raises:
        click.ClickException: they cannot be opened, or something fails meanwhile.
    """
    with opened_database() as engine:
        yield SqlRecords(engine), SqlStore(engine, utc_now)


def effects_of(store: SqlStore, subject: str) -> list[Effect]:
    """Return every effect of a person, newest first."""
    found: list[Effect] = []
    while some := store.list(
        subject=subject, limit=_TOGETHER, before=found[-1].seq if found else None
    ):
        found += some
    return found


def written_in_records(subject: str) -> frozenset[str]:
    """Return every way in which records may have written a person's id.

    Raises:
        click.ClickException: ``HASH_IDENTIFIERS`` or its key cannot be used.
    """
    try:
        return written(subject, load_hash_key())
    except SettingsError as error:
        raise click.ClickException("\n".join(error.lines())) from None
