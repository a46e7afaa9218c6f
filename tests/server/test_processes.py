"""Several processes are one service, from its start to its end."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict
from server.running import POLICY, REFRESH, SERVERS, Service, hook, running, slow_down
from server.wire import Answer, ask, request, wire

from webhook_service import sandbox

EVENTS = 'webhook_service_events_total{event="hydra.token",reason="none",verdict="allow"}'
EXTENSIONS = "webhook_service_extensions_total"
TRIES = 20


def at_once(service: Service, body: object) -> list[Answer]:
    """Send one event over twenty connections at the same moment, as Ory's tries never are."""
    together = threading.Barrier(TRIES)

    def send(_: int) -> Answer:
        with wire(service.port) as one:
            together.wait()
            one.send(hook(body))
            return one.answer()

    with ThreadPoolExecutor(TRIES) as callers:
        return list(callers.map(send, range(TRIES)))


def events_by_process(service: Service) -> dict[str, float]:
    """Return how many events each process has decided, from the files that they count in."""
    [folder] = service.runtime_folders()
    counts = {}
    for path in folder.glob("metrics/counter_*.db"):
        samples = MmapedDict.read_all_values_from_file(str(path))
        counts[path.name] = sum(
            value for key, value, *_ in samples if json.loads(key)[1] == EVENTS.partition("{")[0]
        )
    return counts


def test_an_event_that_reaches_both_processes_extends_once(service: Service) -> None:
    """F26, F87; and what the processes have counted adds up."""
    for number in itertools.count():
        assert number < 50, "one process takes every connection"
        before, extensions = events_by_process(service), service.extensions()
        answers = at_once(service, {**REFRESH, "number": number})
        assert {answer.status for answer in answers} == {204}
        assert service.extensions() - extensions == 1
        after = events_by_process(service)
        if sum(after[name] > before.get(name, 0) for name in after) == 2:
            break
    sent = (number + 1) * TRIES
    samples = service.metrics()
    assert samples[EVENTS] == sent == sum(after.values())
    results = {n: v for n, v in samples.items() if n.startswith(EXTENSIONS + "{")}
    assert sum(results.values()) == sent
    assert results[f'{EXTENSIONS}{{result="repeated"}}'] == sent - number - 1


def test_a_refusal_is_counted_by_caller_and_reason(service: Service) -> None:
    name = 'webhook_service_requests_refused_total{caller="hydra",reason="request.unauthorized"}'
    for expected in (1, 2, 3):
        ask(service.port, hook(key="Authorization: Bearer x"))
        assert service.metrics()[name] == expected


@pytest.mark.skipif(sys.platform != "linux", reason="child processes are found in /proc")
def test_a_process_that_is_killed_is_replaced(service: Service) -> None:
    before = service.workers()
    assert len(before) == 2
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + 10
    while len(service.workers() - {victim}) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(service.workers() - before) == 1
    assert {answer.status for answer in at_once(service, {**REFRESH, "killed": True})} == {204}


@pytest.fixture(params=SERVERS)
def brief(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A service for one test, which ends it."""
    with running(tmp_path, request.param, sandbox.stand_in(), POLICY) as one:
        yield one


def test_a_hook_in_progress_is_answered_before_the_service_ends(brief: Service) -> None:
    """SIGTERM, while Kratos takes 300 ms for each call; nothing is left behind."""
    in_progress = slow_down(brief.ory, 0.3)
    assert len(brief.runtime_folders()) == 1
    with wire(brief.port) as one, wire(brief.port) as idle:
        idle.send(request("GET", "/health/alive"))
        assert idle.answer().status == 200
        one.send(hook())
        assert in_progress.wait(5)
        brief.process.send_signal(signal.SIGTERM)
        answer = one.answer()
        assert answer.status == 204
        assert answer.headers["x-session-extended"]
        assert idle.is_closed()
    assert brief.stop() == 0
    assert brief.runtime_folders() == []
    with pytest.raises(ConnectionRefusedError):
        ask(brief.port, request("GET", "/health/alive"))


def test_a_gunicorn_of_the_platforms_own_serves_the_same_app(tmp_path: Path) -> None:
    """Its processes meet in a folder as well: the second try extends nothing."""
    command = [sys.executable, "-m", "gunicorn", "webhook_service.web:app", "--workers", "2"]
    ory = sandbox.stand_in()
    with running(tmp_path, "gunicorn", ory, POLICY, command=command) as service:
        for _ in range(8):
            assert ask(service.port, hook()).status == 204
        assert service.extensions() == 1
        assert service.metrics()[EVENTS] == 8
