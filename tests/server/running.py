"""The service as a process of its own, with the stand-in for Kratos and Hydra behind it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.wire import Answer, ask, request, seconds_to_answer
from unit.workbench import CHECK_KEY, HYDRA_KEY, KRATOS_KEY, OPERATOR_KEY, ORIGIN, Recorded

from webhook_service.ory.fake import FakeOry

SERVERS = ("gunicorn", "granian")
COMMAND = (sys.executable, "-m", "webhook_service", "serve")
WORKER = (sys.executable, "-m", "webhook_service", "worker")
START_SECONDS = 30
STOP_SECONDS = 20

HYDRA = f"Authorization: Bearer {HYDRA_KEY}"
KRATOS = f"Authorization: Bearer {KRATOS_KEY}"
JSON = "Content-Type: application/json"
TOKEN = "/hooks/hydra/token"
LOGIN = "/hooks/kratos/login/password"
REFRESH: dict[str, Any] = Recorded().body("hydra.token.refresh_token.consent-claims")
"""Names the web session of ``sandbox.stand_in``."""

POLICY = """
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: {when_left: 3650d}
    max_age: unlimited
deny:
  - name: from there
    events: [kratos.login]
    when: request.ip == "203.0.113.5"
"""
"""Every refresh is to extend the session, however much of it is left."""


@dataclass
class Service:
    """One running service. ``folder`` holds what it reads, writes and logs."""

    server: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    ory: FakeOry

    def lines(self) -> list[dict[str, Any]]:
        """Return the log so far."""
        return [json.loads(line) for line in (self.folder / "log").read_bytes().splitlines()]

    def runtime_folders(self) -> list[Path]:
        """Return the folders that the processes share: one while it runs."""
        return sorted(self.folder.glob("webhook-service-*"))

    def metrics(self) -> dict[str, float]:
        """Scrape: sample by sample, ``name{labels}`` to value."""
        key = f"Authorization: Bearer {OPERATOR_KEY}"
        text = ask(self.port, request("GET", "/metrics", key)).body.decode()
        samples = (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
        return {name: float(value) for name, _, value in samples}

    def refresh(self, body: object = REFRESH) -> Answer:
        return ask(self.port, hook(body))

    def extensions(self) -> int:
        """Return how often Kratos was asked to extend a session."""
        return sum(call.method == "PATCH" for call in self.ory.calls)

    def workers(self) -> set[int]:
        """Return the processes that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def stop(self) -> int:
        """Ask it to end as a platform does, and wait; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def hook(body: object = REFRESH, *headers: str, key: str = HYDRA, target: str = TOKEN) -> bytes:
    """Write a hook as Ory does."""
    data = json.dumps(body).encode()
    length = f"Content-Length: {len(data)}"
    return request("POST", target, key, JSON, length, *headers, body=data)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the whole environment of a service: nothing of this process' own."""
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "HYDRA_HOOK_KEYS": HYDRA_KEY,
        "KRATOS_HOOK_KEYS": KRATOS_KEY,
        "OPERATOR_KEYS": OPERATOR_KEY,
        "POLICY_FILE": str(folder / "policy.yaml"),
        "PORT": str(free_port()),
        **more,
    }


@contextmanager
def running(
    folder: Path,
    server: str,
    ory: FakeOry,
    policy: str,
    *,
    command: Sequence[str] = COMMAND,
    **settings: str,
) -> Iterator[Service]:
    """Serve until the block ends."""
    (folder / "policy.yaml").write_text(f"version: 1\n{policy}")
    with ory.serve() as upstream, (folder / "log").open("wb") as log:
        variables = environment(
            folder,
            SERVER=server,
            KRATOS_ADMIN_URL=upstream.kratos.url,
            HYDRA_ADMIN_URL=upstream.hydra.url,
            KRATOS_PUBLIC_URL=upstream.kratos_public.url,
            CHECK_KEYS=CHECK_KEY,
            ALLOWED_ORIGINS=ORIGIN,
            # Time enough that a busy machine changes no answer.
            HOOK_DEADLINE="2s",
            **settings,
        )
        process = subprocess.Popen(  # noqa: S603  this very service
            command, env=variables, cwd=folder, stdout=log, stderr=log
        )
        service = Service(server, int(variables["PORT"]), folder, process, ory)
        try:
            _wait_until_alive(service)
            yield service
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def slow_down(ory: FakeOry, seconds: float) -> threading.Event:
    """Let every call upstream take its time; return what is set when the first has come."""
    handle = ory.handle
    called = threading.Event()

    def slowly(*call: Any) -> Any:
        called.set()
        time.sleep(seconds)
        return handle(*call)

    ory.handle = slowly  # type: ignore[method-assign]  # for this test's stand-in alone
    return called


def _wait_until_alive(service: Service) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        ended = service.process.poll()
        if ended is not None:
            raise AssertionError(f"exit {ended}: {(service.folder / 'log').read_text()}")
        try:
            seconds_to_answer(service.port)
        except (ConnectionError, EOFError):
            time.sleep(0.01)
        else:
            return
    raise AssertionError("it does not answer")
