"""Decisions in the database, with the real server."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from server.running import REFRESH, SERVERS, Service, hook, running
from server.wire import ask

from webhook_service import sandbox
from webhook_service.opening import open_records
from webhook_service.records.store import SqlRecords

POLICY = """
deny:
  - name: retired
    when: client.id == "retired"
"""
"""Nothing that needs the database, but for the records."""

SECONDS = 15


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'webhook-service.db'}"


def records(service: Service) -> SqlRecords:
    return open_records(url(service.folder))


def until_kept(service: Service, count: int) -> None:
    end = time.monotonic() + SECONDS
    while records(service).count() < count:
        assert time.monotonic() < end, (service.folder / "log").read_text()
        time.sleep(0.05)


def test_what_all_processes_decided_is_kept_when_they_have_ended(
    server: str, tmp_path: Path
) -> None:
    with running(tmp_path, server, sandbox.stand_in(), POLICY) as service:
        with ThreadPoolExecutor(8) as pool:
            bodies = [{**REFRESH, "number": number} for number in range(40)]
            assert {answer.status for answer in pool.map(service.refresh, bodies)} == {204}
        service.stop()
    kept = open_records(url(tmp_path)).following(after=0)
    logged = [line for line in service.lines() if line["message"] == "decision"]
    assert sorted(one.line["key"] for one in kept) == sorted(line["key"] for line in logged)
    assert len(kept) == 40


def test_a_database_that_others_hold_makes_no_hook_wait_and_loses_nothing(
    server: str, tmp_path: Path
) -> None:
    with running(tmp_path, server, sandbox.stand_in(), POLICY) as service:
        service.refresh()
        until_kept(service, 1)
        holder = sqlite3.connect(tmp_path / "webhook-service.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        for number in range(20):
            answer = ask(service.port, hook({**REFRESH, "number": number}))
            assert answer.status == 204
        assert time.monotonic() - begun < 5
        holder.execute("ROLLBACK")
        holder.close()
        until_kept(service, 21)
        metrics = service.metrics()
    assert metrics['webhook_service_records_total{outcome="kept"}'] == 21
    assert metrics['webhook_service_records_total{outcome="lost"}'] == 0


def test_tail_shows_what_is_decided_and_ends_quietly_on_an_interrupt(tmp_path: Path) -> None:
    with running(tmp_path, "gunicorn", sandbox.stand_in(), POLICY) as service:
        service.refresh()
        until_kept(service, 1)
        command = [sys.executable, "-m", "webhook_service", "tail", "--json"]
        follower = subprocess.Popen(  # noqa: S603  this very service
            command,
            env={"DATABASE_URL": url(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert follower.stdout is not None
        first = follower.stdout.readline()
        service.refresh({**REFRESH, "number": 2})
        second = follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        rest, said = follower.communicate(timeout=SECONDS)
    assert first != second
    assert b'"message":"decision"' in first
    assert b'"message":"decision"' in second
    assert (rest, said, follower.returncode) == (b"", b"", 0)
