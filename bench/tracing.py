"""What traces cost a hook: where they are off, and where every one is recorded and sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from threading import Thread
from typing import Final

from bench import policies, recorded
from bench.figure import Figure, microseconds
from bench.load import Load, put_on
from bench.servers import SERVICE, Server, cpu_seconds, serving
from bench.stand_in import standing_in
from webhook_service.tracing import spans

TURNS: Final = 8
SECONDS: Final = 1.0
CONNECTIONS: Final = 8


class _Sink(BaseHTTPRequestHandler):
    """Takes what is sent to it, and counts it."""

    protocol_version = "HTTP/1.1"
    bytes_taken = 0

    def do_POST(self) -> None:
        """Take a batch of spans."""
        _Sink.bytes_taken += len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _sink() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measure() -> list[Figure]:
    """Measure what a hook pays for spans that are not made, then hooks with and without."""
    with _sink() as sink, standing_in() as (kratos, hydra, *_):
        ory = {"kratos": kratos, "hydra": hydra}
        return [
            Figure("a hook with one call: tracing that is off", microseconds(_off), "µs", most=5),
            *_ratios("no call", policies.TEN_RULES, _traces(sink, "always_on"), ory),
            *_ratios("one call", policies.ONE_CALL, _traces(sink, "always_on"), ory),
            *_ratios("one call, unsampled", policies.ONE_CALL, _traces(sink, "always_off"), ory),
        ]


def _off() -> None:
    """Ask for all that a hook with one call asks for."""
    if spans.is_on():
        raise AssertionError
    with spans.decision("hydra.token", "0123456789ab") as span:
        with spans.operation("kratos.session"):
            spans.is_on()
            spans.send_along({})
        span.tell("webhook_service.verdict", "allow")
        span.tell("webhook_service.reason", None)
        span.tell("webhook_service.rule", None)
    spans.context()
    spans.ids()


def _traces(sink: str, sampler: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": sink, "OTEL_TRACES_SAMPLER": sampler}


def _ratios(what: str, policy: str, traces: dict[str, str], ory: dict[str, str]) -> list[Figure]:
    with (
        serving(SERVICE, policy, settings=traces, **ory) as traced,
        serving(SERVICE, policy, **ory) as bare,
    ):
        servers = (traced, bare)
        for server in servers:
            _turn(server)
        assert "trace_id" in traced.last_record()
        assert "trace_id" not in bare.last_record()
        pairs = []
        for number in range(TURNS):
            order = servers if number % 2 else servers[::-1]
            found = {server: _turn(server) for server in order}
            pairs.append((found[traced], found[bare]))
    assert _Sink.bytes_taken
    return [
        Figure(
            f"hook with {what}: with traces / without, requests a second",
            median(on.rate / off.rate for (on, _), (off, _) in pairs),
        ),
        Figure(
            f"hook with {what}: the same by processor time",
            median(off / on for (_, on), (_, off) in pairs),
        ),
        Figure(
            f"hook with {what}: what traces add, processor time",
            median(on - off for (_, on), (_, off) in pairs) * 1e6,
            "µs",
        ),
    ]


def _turn(server: Server) -> tuple[Load, float]:
    """Put load on a server; return it, and the processor time of a request."""
    begun = cpu_seconds(server.process)
    load = put_on(
        server.port, recorded.request(), status=204, seconds=SECONDS, connections=CONNECTIONS
    )
    return load, (cpu_seconds(server.process) - begun) / load.answers
