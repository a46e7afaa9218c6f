"""Opens the store of effects for a command, and says what to do where that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from webhook_service.cli.times import utc_now
from webhook_service.effects.store.database import open_engine, shown
from webhook_service.effects.store.schema import revision_of, unfit
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.settings import SettingsError, load_database_url


def database_url() -> str:
    """Return which database the environment names.

    Raises:
        click.ClickException: it names none that can be used.
    """
    try:
        return load_database_url()
    except SettingsError as error:
        raise click.ClickException("\n".join(error.lines())) from None


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Say of a database's failure which database that was.

    Raises:
        click.ClickException: the database failed.
    """
    try:
        yield
    except DatabaseError as error:
        lines = [f"{shown(url)}: {error}"]
        if error.detail:
            lines.append(error.detail)
        if error.trouble is Trouble.UNREACHABLE:
            lines.append(
                "Which database it is, DATABASE_URL says;"
                " a file's name counts from the working directory on."
            )
        raise click.ClickException("\n".join(lines)) from None


@contextmanager
def opened() -> Iterator[SqlStore]:
    """Open the store.

    Raises:
        click.ClickException: it cannot be opened, or something fails meanwhile.
    """
    with opened_database() as engine:
        yield SqlStore(engine, utc_now)


@contextmanager
def opened_database() -> Iterator[Engine]:
    """Open the database, if its tables are those of this version.

    Raises:
        click.ClickException: it cannot be opened, or something fails meanwhile.
    """
    url = database_url()
    engine = open_engine(url)
    try:
        with explained(url):
            wrong = unfit(revision_of(engine))
            if wrong is not None:
                raise click.ClickException(f"{shown(url)}: {wrong}")
            yield engine
    finally:
        engine.dispose()
