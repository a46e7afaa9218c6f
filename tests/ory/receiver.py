"""A hook receiver that answers what it is told to and remembers every call.

It listens where Kratos and Hydra send their hooks whenever the service does not: for the
tests that want to see a hook's body, and for those that need no decision at all.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ory.listener import Listener, Reply, Request

NOTHING: Final = Reply(204)


@dataclass(frozen=True, slots=True)
class Call:
    """One hook call as it came in, and when."""

    at: datetime
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    raw: bytes


class Receiver:
    """The stand-in for the service on the hook port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answer = NOTHING
        self.answers: list[Reply] = []
        """What the next calls are answered, one each, before ``answer`` is again."""
        self.takes = timedelta()
        """How long the caller waits for the answer."""
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self.resume()

    def calls(self, path: str = "/") -> list[Call]:
        """Return the calls of one hook, or of all below a path that ends in ``/``, oldest first."""
        with self._lock:
            return [
                call
                for call in self._calls
                if call.path == path or (path.endswith("/") and call.path.startswith(path))
            ]

    def reset(self) -> None:
        """Forget all calls, and answer 204 again without delay."""
        with self._lock:
            self._calls.clear()
        self.answer = NOTHING
        self.answers = []
        self.takes = timedelta()

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
        now, body = datetime.now(UTC), json.loads(request.body)
        call = Call(now, request.path, request.headers, body, request.body)
        with self._lock:
            self._calls.append(call)
            answer = self.answers.pop(0) if self.answers else self.answer
        time.sleep(self.takes.total_seconds())
        return answer
