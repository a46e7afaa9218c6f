"""gunicorn's threaded worker, with two differences.

It collects a request before it gives it a thread, so that slow callers hold none. And it
refuses what is not HTTP in the service's own shape.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, MutableMapping
from concurrent.futures import Future
from functools import partial
from io import SEEK_END, BytesIO
from selectors import EVENT_READ
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from gunicorn.http import Request, RequestParser
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import (
    ConfigurationProblem,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import TConn, ThreadWorker

from webhook_service.records.metrics import count_refused
from webhook_service.web.body import ARRIVED, ARRIVED_AT
from webhook_service.web.errors import error_body
from webhook_service.web.gunicorn_arrival import HELD_BYTES, HeadTooLongError, has_arrived

ARRIVE_SECONDS: Final = 5.0
"""How long a request may take from its first byte until it can be read."""

SEND_SECONDS: Final = 5.0
"""How long a caller may take to make room for its answer before it is given up."""

REST_SECONDS: Final = 0.01
"""How long a thread waits for the rest of a body that was refused unread."""

_TOO_LONG: Final = ("request.malformed", 400, "too many or too long headers")
_ANSWERS: Final[dict[type[Exception], tuple[str, int, str]]] = {
    LimitRequestLine: ("request.malformed", 400, "the request line is too long"),
    LimitRequestHeaders: _TOO_LONG,
    HeadTooLongError: _TOO_LONG,
    UnsupportedTransferCoding: (
        "request.length_required",
        411,
        "a transfer coding is not taken; send Content-Length",
    ),
    TimeoutError: (
        "request.timeout",
        408,
        f"the request did not arrive whole within {ARRIVE_SECONDS:g} s",
    ),
}
_PHRASES: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    411: "Length Required",
    500: "Internal Server Error",
}


class Worker(ThreadWorker):
    """One process. What is defined here runs in its main thread, unless it says otherwise.

    A connection is in one of three places: among ``keepalived_conns`` while it is silent,
    among ``pending_conns`` while a request arrives on it and while it is left, in a thread
    while it is answered. gunicorn ends those of the first two when their time is over.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  gunicorn's
        super().__init__(*args, **kwargs)
        self._here = threading.local()
        # When the request of a connection was given to the threads.
        self._arrived: WeakKeyDictionary[TConn, float] = WeakKeyDictionary()

    def load_wsgi(self) -> None:
        """Load the app; tell it of each request how much of the body is here already."""
        super().load_wsgi()
        app, here = self.wsgi, self._here

        def informed(environ: MutableMapping[str, Any], start_response: Any) -> Any:  # noqa: ANN401  WSGI's
            environ[ARRIVED] = here.held
            environ[ARRIVED_AT] = here.since
            return app(environ, start_response)

        self.wsgi = informed

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection a thread if a request has arrived, else wait for more of it."""
        if self.cfg.is_ssl:  # not set up by this service; what comes is not HTTP yet
            super().enqueue_req(conn)
            return
        if not conn.initialized:
            conn.init()
        conn.sock.settimeout(0)
        try:
            if _collect(conn):
                self._arrived[conn] = time.monotonic()
                super().enqueue_req(conn)
            elif _held(conn):
                self._wait(conn, self.on_pending_socket_readable)
            else:
                conn.set_timeout()
                self.keepalived_conns.append(conn)
                self._watch(conn, self.on_client_socket_readable)
        except HeadTooLongError as error:
            self._refuse(conn, error)
            self._leave(conn)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Take more of a request. Its time goes on running."""
        try:
            if _collect(conn):
                super().on_pending_socket_readable(conn, client)
        except HeadTooLongError as error:
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._refuse(conn, error)
            self._leave(conn)

    def murder_pending(self) -> None:
        """Tell who has sent half a request before its connection is closed."""
        now = time.monotonic()
        for conn in self.pending_conns:
            if conn.timeout is None or conn.timeout > now:
                break
            if _held(conn):
                self._refuse(conn, TimeoutError())
        super().murder_pending()

    def finish_request(self, conn: TConn, fs: Future[bool]) -> None:
        """Keep a connection, or leave it; gunicorn's own way to leave holds up all others."""
        kept = not fs.cancelled() and fs.exception() is None and fs.result()
        if kept or self.cfg.is_ssl:
            super().finish_request(conn, fs)
        else:
            self._leave(conn)

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Answer a request, and give up a caller that does not read. Runs in a thread."""
        self._here.held = _held(conn)
        self._here.since = self._arrived.pop(conn, None)
        # To sendall() it is the time for all of an answer.
        conn.sock.settimeout(SEND_SECONDS)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:  # noqa: FBT001  gunicorn's signature
        """Say whether a connection can go on. Runs in a thread.

        It cannot where the body of a refused request is still to come, or is garbage: what
        gunicorn answers to garbage would be taken for the answer to the next request.
        """
        if not keepalive:
            return False
        parser = _parser(conn)
        body = parser.mesg.body if parser.mesg else None
        if body and isinstance(body.reader, LengthReader) and not body.reader.length:
            # It was asked for to its end; ``read_body`` marks one that ended before.
            # finish_body() would look at the clock first, which in a busy process is late.
            return not getattr(body, "failed", False)  # the type stubs do not know it
        drain: Callable[..., Any] = parser.finish_body
        try:
            return bool(drain(deadline=time.monotonic() + REST_SECONDS))
        except (OSError, ParseException):
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ANN401, ARG002  gunicorn's signature
        """Refuse a request that could not be read, or that failed beyond the app."""
        reason, status, message = _answer(exc)
        log = self.log.warning if status < 500 else self.log.error  # noqa: PLR2004  server errors
        log("request refused before the app: %s (%s)", reason, type(exc).__name__)
        count_refused("other", reason)
        body = error_body(reason, status, message)
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + body)

    def _refuse(self, conn: TConn, error: Exception) -> None:
        self.handle_error(None, conn.sock, conn.client, error)

    def _leave(self, conn: TConn) -> None:
        """End a connection after its last answer.

        If it were closed while the caller still sends, it would be reset, and the answer
        be lost with it. So it goes on reading until the caller closes as well.
        """
        _buffer(conn).truncate(0)
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
        else:
            self._wait(conn, self._pass_over)

    def _pass_over(self, conn: TConn, client: socket.socket) -> None:
        try:
            passed = client.recv(HELD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            passed = b""
        if not passed:
            self._forget(conn)

    def _wait(self, conn: TConn, then: Callable[[TConn, socket.socket], None]) -> None:
        conn.timeout = time.monotonic() + ARRIVE_SECONDS
        self.pending_conns.append(conn)
        self._watch(conn, then)

    def _watch(self, conn: TConn, then: Callable[[TConn, socket.socket], None]) -> None:
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _forget(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()


def _collect(conn: TConn) -> bool:
    """Take what has come; ``True`` if a thread can go on from there.

    Raises:
        HeadTooLongError: what has come can be no request.
    """
    buffer = _buffer(conn)
    while True:
        if _held(conn) and has_arrived(buffer.getvalue()):
            return True
        try:
            piece = conn.sock.recv(HELD_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            piece = b""
        if not piece:
            # The caller has gone. The thread will find the same, and close.
            return True
        buffer.write(piece)


def _held(conn: TConn) -> int:
    """Return how many bytes are collected, and leave the buffer at its end."""
    return _buffer(conn).seek(0, SEEK_END)


def _buffer(conn: TConn) -> BytesIO:
    return _parser(conn).unreader.buf


def _parser(conn: TConn) -> RequestParser:
    # The others are for protocols that are not configured.
    return cast("RequestParser", conn.parser)


def _answer(error: BaseException) -> tuple[str, int, str]:
    for kind, answer in _ANSWERS.items():
        if isinstance(error, kind):
            return answer
    if isinstance(error, ParseException) and not isinstance(error, ConfigurationProblem):
        return "request.malformed", 400, "the request is not HTTP/1.1 as it should be"
    return "service.error", 500, "the service failed; its log tells where"
