"""The stand-in on real sockets, on 127.0.0.1 only."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webhook_service.ory.fake.answers import Answer
from webhook_service.ory.fake.faults import Fault

Handle = Callable[[str, str, bytes, Mapping[str, str]], Answer]
"""Answers a request: its method, target, body and headers."""

NextFault = Callable[[str, str], Fault | None]
"""What is to go wrong with a request of this method and target, if anything."""


class Listener(ThreadingHTTPServer):
    """One upstream's port. ``accepted`` counts the connections it took."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, handle: Handle, next_fault: NextFault) -> None:
        self.handle_call = handle
        self.next_fault = next_fault
        self.stopped = threading.Event()
        self.accepted = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take the next connection."""
        connection, address = super().get_request()
        with self._lock:
            self.accepted += 1
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  socketserver's own signature
        """Let a connection go."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the same
        """Pass over a caller that hung up: it is what the tests with faults are about."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def drop_connections(self) -> None:
        """End every kept connection, as a restart would."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for headers and body

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.next_fault(self.command, self.path)
        if fault is not None:
            self.close_connection = True
            fault(self.connection, self.server.stopped)
            return
        status, headers, content = self.server.handle_call(
            self.command, self.path, body, dict(self.headers)
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PATCH = do_DELETE = do_POST = do_PUT = _answer  # noqa: N815  http.server's own names

    def log_message(self, *_: object) -> None:
        """Keep quiet: the call log is ``FakeOry.calls``."""


@contextmanager
def listening(port: int, handle: Handle, next_fault: NextFault) -> Iterator[Listener]:
    """Serve until the block ends, from a thread of its own."""
    with Listener(port, handle, next_fault) as listener:
        thread = threading.Thread(
            target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield listener
        finally:
            listener.stopped.set()
            listener.shutdown()
            thread.join()
            listener.drop_connections()
