"""What a broken upstream does to a connection on which a request has arrived.

A fault writes what it wants and returns; the connection is closed after it. ``stopped`` is
set when the stand-in ends, so that a fault that waits does not outlive it.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Fault: TypeAlias = Callable[[socket.socket, threading.Event], None]

_JSON: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def hang(_: socket.socket, stopped: threading.Event) -> None:
    """Say nothing, ever."""
    stopped.wait()


def hang_up(_: socket.socket, __: threading.Event) -> None:
    """Close the connection instead of answering: what a kept connection does when it dies."""


def reset(connection: socket.socket, _: threading.Event) -> None:
    """Reset the connection in the middle of the body."""
    connection.sendall(_JSON + b'Content-Length: 1000\r\n\r\n{"id":')
    # Closing with no time to linger sends a reset in place of an orderly end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())


def cut_off(connection: socket.socket, _: threading.Event) -> None:
    """End the connection in the middle of the body."""
    connection.sendall(_JSON + b'Content-Length: 1000\r\n\r\n{"id":')


def drip_headers(connection: socket.socket, stopped: threading.Event) -> None:
    """Send the headers a byte at a time, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    _drip(connection, stopped)


def drip_body(connection: socket.socket, stopped: threading.Event) -> None:
    """Send the body a byte at a time, without end."""
    connection.sendall(_JSON + b"Content-Length: 100000\r\n\r\n")
    _drip(connection, stopped)


def huge_body(connection: socket.socket, _: threading.Event) -> None:
    """Answer 100 MB, and say so."""
    _send_huge(connection, _JSON + b"Content-Length: 100000000\r\n\r\n")


def huge_body_of_unknown_length(connection: socket.socket, _: threading.Event) -> None:
    """Answer 100 MB, and do not say so."""
    _send_huge(connection, _JSON + b"\r\n")


def huge_redirect(connection: socket.socket, _: threading.Event) -> None:
    """Redirect, with 100 MB of explanation."""
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 100000000\r\n\r\n"
    _send_huge(connection, head)


def no_http(connection: socket.socket, _: threading.Event) -> None:
    """Answer in another protocol."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def says(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Fault:
    """Answer this, whatever was asked."""
    lines = dict(headers or {})
    if "Transfer-Encoding" not in lines:
        lines.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    answer = f"HTTP/1.1 {status} Fault\r\n{head}\r\n".encode() + body

    def fault(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(answer)

    return fault


def redirects(location: str) -> Fault:
    """Send the caller elsewhere."""
    return says(302, {"Location": location})


html: Final = says(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title>")
"""A page: what a proxy in front of Ory answers, with 200."""


def _drip(connection: socket.socket, stopped: threading.Event) -> None:
    while not stopped.wait(0.02):
        connection.sendall(b" ")


def _send_huge(connection: socket.socket, head: bytes) -> None:
    connection.sendall(head)
    for _ in range(1000):
        connection.sendall(b" " * 100_000)
