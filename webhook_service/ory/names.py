"""Host names to addresses, without ever waiting longer than the deadline.

``getaddrinfo`` knows no time limit: with a dead name server it takes ten seconds and more.
So it runs in a thread of its own, one at a time for each name, and whoever needs the
answer waits only as long as there is time. A kept connection needs no name, so a call on
the happy path starts no thread.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from webhook_service.ory.deadline import Clock, Deadline

Address: TypeAlias = tuple[Any, ...]
"""What ``getaddrinfo`` lists: family, type, protocol, canonical name, socket address."""

Lookup: TypeAlias = Callable[[str, int], list[Address]]

PATIENCE: Final = 1.0
"""A lookup that has taken so many seconds is given up by new callers at once."""

MEMORY: Final = 1.0
"""For so many seconds a failed lookup is answered from memory."""


def look_up(host: str, port: int) -> list[Address]:
    """Ask the system for the stream addresses of a host.

    Raises:
        OSError: the name does not resolve.
    """
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@dataclass(slots=True)
class _Pending:
    started: float
    addresses: Future[list[Address]] = field(default_factory=Future)


class Names:
    """Resolves names within deadlines, and remembers failures for a moment.

    A success is not remembered: connections are kept, so names are asked for seldom, and
    an address that moves must be found at its new place.
    """

    def __init__(self, lookup: Lookup = look_up, clock: Clock = time.monotonic) -> None:
        self._lookup = lookup
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, int], _Pending] = {}
        self._failures: dict[tuple[str, int], tuple[float, OSError]] = {}

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """Return the addresses of a host, in the order in which to try them.

        Raises:
            TimeoutError: no answer before the deadline, or none for so long already that
                waiting would be in vain.
            OSError: the name does not resolve (``socket.gaierror`` mostly).
        """
        if _is_address(host):
            return look_up(host, port)
        pending = self._start_or_join(host, port)
        # concurrent.futures' own TimeoutError is the builtin one since Python 3.11.
        return pending.addresses.result(timeout=deadline.require())

    def _start_or_join(self, host: str, port: int) -> _Pending:
        key = (host, port)
        with self._lock:
            now = self._clock()
            until, failure = self._failures.get(key, (now, None))
            if failure is not None and now < until:
                raise type(failure)(*failure.args)
            pending = self._pending.get(key)
            if pending is None:
                pending = self._pending[key] = _Pending(started=now)
                # A daemon: a lookup that hangs must not keep the process from ending.
                threading.Thread(
                    target=self._run, args=(key, pending), name="name-lookup", daemon=True
                ).start()
            elif now - pending.started >= PATIENCE:
                raise TimeoutError("the name has been looked up in vain for a while")
            return pending

    def _run(self, key: tuple[str, int], pending: _Pending) -> None:
        failure: OSError | None = None
        addresses: list[Address] = []
        try:
            addresses = self._lookup(*key)
        except OSError as error:
            failure = error
        except UnicodeError:
            failure = socket.gaierror(socket.EAI_NONAME, "not a host name")
        with self._lock:
            del self._pending[key]
            if failure is None:
                self._failures.pop(key, None)
            else:
                self._failures[key] = (self._clock() + MEMORY, failure)
        if failure is None:
            pending.addresses.set_result(addresses)
        else:
            pending.addresses.set_exception(failure)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
