"""Starting and stopping the real Kratos and Hydra, each on free ports with its own database."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import requests
from ory import configuration
from ory.configuration import Ports, Setup, url

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0


class StartError(Exception):
    """A server did not become ready; the text ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process that this test run started, and the file that holds what it printed."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """End the process, by force where a request to end is not enough."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process and all that it started, without asking."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        os.killpg(self.process.pid, number)

    def tail(self, characters: int = 4000) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-characters:]


class Server:
    """A Kratos or a Hydra, which a test may take away and bring back as it was.

    It comes back on the same ports and with the same database.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], ports: Sequence[int], folder: Path
    ) -> None:
        self._name = name
        self._command = [str(binaries() / name), *arguments]
        self._ports = ports
        self._folder = folder
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The process that runs, or the one that ran last."""
        assert self._program is not None, f"{self._name} was never started"
        return self._program

    def start(self) -> None:
        """Start it and wait until it is ready: it opens one port after the other."""
        self._program = start(self._name, self._command, self._folder, _quiet_environment())
        for port in self._ports:
            wait_until_ready(self._program, f"{url(port)}/health/ready")

    def stop(self) -> None:
        """End it, if it ever ran."""
        if self._program is not None:
            self._program.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let it be gone in the block: connections are refused."""
        self.program.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still in the block: connections are taken and nothing is answered."""
        self.program.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.program.signal(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Servers:
    """A running pair of Kratos and Hydra."""

    ports: Ports
    kratos: Server
    hydra: Server
    kratos_database: Path


def binaries() -> Path:
    """Return the folder with the built servers.

    Raises:
        StartError: when one is missing. These tests are never skipped for that: a green run
            must mean that they ran.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("ORY_BIN") or cache / "webhook-service" / "ory")
    missing = [name for name in ("kratos", "hydra") if not os.access(folder / name, os.X_OK)]
    if missing:
        text = f"{' and '.join(missing)} not found in {folder}: run `make ory` to build them"
        raise StartError(text)
    return folder


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on.

    They lie below the range from which the kernel takes the ports of outgoing connections:
    what is free now is still free when the server binds it.
    """
    found: list[int] = []
    candidates = random.sample(range(20_000, 32_000), k=500)
    for port in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise StartError(f"fewer than {count} free ports between 20000 and 32000")


@contextmanager
def running(setup: Setup, templates: Path, folder: Path) -> Iterator[Servers]:
    """Run Kratos and Hydra with this setup until the block ends.

    ``templates`` keeps a migrated, empty database of each server from one start to the next:
    migrating takes a second, copying does not.
    """
    ports = Ports(*free_ports(6))
    databases = {name: _new_database(name, templates, folder) for name in ("kratos", "hydra")}
    servers: list[Server] = []
    try:
        for name, arguments, listening in (
            # The courier hands the letters with codes to the app.
            (
                "kratos",
                ["serve", "--dev", "--watch-courier"],
                (ports.kratos_admin, ports.kratos_public),
            ),
            ("hydra", ["serve", "all", "--dev"], (ports.hydra_admin, ports.hydra_public)),
        ):
            make = configuration.kratos if name == "kratos" else configuration.hydra
            file = folder / f"{name}.json"
            file.write_text(json.dumps(make(setup, ports, _dsn(databases[name])), indent=2))
            servers.append(Server(name, [*arguments, "--config", str(file)], listening, folder))
            servers[-1].start()
        kratos, hydra = servers
        yield Servers(ports, kratos, hydra, databases["kratos"])
    finally:
        for server in reversed(servers):
            server.stop()


def start(
    name: str,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
) -> Program:
    """Start a program in a folder, its output going to ``NAME.log`` there."""
    log = folder / f"{name}.log"
    output: IO[bytes]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  the tests' own programs and arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            # A group of its own: whoever is killed takes its workers along.
            start_new_session=True,
        )
    return Program(name, process, log)


def wait_until_ready(program: Program, address: str, seconds: float = START_SECONDS) -> None:
    """Ask until the answer is 200.

    Raises:
        StartError: the program ended, or the time is over.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if program.process.poll() is not None:
            code = program.process.returncode
            raise StartError(f"{program.name} ended with {code}:\n{program.tail()}")
        try:
            if requests.get(address, timeout=2).status_code == requests.codes.ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.02)
    program.stop()
    raise StartError(f"{program.name} is not ready after {seconds} s:\n{program.tail()}")


def wait_until_free(port: int, seconds: float = STOP_SECONDS) -> None:
    """Wait until nobody listens on a port any more.

    Raises:
        StartError: somebody still does when the time is over.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.01)
    raise StartError(f"port {port} is still taken after {seconds} s")


def _new_database(name: str, templates: Path, folder: Path) -> Path:
    template = templates / f"{name}.sqlite"
    if not template.exists():
        draft = templates / f"{name}.draft"
        command = [str(binaries() / name), "migrate", "sql", _dsn(draft), "--yes"]
        done = subprocess.run(  # noqa: S603  the tests' own program and arguments
            command, capture_output=True, check=False, env=_quiet_environment()
        )
        if done.returncode != 0:
            raise StartError(f"migrating {name} failed:\n{done.stderr.decode()[-4000:]}")
        with closing(sqlite3.connect(draft)) as database:
            # So that a test can read and edit while the server has the file open.
            database.execute("PRAGMA journal_mode=WAL")
        draft.rename(template)
    return Path(shutil.copy(template, folder / f"{name}.sqlite"))


def _dsn(file: Path) -> str:
    return f"sqlite://{file}?_fk=true&_busy_timeout=5000"


def _quiet_environment() -> dict[str, str]:
    """No setting of the developer's shell may reach the servers, and none may phone home."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "SQA_OPT_OUT": "true"}
