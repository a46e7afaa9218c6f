"""A platform that starts gunicorn itself gets the same service as from ``serve``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from server.running import START_SECONDS, STOP_SECONDS, environment, hook
from server.wire import ask, request
from unit.workbench import OPERATOR_KEY

COMMAND = [
    *(sys.executable, "-m", "gunicorn"),
    *("-c", "python:webhook_service.web.gunicorn_conf", "webhook_service.web:app"),
]


@dataclass
class Platform:
    """One start of gunicorn."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def rules(self) -> int | None:
        """Return how many rules are in force, or nothing while the port is closed."""
        try:
            answer = ask(self.port, request("GET", "/health/ready"))
        except OSError:
            return None
        told: dict[str, Any] = answer.json
        count: int = told["policy"]["rules"]
        return count

    def workers(self) -> list[int]:
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text()
        return [int(child) for child in children.split()]

    def reload(self, policy: str) -> None:
        (self.folder / "policy.yaml").write_text(policy)
        self.process.send_signal(signal.SIGHUP)


@contextmanager
def started(folder: Path, temporary: Path, policy: str) -> Iterator[Platform]:
    """Start gunicorn with a policy, and end it with the block."""
    (folder / "policy.yaml").write_text(policy)
    variables = environment(folder, TMPDIR=str(temporary))
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  this very service
            COMMAND, env=variables, cwd=folder, stdout=log, stderr=log
        )
    platform = Platform(folder, int(variables["PORT"]), process)
    try:
        wait_until(lambda: platform.rules() is not None)
        yield platform
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def rules(count: int) -> str:
    names = "".join(f"  - name: rule {n}\n    events: [hydra.token]\n" for n in range(count))
    return f"version: 1\n{'deny:' if count else ''}\n{names}"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def test_a_start_begins_with_its_file_and_not_with_what_an_earlier_one_reloaded(
    tmp_path: Path, temporary: Path
) -> None:
    with started(tmp_path, temporary, rules(0)) as first:
        first.reload(rules(1))
        wait_until(lambda: first.rules() == 1)
    with started(tmp_path, temporary, rules(2)) as second:
        assert {second.rules() for _ in range(20)} == {2}
    assert list(temporary.iterdir()) == []


def test_a_neighbour_with_the_same_parent_keeps_its_own_policy(
    tmp_path: Path, temporary: Path
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    with (
        started(ours, temporary, rules(0)) as one,
        started(theirs, temporary, rules(3)) as other,
    ):
        one.reload(rules(1))
        wait_until(lambda: one.rules() == 1)
        one.reload(rules(2))
        wait_until(lambda: one.rules() == 2)
        assert {other.rules() for _ in range(20)} == {3}


def test_what_its_processes_count_adds_up(tmp_path: Path, temporary: Path) -> None:
    with started(tmp_path, temporary, rules(0)) as platform:
        for _ in range(20):
            assert ask(platform.port, hook()).status == 204
        key = f"Authorization: Bearer {OPERATOR_KEY}"
        text = ask(platform.port, request("GET", "/metrics", key)).body.decode()
    (sample,) = [line for line in text.splitlines() if line.startswith("webhook_service_events_t")]
    assert sample.endswith(" 20.0")


def test_a_hangup_that_reaches_the_workers_ends_none(tmp_path: Path, temporary: Path) -> None:
    """``pkill -HUP`` and a terminal that closes send it to every process."""
    with started(tmp_path, temporary, rules(0)) as platform:
        wait_until(lambda: len(platform.workers()) == 2)
        assert {ask(platform.port, hook()).status for _ in range(20)} == {204}
        workers = platform.workers()
        for worker in workers:
            os.kill(worker, signal.SIGHUP)
        platform.reload(rules(1))
        wait_until(lambda: platform.rules() == 1)
        assert platform.workers() == workers
