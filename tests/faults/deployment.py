"""The service as processes that are killed and started again, on one port and one database."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from faults.crowd import POLICY, Crowd, Event
from server.running import STOP_SECONDS, environment
from server.wire import Answer, ask, request
from sqlalchemy import Engine, bindparam, text

from webhook_service.effects.effect import Effect, State
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.service import utc_now

START_SECONDS = 30
PROGRAM = (sys.executable, "-m", "webhook_service")


@dataclass
class Deployment:
    """One web process (gunicorn's, with its children) and as many workers as are started.

    Each leads a process group of its own, so that it can be killed whole, in one moment.
    """

    folder: Path
    ory: Crowd
    variables: dict[str, str]
    prefix: tuple[str, ...] = ()
    web: subprocess.Popen[bytes] = field(init=False)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _writers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.variables["PORT"])

    def start(self) -> None:
        """Start ``serve``, and wait until it answers."""
        self.web = self._run("serve")
        until(self._is_alive, "it does not answer", START_SECONDS)

    def start_worker(self) -> None:
        self.workers.append(self._run("worker"))

    def kill(self) -> None:
        """Kill the whole of ``serve``: parent and children at once."""
        _kill(self.web)

    def kill_child(self, choose: Callable[[list[int]], int]) -> None:
        """Kill one of the processes that answer; gunicorn makes another."""
        until(lambda: bool(self.children()), "there is none")
        child = choose(self.children())
        os.kill(child, signal.SIGKILL)
        until(lambda: child not in self.children(), "it does not die")

    def kill_worker(self, number: int) -> subprocess.Popen[bytes]:
        worker = self.workers.pop(number)
        _kill(worker)
        return worker

    def terminate(self, process: subprocess.Popen[bytes]) -> int:
        """Ask a process to end, as a platform does; wait, and return its exit code."""
        process.terminate()
        return process.wait(STOP_SECONDS)

    def end(self) -> None:
        """Leave nothing behind."""
        for worker in self.workers:
            _kill(worker)
        if hasattr(self, "web"):
            _kill(self.web)
        for writer in self._writers:
            writer.wait(STOP_SECONDS)
        self.engine.dispose()

    def processes(self) -> list[int]:
        """Return all processes of ``serve``."""
        return [self.web.pid, *self.children()]

    def children(self) -> list[int]:
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def send(self, event: Event) -> Answer:
        return ask(self.port, event.request)

    def ready(self) -> Answer:
        return ask(self.port, request("GET", "/health/ready"))

    def alive(self) -> Answer:
        return ask(self.port, request("GET", "/health/alive"))

    @cached_property
    def engine(self) -> Engine:
        """The database, for a look into it."""
        return open_engine(self.variables["DATABASE_URL"])

    @cached_property
    def store(self) -> SqlStore:
        """What an operator looks at."""
        return SqlStore(self.engine, utc_now)

    def effects(self, *states: State) -> tuple[Effect, ...]:
        return self.store.list(states=frozenset(states), limit=100_000)

    def unrecorded(self) -> tuple[Effect, ...]:
        return self.effects(State.PENDING, State.RUNNING)

    def listed(self, *states: State, prefix: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Return what ``effects list`` tells an operator."""
        options = [word for state in states for word in ("--state", state.value)]
        listed = subprocess.run(  # noqa: S603  this very service
            (*prefix, *PROGRAM, "effects", "list", "--json", *options),
            env=self.variables,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            check=True,
        )
        effects: list[dict[str, Any]] = json.loads(listed.stdout)
        return effects

    def held_by(self, *processes: int) -> list[Effect]:
        """Return what processes, dead or alive, have claimed and not recorded."""
        owners = set(map(_owner, processes))
        return [effect for effect in self.effects(State.RUNNING) if effect.owner in owners]

    def end_leases_of_the_dead(self) -> None:
        """Let it be thirty seconds later for what is held by processes that are no more."""
        alive = [*self.processes(), *(worker.pid for worker in self.workers)]
        statement = text(
            "UPDATE effects SET due = created"
            " WHERE state = 'pending' AND token IS NOT NULL AND owner NOT IN :alive"
        ).bindparams(bindparam("alive", expanding=True))
        with self.engine.begin() as connection:
            connection.execute(statement, {"alive": list(map(_owner, alive))})

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def not_extended(self) -> set[str]:
        """Return of whom the records say that an extension could not be kept (P29).

        That blocks no token: it is the one thing that may be lost, and is said to be.
        """
        lines = (line for line in self.log().splitlines() if '"result":"lost"' in line)
        records = [json.loads(line) for line in lines]
        return {
            record["subject"]
            for record in records
            for kept in record["effects"]["kept"]
            if kept == {"kind": "extend_session", "result": "lost"}
        }

    def _run(self, command: str) -> subprocess.Popen[bytes]:
        """Start a process. Its log is another's to write: a broken disk is the service's own."""
        with (self.folder / "log").open("ab") as log:
            # It ends with the last process that holds the pipe.
            writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)  # noqa: S607
        assert writer.stdin is not None
        self._writers.append(writer)
        with writer.stdin:
            return subprocess.Popen(  # noqa: S603  this very service
                (*self.prefix, *PROGRAM, command),
                env=self.variables,
                cwd=self.folder,
                stdout=writer.stdin,
                stderr=writer.stdin,
                start_new_session=True,
            )

    def _is_alive(self) -> bool:
        assert self.web.poll() is None, self.log()[-2000:]
        try:
            return self.alive().status == 200
        except (OSError, EOFError):
            return False


@contextmanager
def deployed(
    folder: Path, ory: Crowd, database: str, prefix: tuple[str, ...] = (), **more: Any
) -> Iterator[Deployment]:
    """Have it ready to be started; ``more`` are settings. Nothing of it outlives the block."""
    (folder / "policy.yaml").write_text(f"version: 1\n{POLICY}")
    with ory.serve() as upstream:
        variables = environment(
            folder,
            KRATOS_ADMIN_URL=upstream.kratos.url,
            HYDRA_ADMIN_URL=upstream.hydra.url,
            DATABASE_URL=database,
            **more,
        )
        one = Deployment(folder, ory, variables, prefix)
        try:
            yield one
        finally:
            one.end()


def until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def _owner(process: int) -> str:
    """Return what a process is called where it holds effects."""
    return f"{socket.gethostname()}:{process}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
