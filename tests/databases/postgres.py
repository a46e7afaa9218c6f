"""A PostgreSQL of the tests' own, on 127.0.0.1, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

OWNER = "webhook"
MISSING = (
    "There is no PostgreSQL here, and these tests need one: install Debian's package postgresql,"
    ' or leave them out with: pytest -m "not postgres"'
)
SECONDS = 30
"""To start, and to stop."""

_numbers = count(1)


@dataclass(frozen=True)
class Postgres:
    """A running server; who connects owns everything and needs no password."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def make_database(self, template: str = "template1") -> str:
        """Make a database, empty or like another one; return its address."""
        name = f"test_{next(_numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def execute(self, statement: str) -> None:
        """Do something that concerns the whole server."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a server; ``durable`` lets its commits wait for the disk, as they do in earnest."""
    programs = binaries()
    # Not in pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="webhook-service-postgres-"))
    try:
        as_user = _unprivileged(folder)
        _make(programs, folder, as_user)
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "on" if durable else "off",
        }
        command = [*_not_outliving_us(), f"{programs}/postgres", "-D", f"{folder}/data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(  # noqa: S603  Debian's own program
                command, stdout=log, stderr=subprocess.STDOUT, **as_user
            ) as process,
        ):
            try:
                server = Postgres(port, process)
                _await(server, folder / "log")
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)
                process.wait(SECONDS)
    finally:
        shutil.rmtree(folder)


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL that Debian's packages have installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
    assert newest is not None, MISSING
    return newest.parent


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how a program is started as somebody else than root: PostgreSQL insists."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _not_outliving_us() -> list[str]:
    """Return what lets the server end with the tests, however these end."""
    return ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []


def _make(programs: Path, folder: Path, as_user: dict[str, Any]) -> None:
    made = subprocess.run(  # noqa: S603  Debian's own program
        [
            *(f"{programs}/initdb", "-D", f"{folder}/data", "-U", OWNER, "-A", "trust"),
            *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **as_user,
    )
    assert made.returncode == 0, made.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(server: Postgres, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            assert server.process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return
