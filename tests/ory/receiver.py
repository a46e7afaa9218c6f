"""A hook receiver that answers what it is told to and remembers every call.

It listens where Kratos and Hydra send their hooks whenever the service does not: for the
tests that want to see a hook's body, and for those that need no decision at all.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ory.listener import Listener, Reply, Request

NOTHING: Final = Reply(204)


@dataclass(frozen=True, slots=True)
class Call:
    """One hook call as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    raw: bytes


class Receiver:
    """The stand-in for the service on the hook port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answer = NOTHING
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self.resume()

    def calls(self, path: str) -> list[Call]:
        """Return the calls of one hook, oldest first."""
        with self._lock:
            return [call for call in self._calls if call.path == path]

    def reset(self) -> None:
        """Forget all calls and answer 204 again."""
        with self._lock:
            self._calls.clear()
        self.answer = NOTHING

    def pause(self) -> None:
        """Leave the port to somebody else."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def resume(self) -> None:
        """Listen again."""
        if self._listener is None:
            self._listener = Listener(self.port, self._receive)

    def close(self) -> None:
        """Stop listening for good."""
        self.pause()

    def _receive(self, request: Request) -> Reply:
        call = Call(request.path, request.headers, json.loads(request.body), request.body)
        with self._lock:
            self._calls.append(call)
        return self.answer
