"""The load: a few kept connections that each send the next request once the last is answered.

Run as a process of its own, ``python -m bench.load``, so that it shares no lock and no core
with what it measures. Raw sockets: an HTTP library would cost more than the answers do.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count
from typing import Final

from bench.cores import LOAD, pinned

CHUNK: Final = 65536
END_OF_HEAD: Final = b"\r\n\r\n"
MARK: Final = b"#" * 12
"""Where a request has this, another number stands each time: no two are the same event."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. Times are in milliseconds."""

    answers: int
    seconds: float
    p50: float
    p95: float
    closed: int
    """Connections that the server closed where it had not said that it would."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def put_on(port: int, request: bytes, *, status: int, seconds: float, connections: int) -> Load:
    """Put load on a server of this machine, from another process.

    Every answer must have the status: a benchmark of refusals would look splendid.
    """
    arguments = [str(port), str(status), str(seconds), str(connections)]
    with pinned(LOAD):
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", *arguments],
            input=request,
            stdout=subprocess.PIPE,
            check=True,
        )
    return Load(**json.loads(done.stdout))


class _Connection:
    """One kept connection, and the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self._read = b""

    def send(self, request: bytes) -> None:
        """Send a request; it fits the socket's buffer."""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def answered(self, status: bytes) -> bool:
        """Read on; whether the answer is whole now.

        Raises:
            ConnectionError: there will be none, for the server has closed the connection.
        """
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise ConnectionResetError
        self._read += chunk
        head, end, body = self._read.partition(END_OF_HEAD)
        if not end or len(body) < _length(head):
            return False
        if head[9:12] != status:
            raise SystemExit(f"the server answered {head.splitlines()[0].decode()}")
        self._read = b""
        return True


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _run(port: int, status: bytes, seconds: float, connections: int, request: bytes) -> Load:
    times, closed = [], 0
    # No run begins where another one did.
    numbers = count(time.time_ns() // 1000 % 10 ** len(MARK))

    def next_one() -> bytes:
        return request.replace(MARK, b"%0*d" % (len(MARK), next(numbers)))

    with selectors.DefaultSelector() as selector:

        def connect() -> None:
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next_one())

        begun = time.perf_counter()
        for _ in range(connections):
            connect()
        until, now = begun + seconds, begun
        while now < until:
            for key, _ in selector.select(timeout=5):
                connection = key.data
                try:
                    if connection.answered(status):
                        now = time.perf_counter()
                        times.append(now - connection.sent)
                        connection.send(next_one())
                except ConnectionError:
                    closed += 1
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    connect()
        ended = time.perf_counter()
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    times.sort()
    return Load(
        answers=len(times),
        seconds=ended - begun,
        p50=times[len(times) // 2] * 1000,
        p95=times[len(times) * 95 // 100] * 1000,
        closed=closed,
    )


def _main() -> None:
    port, status, seconds, connections = sys.argv[1:]
    load = _run(
        int(port), status.encode(), float(seconds), int(connections), sys.stdin.buffer.read()
    )
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    _main()
