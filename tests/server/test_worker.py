"""The worker as a process of its own, with a port for its health and metrics."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from server.running import KRATOS, WORKER, Service, environment, free_port, hook, running
from server.wire import ask, request
from unit.workbench import Recorded

from webhook_service import sandbox

POLICY = """
revoke:
  - name: a new password
    events: [kratos.settings]
    revoke: [all_sessions]
"""
SECONDS = 15
ENDED = 'webhook_service_effects_ended_total{kind="end_all_sessions",outcome="done"}'


@dataclass
class Both:
    """A web process and a worker on one database."""

    web: Service
    worker: Service


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    folders = [tmp_path / "web", tmp_path / "worker"]
    for folder in folders:
        folder.mkdir()
    ory, port = sandbox.stand_in(), str(free_port())
    ports = {"PORT": port, "WORKER_PORT": port}
    shared = {
        "EFFECTS_WORKER": "worker",
        "DATABASE_URL": f"sqlite:///{folders[0]}/shared.db",
    }
    with (
        running(folders[0], "gunicorn", ory, POLICY, **shared) as web,
        running(folders[1], "gunicorn", ory, POLICY, command=WORKER, **ports, **shared) as worker,
    ):
        yield Both(web, worker)


def test_what_a_worker_does_is_seen_in_its_metrics(both: Both) -> None:
    body: dict[str, Any] = Recorded().body("kratos.settings-password.api")
    change = hook(body, key=KRATOS, target="/hooks/kratos/settings/password")
    assert both.worker.metrics().get(ENDED) is None
    assert ask(both.web.port, change).status == 204
    until = time.monotonic() + SECONDS
    while both.worker.metrics().get(ENDED) != 1:
        assert time.monotonic() < until, "the effect was not counted"
        time.sleep(0.05)
    metrics = both.worker.metrics()
    assert metrics["webhook_service_store_up"] == 1
    assert metrics['webhook_service_effect_late_seconds_count{kind="end_all_sessions"}'] == 1
    assert both.web.metrics().get(ENDED) is None


def test_probes_are_answered_until_the_end(both: Both) -> None:
    port = both.worker.port
    assert ask(port, request("GET", "/health/alive")).status == 200
    ready = ask(port, request("GET", "/health/ready"))
    assert ready.status == 200
    assert ready.json["upstreams"]["kratos"] == "ok"
    assert ask(port, request("GET", "/version")).status == 200
    assert ask(port, request("GET", "/metrics")).status == 401
    assert both.worker.stop() == 0
    assert both.worker.runtime_folders() == []


def test_a_reload_is_seen_in_its_readiness(both: Both) -> None:
    before = ask(both.worker.port, request("GET", "/health/ready")).json["policy"]["digest"]
    policy = both.worker.folder / "policy.yaml"
    policy.write_text(policy.read_text() + "deny: [{name: nobody, when: 'client.id == \"x\"'}]\n")
    both.worker.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + SECONDS
    while ask(both.worker.port, request("GET", "/health/ready")).json["policy"]["digest"] == before:
        assert time.monotonic() < until, "the policy is still the same"
        time.sleep(0.1)


def test_a_port_that_is_taken_is_no_start(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104  as the worker itself
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(  # noqa: S603  this very service
            WORKER,
            env=environment(tmp_path, WORKER_PORT=str(port)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS * 2,
            check=False,
        )
    assert ended.returncode == 1
    assert f"cannot listen on port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.glob("webhook-service-*")) == []
