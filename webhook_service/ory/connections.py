"""Connections that end a call on time, whatever the other side does.

A socket's own time limit starts anew with every read: a server that sends a byte a second
holds a call for ever. Here each read first sets the limit to what is left of the call's
deadline; name lookup, connecting over several addresses and the TLS handshake get the
same. All of it hooks into ``requests`` and ``urllib3`` from below, so tracing and the
``responses`` library still see ordinary requests.
"""

from __future__ import annotations

import io
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, ClassVar

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.names import Address, Names


@dataclass(slots=True)
class Attempt:
    """One request on its way, and what its connection turned out to be.

    Attributes:
        deadline: when the whole answer must be there.
        fresh: whether to connect anew instead of taking a kept connection.
        connected: whether a connection was made for this request.
    """

    deadline: Deadline
    fresh: bool = False
    connected: bool = False


CURRENT: ContextVar[Attempt] = ContextVar("CURRENT")
"""The attempt this thread is making: connections are handed out by urllib3's pool, which
has no way to pass them anything."""


def connect(
    host: str, addresses: list[Address], deadline: Deadline, options: list[Any]
) -> socket.socket:
    """Connect to the first address that answers.

    Each address gets its share of the time that is left, so that a dead first one does
    not use up the others' time.

    Raises:
        OSError: none answered; ``TimeoutError`` if the last one did not in time.
    """
    failure = OSError(f"{host} has no address")
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.require() / (len(addresses) - position))
            for option in options:
                connection.setsockopt(*option)
            connection.connect(address)
            connection.settimeout(deadline.require())
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


class _BoundReader(io.RawIOBase):
    """A socket's raw reader whose every read ends with the deadline."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401  typeshed's buffer type is for type checkers only
        self._connection.settimeout(self._deadline.require())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundResponse(HTTPResponse):
    """The answer, read through ``_BoundReader``: status, headers and body."""

    def __init__(self, connection: socket.socket, *args: Any, **options: Any) -> None:  # noqa: ANN401  http.client's own arguments, handed on
        super().__init__(connection, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundReader(raw, connection, CURRENT.get().deadline))


class _Bound(HTTPConnection):
    """Connects within the deadline of the current attempt, and reads within it."""

    response_class = _BoundResponse
    names: ClassVar[Names] = Names()

    @property
    def is_connected(self) -> bool:
        """Whether the pool may hand out this kept connection as it is."""
        return not CURRENT.get().fresh and super().is_connected

    def _new_conn(self) -> socket.socket:
        # The one place where urllib3 opens a socket, for http and for https. Its own
        # version looks names up without limit and gives each address the whole time.
        attempt = CURRENT.get()
        attempt.connected = True
        try:
            addresses = self.names.resolve(self._dns_host, self.port, attempt.deadline)
            options = list(self.socket_options or ())
            return connect(self.host, addresses, attempt.deadline, options)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error


class _BoundHTTPS(_Bound, HTTPSConnection):
    """The same over TLS: the handshake runs on a socket whose limit ``_new_conn`` set."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Bound


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _BoundHTTPS


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class BoundAdapter(HTTPAdapter):
    """The adapter of one upstream: kept connections, bound by the current attempt.

    Args:
        size: how many connections are kept, one for each thread that calls.
        tls: how to verify an https upstream. Made once: requests itself would read the
            certificate bundle for every new connection, 10 ms of the deadline.
    """

    def __init__(self, size: int, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=size)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002  requests' own signature
        **pool_kwargs: Any,  # noqa: ANN401  the same
    ) -> None:
        """Make the pool manager, with pools of our connections."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:  # noqa: ANN401  requests' own signature
        """Make a proxy's pool manager, with pools of our connections."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if isinstance(
            manager, ProxyManager
        ):  # pragma: no branch  SOCKS needs a package we do not install
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_connection_pool_key_attributes(
        self,
        request: PreparedRequest,
        verify: Any,  # noqa: ANN401  requests' own signature
        cert: Any = None,  # noqa: ANN401  the same
    ) -> tuple[Any, Any]:
        """Put our TLS context in place of requests' settings."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {} if self._tls is None else {"ssl_context": self._tls}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401  requests' own signature
        """Leave the connection alone: the TLS context verifies."""
