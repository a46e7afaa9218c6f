"""How many times, with which chance, on which database."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases.fixtures import DATABASES
from databases.postgres import Postgres, running

from webhook_service.effects.store.schema import upgrade


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often something is killed: ``FAULT_ROUNDS``."""
    return int(os.environ.get("FAULT_ROUNDS", "20"))


@pytest.fixture
def chance() -> random.Random:
    """When it is killed. A failure shows the seed; ``FAULT_SEED`` is to try that one again."""
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))  # noqa: S311  no secret
    print(f"FAULT_SEED={seed}")  # noqa: T201  pytest shows it with a failure
    return random.Random(seed)  # noqa: S311  the same


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that may be hurt."""
    with running() as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the service reads, writes and logs."""
    return tmp_path


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, folder: Path) -> str:
    """The address of a database with nothing in it, one of each."""
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/effects.db"
    else:
        server: Postgres = request.getfixturevalue("server")
        url = server.make_database()
    upgrade(url)
    return url
