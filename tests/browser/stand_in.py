"""A server of which a test sets the answer and reads what it was asked.

It stands on either side of a gateway: as the ``/check`` that the gateway asks, and as the
application that it protects. Header names and repetitions are kept as they came over the
wire: whether a gateway overwrites a header or adds another is what the tests look at.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, TypeAlias

from ory.configuration import url

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came in."""

    method: str
    target: str
    """Path and query, not decoded."""
    headers: Headers
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return every value of a header, in the order in which they came."""
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """Return the value of a header that must not be there twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def header_names(self) -> set[str]:
        """The names of all headers, in lower case."""
        return {name.lower() for name, _ in self.headers}


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""


NOTHING: Final = Answer(204)


class StandIn:
    """Answers every request on a port of 127.0.0.1 with ``answer``, and keeps them in ``asked``.

    What is in ``first_answers`` is given before that, each once.
    """

    def __init__(self, port: int, answer: Answer = NOTHING) -> None:
        self.port = port
        self.answer = answer
        self.first_answers: list[Answer] = []
        self.connections = 0
        self._asked: list[Asked] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return url(self.port)

    @property
    def asked(self) -> list[Asked]:
        """All requests so far, oldest first."""
        with self._lock:
            return list(self._asked)

    def take(self, request: Asked) -> Answer:
        """Keep a request and say what to answer."""
        with self._lock:
            self._asked.append(request)
            return self.first_answers.pop(0) if self.first_answers else self.answer

    def close(self) -> None:
        """Stop listening, and close the connections that are kept open."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def kept(self, connection: socket.socket) -> Iterator[None]:
        """Count a connection, and know it while the block runs."""
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)


class _Server(ThreadingHTTPServer):
    # Who asks may go away without reading on: that is no error of the stand-in's.
    daemon_threads = True

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(owner: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # Connections are kept, as the service keeps them: how a gateway uses them is a part
        # of what is tested.
        protocol_version = "HTTP/1.1"
        timeout = 5

        def handle(self) -> None:
            with owner.kept(self.connection):
                super().handle()

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            # Not self.path: the base class tidies that up.
            target = self.requestline.split(" ")[1]
            request = Asked(self.command, target, tuple(self.headers.items()), body)
            answer = owner.take(request)
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = reply  # noqa: N815  the base's names

        def log_message(self, *args: object) -> None:
            """Say nothing: the standard handler writes each request to stderr."""

    return Handler
