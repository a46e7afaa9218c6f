"""The fixtures that give tests a database. Loaded by ``tests/conftest.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases.postgres import Postgres, running
from databases.shelf import Shelf
from sqlalchemy import Engine, event

from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.schema import upgrade

DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""For ``parametrize``: every test of something that a database does runs on both."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests that do not hurt it."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_with_tables(postgres: Postgres) -> str:
    """The name of a database to copy: quicker than to make the tables each time."""
    url = postgres.make_database()
    upgrade(url)
    return url.rpartition("/")[2]


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The address of a file with tables and nothing in them."""
    url = f"sqlite:///{tmp_path}/effects.db"
    upgrade(url)
    return url


@pytest.fixture
def postgres_database(postgres: Postgres, _postgres_with_tables: str) -> str:
    """The address of a database of a server, with tables and nothing in them."""
    return postgres.make_database(_postgres_with_tables)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The address of a database with tables and nothing in them, one of each."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, one of each; the file is not even there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/effects.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.make_database()


@pytest.fixture(scope="session", params=DATABASES)
def _shelves(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One database for all shelves: to empty it is quicker than to make another."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shelves')}/effects.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.make_database()
    upgrade(url)
    engine = open_engine(url)
    if request.param == "sqlite":
        # Nobody pulls the plug here.
        event.listen(engine, "connect", lambda new, _: new.execute("PRAGMA synchronous = OFF"))
    yield engine
    engine.dispose()


@pytest.fixture
def shelf(_shelves: Engine) -> Shelf:
    """A store with nothing in it, and its clock."""
    shelf = Shelf(_shelves)
    shelf.empty()
    return shelf
