"""A client that says exactly what it is told to, byte by byte."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE = 10.0
"""How long an answer may take before a test gives up, in seconds."""


@dataclass(frozen=True)
class Answer:
    """One answer, as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str | None:
        """The reason code of a refusal; ``None`` where the answer has no such body."""
        if not self.body or "error" not in self.json:
            return None
        assert self.headers["content-type"] == "application/json"
        error = self.json["error"]
        assert error.keys() == {"id", "code", "message"}
        assert error["code"] == self.status
        reason: str = error["id"]
        return reason


class Wire:
    """One connection."""

    def __init__(self, port: int, *, patience: float = PATIENCE) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._read = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    @property
    def rest(self) -> bytes:
        """What has come after the last answer."""
        return self._read

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read the next answer; one to HEAD has no body, whatever it says.

        Raises:
            EOFError: the connection ended before it.
        """
        head, _, self._read = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        status = int(first.split(" ")[1])
        length = 0 if to_head else int(headers.get("content-length", 0))
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        """Wait for the other end to close; ``False`` where more comes instead."""
        try:
            return not self._read and self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            self._more()
        return self._read

    def _more(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise EOFError(self._read)
        self._read += data


@contextmanager
def wire(port: int, *, patience: float = PATIENCE) -> Iterator[Wire]:
    """Connect, and hang up at the end."""
    one = Wire(port, patience=patience)
    with one.socket:
        yield one


def ask(port: int, data: bytes) -> Answer:
    """Send some bytes over a connection of their own and return the first answer."""
    with wire(port) as one:
        one.send(data)
        return one.answer(to_head=data.startswith(b"HEAD"))


def seconds_to_answer(port: int) -> float:
    """Measure how long ``/health/alive`` takes, over a connection of its own."""
    begun = time.monotonic()
    answer = ask(port, request("GET", "/health/alive"))
    assert answer.status == 200
    return time.monotonic() - begun


def request(
    method: str,
    target: str,
    *headers: str | bytes,
    body: bytes = b"",
    version: str = "HTTP/1.1",
    host: bool = True,
) -> bytes:
    """Write a request with these header lines and no others but ``Host``."""
    lines: list[str | bytes] = [f"{method} {target} {version}"]
    if host:
        lines.append("Host: hooks.test")
    lines += headers
    raw = [line if isinstance(line, bytes) else line.encode("latin-1") for line in lines]
    return b"\r\n".join([*raw, b"", body])
