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


@dataclass
class Postgres:
    """A server; who connects owns everything and needs no password.

    ``stop`` and ``start`` are for tests of what it does to others that it is away.
    """

    port: int
    _folder: Path
    _command: list[str]
    _as_user: dict[str, Any]
    _process: subprocess.Popen[bytes] | None = None

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

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        log = self._folder / "log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  Debian's own program
                self._command, stdout=file, stderr=subprocess.STDOUT, **self._as_user
            )
        end = time.monotonic() + SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert self._process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End at once, every connection with it; what was committed is there after a start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(SECONDS)
            self._process = None

    def freeze(self) -> None:
        """Let the server and all its connections stand still, without a word to anybody."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it stood."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        # Its parent first when it stops: it would wait for the others, or make new ones.
        for pid in (parent, *map(int, children.read_text().split())):
            os.kill(pid, number)


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
        server = Postgres(port, folder, command, as_user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
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
