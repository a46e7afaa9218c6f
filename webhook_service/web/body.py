"""Reads the body of a request: bounded in bytes and in time, and labelled as what it must be."""

from __future__ import annotations

import contextlib
import heapq
import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any, Final
from urllib.parse import parse_qsl

from webhook_service.web.errors import RefusedError

MAX_BODY: Final = 1024 * 1024
"""1 MiB. The largest recorded body has 12 KB."""

MAX_FORM: Final = 4096
MAX_FIELDS: Final = 16
"""A form of ours has two fields, of a hundred bytes together."""

READ_SECONDS: Final = 4.0
"""How long a body may take to arrive; Ory sends it with the headers."""

WATCH_SECONDS: Final = 0.25
"""How often the reads are looked at, at the most."""

ARRIVED: Final = "webhook_service.arrived"
"""In a request's environment: how many bytes of its body are here already."""

ARRIVED_AT: Final = "webhook_service.arrived_at"
"""In a request's environment: when it could be read, on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of body: how it is labelled, the words for it, and how large one may be."""

    label: re.Pattern[str]
    accepted: str
    limit: int


_JSON: Final = _Kind(
    re.compile(r"application/json\s*(?:;\s*charset\s*=\s*\"?utf-8\"?\s*)?", re.IGNORECASE),
    "application/json, in UTF-8",
    MAX_BODY,
)
_FORM: Final = _Kind(
    re.compile(r"application/x-www-form-urlencoded\s*(?:;.*)?", re.IGNORECASE),
    "application/x-www-form-urlencoded",
    MAX_FORM,
)
_WHATEVER: Final = _Kind(re.compile(".*", re.DOTALL), "any", 1024)
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


def read_body(environ: Mapping[str, Any]) -> bytes:
    """Read the JSON body of a request.

    Raises:
        RefusedError: its length is unknown or too large, it is not labelled JSON, it is
            compressed, or it does not arrive whole and in time.
    """
    return _read(environ, _JSON)


def read_form(environ: Mapping[str, Any], limit: int = MAX_FORM) -> Mapping[str, str]:
    """Read the form that a page of ours sent: the last value of each field that is filled in.

    ``limit`` is how many bytes it may have, as they are sent.

    Raises:
        RefusedError: as above, and where it is no form.
    """
    try:
        body = _read(environ, replace(_FORM, limit=limit))
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=MAX_FIELDS)
    except ValueError:
        raise RefusedError("request.malformed", "the form cannot be read") from None
    return dict(pairs)


def drop_body(environ: Mapping[str, Any]) -> None:
    """Read the body of a request that needs none: what is left unread would be the next one.

    Raises:
        RefusedError: it is not small, or does not arrive whole and in time.
    """
    _read(environ, _WHATEVER)


def _read(environ: Mapping[str, Any], kind: _Kind) -> bytes:
    length = _check_headers(environ, kind)
    if length == 0:
        return b""
    stream: IO[bytes] = environ["wsgi.input"]
    connection = environ.get("gunicorn.socket")
    if connection is None or length <= environ.get(ARRIVED, 0):
        body = stream.read(length)
    else:
        body = _read_in_time(stream, length, connection)
    if len(body) != length:
        if connection is not None:
            # What else may come is not the next request. granian closes by itself.
            environ["wsgi.input"].failed = True
            _stop_reading(connection)
        raise RefusedError("request.timeout", "the body did not arrive whole and in time")
    return body


def _read_in_time(stream: IO[bytes], length: int, connection: socket.socket) -> bytes:
    """Read a body that may drip in; what came of it where it takes too long."""
    with _read_deadlines.limit(connection):
        try:
            return stream.read(length)
        except OSError:
            return b""


def _check_headers(environ: Mapping[str, Any], kind: _Kind) -> int:
    """Return the announced length of a body that may be read."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        raise RefusedError(
            "request.length_required", "a chunked body is not taken; send Content-Length"
        )
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise RefusedError("request.unsupported_encoding", "a compressed body is not taken")
    if not kind.label.fullmatch(environ.get("CONTENT_TYPE", "").strip()):
        raise RefusedError("request.unsupported_type", f"accepted: Content-Type: {kind.accepted}")
    announced = environ.get("CONTENT_LENGTH", "").strip()
    if not announced:
        # Neither a length nor a coding: there is no body (RFC 9112, section 6.3).
        return 0
    if not _DIGITS.fullmatch(announced):
        raise RefusedError("request.malformed", "Content-Length is not a number")
    length = int(announced)
    if length > kind.limit:
        raise RefusedError("request.too_large", f"the body may have {kind.limit} bytes")
    return length


def _stop_reading(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


class _ReadDeadlines:
    """Ends reads that take too long. One thread a process watches them all.

    A socket's own timeout starts anew with every byte that drips in; a shutdown from
    outside ends the read for good.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, int, socket.socket]] = []
        self._done: set[int] = set()
        self._queued: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._count = 0
        self._process = 0

    @contextlib.contextmanager
    def limit(self, connection: socket.socket) -> Iterator[None]:
        """End a read of the connection that is still going on after ``READ_SECONDS``."""
        number = self._add(connection)
        try:
            yield
        finally:
            with self._lock:
                if number in self._queued:
                    self._done.add(number)

    def _add(self, connection: socket.socket) -> int:
        with self._lock:
            if self._process != os.getpid():
                # Threads do not survive a fork: each process starts its own.
                self._process = os.getpid()
                self._due, self._done, self._queued = [], set(), set()
                threading.Thread(target=self._watch, name="read deadlines", daemon=True).start()
            self._count += 1
            self._queued.add(self._count)
            heapq.heappush(self._due, (time.monotonic() + READ_SECONDS, self._count, connection))
            if len(self._due) == 1:
                self._wake.notify()
            return self._count

    def _watch(self) -> None:
        with self._lock:
            while True:
                if not self._due:
                    self._wake.wait()
                    continue
                due, number, connection = self._due[0]
                if number in self._done:
                    self._done.discard(number)
                    self._queued.discard(number)
                    heapq.heappop(self._due)
                elif due <= time.monotonic():
                    self._queued.discard(number)
                    heapq.heappop(self._due)
                    _stop_reading(connection)
                else:
                    # Not for each by itself: under load that would be a wake-up a request.
                    self._wake.wait(max(due - time.monotonic(), WATCH_SECONDS))


_read_deadlines = _ReadDeadlines()
"""For the process, like its threads."""
