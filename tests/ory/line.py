"""The network between the service and Kratos, which a test can cut or freeze."""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Enum, auto

from ory.configuration import url
from ory.servers import free_ports


class State(Enum):
    """What the line does with what is sent over it."""

    OPEN = auto()
    CUT = auto()
    """Nobody listens: connections are refused, those that stood are closed."""
    FROZEN = auto()
    """Connections are taken, what is sent over them vanishes, and nothing is answered."""


class Line:
    """A TCP proxy in front of a port of this machine."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._port = free_ports(1)[0]
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._state = State.CUT
        self._listening: socket.socket | None = None
        self.restore()

    @property
    def url(self) -> str:
        """The address to give to the service."""
        return url(self._port)

    def restore(self) -> None:
        """Let everything through."""
        self._enter(State.OPEN)

    def cut(self) -> None:
        """Refuse connections."""
        self._enter(State.CUT)

    def freeze(self) -> None:
        """Take connections and never answer."""
        self._enter(State.FROZEN)

    def close(self) -> None:
        """Stop for good."""
        self._enter(State.CUT)

    def _enter(self, state: State) -> None:
        with self._lock:
            self._state = state
            if state is not State.FROZEN:
                # Kept connections that were frozen or open must not outlive the change.
                for end in self._ends:
                    _shut(end)
                self._ends.clear()
            if state is State.CUT and self._listening is not None:
                _shut(self._listening)
                self._listening = None
            elif state is not State.CUT and self._listening is None:
                self._listening = socket.create_server(("127.0.0.1", self._port))
                threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                if self._state is State.CUT:
                    _shut(near)
                    continue
                far = socket.create_connection(("127.0.0.1", self._target_port))
                self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._state is State.OPEN:
                    sink.sendall(data)
        with self._lock:
            self._ends -= {source, sink}
        _shut(source)
        _shut(sink)


def _shut(end: socket.socket) -> None:
    """Wake whoever reads from the socket, then free it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
