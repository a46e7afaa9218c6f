"""Spans on their way to a collector: never in anybody's way, and quiet about it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from webhook_service import __version__
from webhook_service.records.log import make_logger
from webhook_service.tracing import export, spans
from webhook_service.tracing.export import Exporting, Watched, resource
from webhook_service.tracing.spans import NoTraces
from webhook_service.tracing.wanted import make_traces

OK, AWAY = SpanExportResult.SUCCESS, SpanExportResult.FAILURE


class Collector(HTTPServer):
    """Takes what is sent to it, or answers with another status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.received: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.server.status, "lovelace@example.org")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.01,))
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


class Log:
    def __init__(self) -> None:
        self.out = BytesIO()
        self.logger = make_logger("json", "debug", self.out)

    def lines(self) -> list[tuple[str, str]]:
        lines = map(json.loads, self.out.getvalue().splitlines())
        return [(line["level"], line["message"]) for line in lines]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def exporting(log: Log) -> Iterator[Exporting]:
    exporting = Exporting(log.logger)
    yield exporting
    exporting.end(5)
    spans.turn_off()


def test_what_was_made_is_sent_at_the_end_at_the_latest(
    exporting: Exporting, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collecting() as collector:
        monkeypatch.setenv(
            "OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}"
        )
        exporting.begin()
        with spans.decision("hydra.token", "a-digest"):
            pass
        assert collector.received == []
        exporting.end(5)
        (sent,) = collector.received
    assert b"decide hydra.token" in sent
    assert not spans.is_on()
    assert log.lines() == []


def test_it_begins_once_in_a_process(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked to at every request, where a server does not say when it forked."""
    made = []
    real = Exporting._made
    monkeypatch.setattr(Exporting, "_made", lambda self: made.append(1) or real(self))  # type: ignore[func-returns-value]  # to count
    exporting.begin()
    exporting.begin()
    assert len(made) == 1


def test_a_collector_that_hangs_does_not_hold_up_the_end(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Handler) as silent:  # listens, and never answers
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.server_port}")
        exporting.begin()
        with spans.decision("hydra.token", "a-digest"):
            pass
        begun = time.monotonic()
        exporting.end(0.2)
        assert time.monotonic() - begun < 2


def test_a_collector_that_is_away_is_told_of_once_and_once_when_it_is_back(log: Log) -> None:
    outcomes = iter((OK, AWAY, AWAY, AWAY, OK, OK, AWAY))

    class Sick(SpanExporter):
        def export(self, _spans: object) -> SpanExportResult:
            return next(outcomes)

    watched = Watched(Sick(), log.logger, lambda: "status 503")
    for _ in range(7):
        watched.export(())
    away = ("error", "traces do not arrive at the collector; they are lost until they do")
    assert log.lines() == [away, ("warning", "traces arrive at the collector again"), away]


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_told_by_its_status_and_without_its_words(
    exporting: Exporting,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    with collecting() as collector:
        collector.status = status
        monkeypatch.setenv(
            "OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}"
        )
        exporting.begin()
        for _ in range(3):
            with spans.decision("hydra.token", "a-digest"):
                pass
            provider = exporting._provider
            assert provider is not None
            provider.force_flush()
    lines = log.out.getvalue().splitlines()
    assert [json.loads(line)["why"] for line in lines] == [f"status {status}"]
    assert b"lovelace" not in lines[0]
    assert capfd.readouterr() == ("", "")  # OpenTelemetry has a line of its own for each batch


def test_what_cannot_be_begun_is_said_and_costs_no_answer(
    exporting: Exporting, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise OSError("/secret/path")

    monkeypatch.setattr(export, "OTLPSpanExporter", broken)
    exporting.begin()
    exporting.begin()
    assert not spans.is_on()
    assert log.lines() == [("error", "there will be no traces: an OTEL_ variable cannot be used")]
    assert b"secret" not in log.out.getvalue()
    exporting.end(1)


def test_the_service_is_called_by_its_name_unless_the_environment_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resource().attributes["service.name"] == "webhook-service"
    assert resource().attributes["service.version"] == __version__
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=hooks,deployment.environment=prod")
    assert resource().attributes["service.name"] == "hooks"
    assert resource().attributes["deployment.environment"] == "prod"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ory-hooks")
    assert resource().attributes["service.name"] == "ory-hooks"


def test_nothing_is_begun_where_nobody_asked_for_it(log: Log) -> None:
    assert isinstance(make_traces(log.logger, wanted=False), NoTraces)
    assert isinstance(make_traces(log.logger, wanted=True), Exporting)
