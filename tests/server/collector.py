"""A collector of traces on this machine: takes OTLP over HTTP, and shows what came."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

SECONDS = 15


@dataclass(frozen=True)
class Came:
    """One span, as it came. ``by`` is the service that made it; ids are in hexadecimal."""

    by: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    told: dict[str, Any]


class Collector(ThreadingHTTPServer):
    """Listens on 127.0.0.1, at a port of its own."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Came] = []
        self.raw: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def wait_for(self, name: str, count: int = 1, **told: Any) -> list[Came]:
        """Return so many spans of a name, with these attributes, as soon as they came."""
        until = time.monotonic() + SECONDS
        while True:
            found = [
                one
                for one in list(self.spans)
                if one.name == name and told.items() <= one.told.items()
            ]
            if len(found) >= count:
                return found
            names = sorted((one.by, one.name) for one in self.spans)
            assert time.monotonic() < until, f"{name} did not come, but {names}"
            time.sleep(0.05)

    def of_trace(self, trace: str) -> list[Came]:
        return [one for one in list(self.spans) if one.trace == trace]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen until the block ends."""
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Collector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.raw.append(body)
        if self.path == "/v1/traces":
            self.server.spans += _read(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _read(body: bytes) -> Iterator[Came]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        by = {one.key: _value(one.value) for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Came(
                    by=by.get("service.name", ""),
                    name=span.name,
                    kind=span.kind,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple(link.trace_id.hex() for link in span.links),
                    told={one.key: _value(one.value) for one in span.attributes},
                )


def _value(value: AnyValue) -> Any:
    which = value.WhichOneof("value")
    return getattr(value, which) if which else None
