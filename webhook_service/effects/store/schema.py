"""Makes the tables, and says whether a database has those of this version.

SQLite is brought up to date by the service when it starts, PostgreSQL only by
``webhook-service db upgrade``, the release command: a web process that alters a shared
database under its neighbours is a surprise at the worst moment.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from webhook_service.effects.store.database import AUTOCOMMIT, open_to_upgrade
from webhook_service.effects.store.troubles import DatabaseError, Trouble, explained

HEAD: Final = "0004"
"""The revision that the code is written for. Revisions are counted, so that a database of a
later version is known as one."""

VERSION_TABLE: Final = "webhook_service_schema"
"""Where Alembic keeps the revision: by a name of its own, for a database may be shared."""

_MIGRATIONS: Final = "webhook_service.effects.store:migrations"
_LOCK: Final = 6_021_953_017
"""Which of PostgreSQL's advisory locks keeps two upgrades apart. Any number of our own."""


def upgrade(url: str) -> str | None:
    """Bring the tables of a database up to date; return the revision that they were at.

    Processes that do this at the same time wait for each other.

    Raises:
        DatabaseError: it cannot be done, or a later version has been there.
    """
    engine = open_to_upgrade(url)
    try:
        with explained(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            before = _revision(connection)
            if before is not None and before > HEAD:
                raise DatabaseError(Trouble.SCHEMA, f"{before}, of a later version")
            if before != HEAD:
                _migrate(connection)
            return before
    finally:
        engine.dispose()


def revision_of(engine: Engine) -> str | None:
    """Return the revision of a database's tables; ``None`` where it has none.

    Raises:
        DatabaseError: it does not say.
    """
    with explained(), engine.connect().execution_options(**AUTOCOMMIT) as connection:
        return _revision(connection)


def unfit(revision: str | None) -> str | None:
    """Say what is wrong with tables of a revision, and what to do; ``None`` for nothing."""
    if revision == HEAD:
        return None
    if revision is None:
        return "the database has no tables yet: run webhook-service db upgrade"
    later = revision > HEAD
    return (
        f"the database has the tables of {'a later' if later else 'an earlier'} version"
        f" ({revision}, this one's are {HEAD}):"
        f" run {'that version' if later else 'webhook-service db upgrade'}"
    )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(
        select(column("version_num")).select_from(table(VERSION_TABLE))
    )
    return found


def _migrate(connection: Connection) -> None:
    # Alembic is of no use to a service that runs, and takes its time to load.
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415  see above

    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
