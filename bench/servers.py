"""Starts what is measured, as a process that nothing else shares."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import recorded
from bench.cores import SERVER, pinned
from webhook_service import runtime

START_SECONDS: Final = 20
IS_ALIVE: Final = b"GET /health/alive HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"

SERVICE: Final = ("-m", "webhook_service", "serve")
NO_SETTINGS: Final[Mapping[str, str]] = {}
"""Besides those that every measurement has."""
EMPTY: Final[Mapping[str, tuple[str, ...]]] = {
    "gunicorn": (
        "-m",
        "gunicorn",
        "-c",
        "python:webhook_service.web.gunicorn_conf",
        "bench.empty:app",
    ),
    "granian": ("-m", "bench.empty_granian"),
}
"""``bench.empty`` on each server, by the configuration of the service's own."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens."""

    port: int
    process: int
    start_seconds: float
    """From its start as a process to its first answer."""
    log: Path

    def last_record(self) -> dict[str, Any]:
        """Return the last decision record that it wrote."""
        records = [json.loads(line) for line in self.log.read_bytes().splitlines()[-50:]]
        found: dict[str, Any] = [one for one in records if one["message"] == "decision"][-1]
        return found


@contextmanager
def serving(
    command: tuple[str, ...],
    policy: str,
    *,
    server: str = "gunicorn",
    kratos: str = "http://127.0.0.1:9",
    hydra: str = "http://127.0.0.1:9",
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[Server]:
    """Start a server on a policy and end it with the block.

    Nothing listens at the discard port, where Kratos and Hydra are by default: a policy that
    asks them will show.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        policy_file = Path(folder, "policy.yaml")
        policy_file.write_text(policy, "utf-8")
        environment = {
            **os.environ,
            "PORT": str(port),
            "SERVER": server,
            "HYDRA_HOOK_KEYS": recorded.KEY,
            "KRATOS_ADMIN_URL": kratos,
            "HYDRA_ADMIN_URL": hydra,
            "POLICY_FILE": str(policy_file),
            "WEB_CONCURRENCY": "1",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "info",
            "DATABASE_URL": f"sqlite:///{folder}/webhook-service.db",
            # Made by serve; where gunicorn is started by itself, it has to be named.
            runtime.VARIABLE: folder,
            **settings,
        }
        environment.pop(runtime.METRICS_VARIABLE, None)  # the benchmark's own
        log = Path(folder, "log")
        begun = time.monotonic()
        with log.open("wb") as out, pinned(SERVER):
            process = subprocess.Popen(
                [sys.executable, *command], env=environment, stdout=out, stderr=out
            )
        try:
            _wait(port, process, log)
            yield Server(port, process.pid, time.monotonic() - begun, log)
        finally:
            process.terminate()
            process.wait(timeout=15)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first answer; any will do, for the empty app has no health route."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
                one.sendall(
                    b"GET /health/alive HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
                )
                if one.recv(12).startswith(b"HTTP/1.1 "):
                    return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"the server did not start:\n{log.read_text('utf-8')}")


def processes_of(root: int) -> list[int]:
    """Return a process and all below it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [root]
    for parent in found:
        found += [process for process, above in parents.items() if above == parent]
    return found


def cpu_seconds(root: int) -> float:
    """Return the processor time of a process and all below it: system and own."""
    ticks = 0
    for process in processes_of(root):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
