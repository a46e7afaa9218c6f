"""The worker's health and metrics: the routes of the web process, and no others."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import MemoryStore, effect
from unit.workbench import NOW, OPERATOR_KEY, Clock

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.watching import Watching
from webhook_service.parts import make_parts
from webhook_service.policy.loader import load
from webhook_service.settings import Settings
from webhook_service.web import worker_server
from webhook_service.web.worker_server import MOST, SECONDS, serving
from webhook_service.working import Working

KEY = {"Authorization": f"Bearer {OPERATOR_KEY}"}


class Worker:
    """A worker's port, and the store behind it."""

    def __init__(self, **settings: Any) -> None:
        self.log = Log()
        self.store = MemoryStore(Clock())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        chosen = Settings(
            worker_port=self.port,
            **{"operator_keys": (OPERATOR_KEY.encode(),), **settings},
        )
        parts = make_parts(chosen, load(b"version: 1\n"), self.log.logger)
        watching = Watching(self.store, self.log.logger)
        self.working = Working(chosen, parts, watching, self.log.logger)

    def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET"
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as one:
            one.request(method, path, headers=headers or {})
            answer = one.getresponse()
            return answer.status, dict(answer.headers), answer.read()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    with serving(worker.working):
        yield worker


def test_it_is_alive_and_ready_and_says_its_version(worker: Worker) -> None:
    assert worker.get("/health/alive")[0] == 200
    status, _, body = worker.get("/health/ready")
    assert status == 200
    told = json.loads(body)
    assert told["database"] == "ok"
    assert told["policy"]["digest"] == worker.working.parts.policies.current.digest
    assert json.loads(worker.get("/version")[2]).keys() == {"version"}


def test_it_is_alive_and_not_ready_where_its_database_takes_nothing(worker: Worker) -> None:
    def broken(_: str) -> None:
        raise StoreUnavailableError("read-only")

    worker.store.before = broken
    assert worker.get("/health/alive")[0] == 200
    status, _, body = worker.get("/health/ready")
    assert status == 503
    assert json.loads(body)["errors"] == {"database": "service.store_unavailable"}


def test_its_metrics_are_for_who_has_an_operators_key(worker: Worker) -> None:
    worker.store.accept([effect("one", NOW + timedelta(hours=1))])
    status, _, body = worker.get("/metrics", KEY)
    assert status == 200
    assert b'webhook_service_effects{kind="end_all_sessions",state="pending"} 1.0' in body
    assert worker.get("/metrics")[0] == 401
    assert worker.get("/metrics", {"Authorization": "Bearer " + "x" * 40})[0] == 401


def test_without_a_key_there_are_no_metrics() -> None:
    worker = Worker(operator_keys=())
    with serving(worker.working):
        assert worker.get("/metrics", KEY)[0] == 404
        assert worker.get("/health/alive")[0] == 200


@pytest.mark.parametrize("path", ["/", "/hooks/hydra/token", "/check", "/x" * 99])
def test_nothing_else_is_there(worker: Worker, path: str) -> None:
    assert worker.get(path)[0] == 404


def test_nothing_can_be_sent_to_it(worker: Worker) -> None:
    assert worker.get("/health/alive", method="POST")[0] == 405


def test_it_does_not_say_what_it_is_made_of(worker: Worker) -> None:
    assert worker.get("/health/alive")[1]["Server"] == "webhook-service"


def test_who_connects_and_says_nothing_keeps_no_probe_from_its_answer(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_server, "SECONDS", 0.2)
    silent = [socket.create_connection(("127.0.0.1", worker.port)) for _ in range(MOST)]
    for one in silent:
        one.settimeout(10)
        one.sendall(b"GET /health/alive HTTP/1.1\r\nX-Slow: ")
    for one in silent:
        assert one.recv(1) == b""  # cut: no answer
        one.close()
    assert worker.get("/health/alive")[0] == 200


def test_one_more_than_can_be_served_is_closed_at_once(worker: Worker) -> None:
    with ExitStack() as held:
        for _ in range(MOST):
            held.enter_context(socket.create_connection(("127.0.0.1", worker.port)))
        one = held.enter_context(socket.create_connection(("127.0.0.1", worker.port)))
        one.settimeout(SECONDS / 2)
        assert one.recv(1) == b""


def test_no_request_is_in_the_log_and_nothing_on_the_terminal(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    before = len(worker.log.lines())
    worker.get("/health/alive")
    with socket.create_connection(("127.0.0.1", worker.port)) as one:
        one.sendall(b"nonsense\r\n\r\n")
        one.settimeout(10)
        one.recv(100)
    assert len(worker.log.lines()) == before
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_said_in_one_line(worker: Worker) -> None:
    other = Worker()
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", other.port))  # noqa: S104  as the worker itself
        taken.listen()
        with pytest.raises(SystemExit, match="WORKER_PORT"), serving(other.working):
            pass


def test_the_port_is_free_again_afterwards() -> None:
    worker = Worker()
    for _ in range(2):
        with serving(worker.working):
            assert worker.get("/health/alive")[0] == 200
