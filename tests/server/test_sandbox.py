"""The sandbox ends as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from server.running import free_port


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("unread", [False, True], ids=["told to stop", "nobody reads it"])
def test_the_service_does_not_outlive_the_sandbox(tmp_path: Path, *, unread: bool) -> None:
    command = [sys.executable, "-m", "webhook_service", "sandbox", "--port", str(free_port())]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    sandbox = subprocess.Popen(  # noqa: S603  this very program
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert sandbox.stdout is not None
    if unread:
        # The service has said all that it says by itself; what is printed next is lost.
        while b"serving" not in sandbox.stdout.readline():
            pass
        service = _first_child(sandbox.pid)
        sandbox.stdout.close()
    else:
        while b"Decisions" not in sandbox.stdout.readline():
            pass
        service = _first_child(sandbox.pid)
        sandbox.send_signal(signal.SIGTERM)
    sandbox.wait(20)
    if not unread:
        sandbox.stdout.close()
    until = time.monotonic() + 10
    while Path(f"/proc/{service}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{service}").exists()


def _first_child(pid: int) -> int:
    while not (found := children(pid)):
        time.sleep(0.02)
    return found[0]
