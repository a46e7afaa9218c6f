"""What the worker knows about a connection after an answer. Its rest is in ``tests/server``."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import RequestParser

from webhook_service.web import gunicorn_worker
from webhook_service.web.gunicorn_worker import Worker

LENGTH = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def can_go_on(data: bytes, *, read: int) -> bool:
    """Read some of the body of a request; say whether its connection is kept."""
    ours, callers = socket.socketpair()
    with ours, callers:
        callers.sendall(data)
        parser = RequestParser(Config(), ours, ("127.0.0.1", 1))
        message: Any = next(parser)
        message.body.read(read)
        conn: Any = SimpleNamespace(parser=parser)
        return Worker._keepalive_after(None, conn, keepalive=True)  # type: ignore[arg-type]  # no need of one


def test_a_body_that_was_read_leaves_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """However late a busy process looks at the clock."""
    monkeypatch.setattr(gunicorn_worker, "REST_SECONDS", -1.0)
    assert can_go_on(LENGTH + b"body", read=4)
    assert not can_go_on(LENGTH + b"body", read=0)


def test_a_body_that_is_there_is_passed_over() -> None:
    assert can_go_on(LENGTH + b"body", read=0)
    assert can_go_on(CHUNKED + b"4\r\nbody\r\n0\r\n\r\n", read=0)


def test_garbage_ends_the_connection() -> None:
    assert not can_go_on(CHUNKED + b"zz\r\n", read=0)
    assert not can_go_on(CHUNKED + b"4\r\nbo", read=0)
