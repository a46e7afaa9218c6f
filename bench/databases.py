"""The databases that effects are measured on: a file, and PostgreSQL where it is installed."""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

from webhook_service.effects.store.schema import upgrade

TESTS: Final = Path(__file__).parent.parent / "tests"
PROGRAMS: Final = "/usr/lib/postgresql"
"""Where Debian's packages put PostgreSQL."""

SYNCS: Final = 200


@dataclass(frozen=True, slots=True)
class Database:
    """One kind of database.

    Attributes:
        name: as a table's reader knows it.
        make: makes one with the tables and nothing in them; returns its address.
        failing: lets the one at an address answer nothing for as long as a block takes.
    """

    name: str
    make: Callable[[], str]
    failing: Callable[[str], AbstractContextManager[None]]


@contextmanager
def here() -> Iterator[list[Database]]:
    """Yield SQLite on the disk of temporary files, and PostgreSQL where it is installed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = [Database("SQLite", partial(_make_file, Path(folder)), _locked)]
        if not list(Path(PROGRAMS).glob("*/bin/postgres")):
            yield found
            return
        sys.path.insert(0, str(TESTS))
        with import_module("databases.postgres").running(durable=True) as server:
            frozen = partial(_frozen, server)
            yield [*found, Database("PostgreSQL", partial(_make_on, server), frozen)]


def _make_file(folder: Path) -> str:
    url = f"sqlite:///{folder}/{secrets.token_hex(4)}.db"
    upgrade(url)
    return url


def _make_on(server: Any) -> str:  # noqa: ANN401  its module is found at run time only
    url: str = server.make_database()
    upgrade(url)
    return url


@contextmanager
def _locked(url: str) -> Iterator[None]:
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def _frozen(server: Any, _url: str) -> Iterator[None]:  # noqa: ANN401  the same
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def milliseconds_to_sync() -> float:
    """Return what one page costs that must be on the disk: no commit is quicker."""
    spent = []
    with tempfile.NamedTemporaryFile(prefix="bench-") as page:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            page.write(bytes(4096))
            page.flush()
            os.fdatasync(page.fileno())
            spent.append(time.perf_counter() - begun)
    return median(spent) * 1000
