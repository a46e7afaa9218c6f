"""The worker's health and metrics: the same routes as the web process has, on a small server.

A platform's probes and a Prometheus ask seldom. So the standard library's server is enough,
with a thread for each connection, few connections, and little time for each: who connects and
says nothing must not keep a probe from its answer.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import TCPServer, ThreadingMixIn
from threading import BoundedSemaphore, Thread, Timer
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask, Response

from webhook_service.web import health, metrics_route
from webhook_service.web.authentication import Keys
from webhook_service.web.bare_app import bare_app
from webhook_service.web.health import Probed
from webhook_service.working import Working

MOST: Final = 32
"""How many connections are served at once; one more is closed."""

SECONDS: Final = 5.0
"""How long a connection lasts at the most, from its first byte to the last of its answer."""


@contextmanager
def serving(working: Working) -> Iterator[None]:
    """Serve while the block runs.

    Raises:
        SystemExit: nothing can listen there.
    """
    port = working.settings.worker_port
    assert port is not None  # noqa: S101  the caller's condition
    try:
        server = _Server(("0.0.0.0", port), _Handler)  # noqa: S104  probes come from outside
    except OSError as error:
        raise SystemExit(
            f"The worker does not start: it cannot listen on port {port}:"
            f" {error.strerror}. Set WORKER_PORT to another, or end what listens there."
        ) from None
    server.set_app(create_app(working))
    thread = Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    working.logger.info("health and metrics", address=f"http://0.0.0.0:{port}")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def create_app(working: Working) -> Flask:
    """Make the app: health, version, and metrics where there is an operator's key."""
    app = bare_app(working.logger)
    parts, watching = working.parts, working.watching
    health.add(app, Probed(parts.upstreams, watching.ready, parts.policies))
    if operator_keys := Keys(working.settings.operator_keys):
        metrics_route.add(app, operator_keys, watching)

    @app.after_request
    def unnamed(response: Response) -> Response:
        # Else the server would say which versions of Python and of itself it is.
        response.headers["Server"] = "webhook-service"
        return response

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401  the base's own
        self._free = BoundedSemaphore(MOST)
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind. The base's would look up this machine's name, which may take its time."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "worker", self.server_address[1]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base's own
        """Serve a connection on a thread, or close it where there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base's own
        """Serve a connection until its time is over."""
        end = Timer(SECONDS, _cut, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base's own
        """Say nothing: a connection that breaks is nobody's business."""


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401  the base's own
        """Say nothing: a line for each probe would be all that is in the log."""


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended
        connection.shutdown(socket.SHUT_RDWR)
