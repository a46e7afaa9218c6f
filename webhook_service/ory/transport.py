"""One upstream's HTTP: a request to its path, an answer read within the deadline, or why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Final, TypeVar

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from webhook_service import __version__
from webhook_service.ory.answers import Reader, value_of
from webhook_service.ory.connections import CURRENT, Attempt
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.failures import is_stale, why
from webhook_service.ory.lean_session import LeanSession

T = TypeVar("T")

OnCall = Callable[[str, str, str, float], None]
"""Told of each call: upstream, operation, outcome (``ok``, ``not_found`` or a reason), and
the seconds it took. Runs on the calling thread, so it must be cheap and must not raise."""

MAX_BYTES: Final = 1 << 20

_FAILURES: Final = (requests.RequestException, HTTPError, HTTPException, OSError)


class _StaleError(Exception):
    """A kept connection had been closed by the other side, just as it was taken."""


class Transport:
    """Calls one upstream's admin API. Shared by all threads of a process.

    Args:
        upstream: its name in errors and counts: ``kratos`` or ``hydra``.
        base_url: where its API is; a path in it is kept.
        api_key: ``ORY_API_KEY``, sent as a bearer token.
        connections: how many connections are kept, one for each thread that calls.
        max_bytes: an answer with more is invalid.
        trust_env: whether proxy and certificate variables of the environment count.
        on_call: told of each call.
    """

    def __init__(
        self,
        upstream: str,
        base_url: str,
        *,
        api_key: str | None = None,
        connections: int = 32,
        max_bytes: int = MAX_BYTES,
        trust_env: bool = False,
        on_call: OnCall | None = None,
    ) -> None:
        self.upstream = upstream
        self._base_url = base_url.rstrip("/")
        self._max_bytes = max_bytes
        self._on_call = on_call
        self._headers = CaseInsensitiveDict(
            {
                "Accept": "application/json",
                # Compressed answers could grow beyond max_bytes once unpacked.
                "Accept-Encoding": "identity",
                "User-Agent": f"webhook-service/{__version__}",
            }
        )
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._session = LeanSession(self._base_url, connections, trust_env=trust_env)

    def get(self, operation: str, path: str, deadline: Deadline, read: Reader[T]) -> T | None:
        """Read a thing; ``None`` where there is none (404, 410).

        Args:
            operation: what the call is for, in counts: ``session``, ``client``.
            path: from the base URL on, with its query; whoever made it has quoted it.
            deadline: when the whole answer must be there.
            read: makes the value of the parsed JSON.

        Raises:
            OryError: any other answer, or none in time.
        """
        try:
            return self._counted(operation, "GET", path, deadline, read)
        except NotFound:
            return None

    def patch(self, operation: str, path: str, deadline: Deadline, read: Reader[T]) -> T | None:
        """Change a thing and read it; ``None`` where the answer does not hold it (204).

        Raises:
            NotFound: there is no such thing (404, 410).
            OryError: any other answer, or none in time.
        """
        return self._counted(operation, "PATCH", path, deadline, read)

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _counted(
        self, operation: str, method: str, path: str, deadline: Deadline, read: Reader[T]
    ) -> T | None:
        begun = time.monotonic()
        outcome = "ok"
        try:
            status, body = self._exchange(method, path, deadline)
            return value_of(self.upstream, status, body, read)
        except NotFound:
            outcome = "not_found"
            raise
        except OryError as error:
            outcome = error.reason
            raise
        finally:
            if self._on_call is not None:
                self._on_call(self.upstream, operation, outcome, time.monotonic() - begun)

    def _exchange(self, method: str, path: str, deadline: Deadline) -> tuple[int, bytes]:
        """Send a request, once more where that is harmless and the connection was stale."""
        try:
            response = self._send(method, path, Attempt(deadline))
        except _StaleError:
            response = self._send(method, path, Attempt(deadline, fresh=True))
        try:
            body = _read(response, self._max_bytes + 1)
        except _FAILURES as error:
            raise self._failed(error) from None
        finally:
            # Whatever was not read to its end goes with its connection.
            response.close()
        if len(body) > self._max_bytes:
            detail = f"answered with more than {self._max_bytes} bytes"
            raise OryError(self.upstream, UpstreamReason.INVALID, detail)
        return response.status_code, body

    def _send(self, method: str, path: str, attempt: Attempt) -> requests.Response:
        """Send a request and read the answer's head.

        Raises:
            _StaleError: a GET found a kept connection closed.
            OryError: anything else went wrong.
        """
        url = self._base_url + path
        token = CURRENT.set(attempt)
        try:
            seconds = attempt.deadline.require()
            # A copy of the headers: tracing adds its own to those of the request.
            return self._session.send_lean(method, url, self._headers.copy(), seconds)
        except _FAILURES as error:
            if method == "GET" and not attempt.connected and is_stale(error):
                raise _StaleError from None
            raise self._failed(error) from None
        finally:
            CURRENT.reset(token)

    def _failed(self, error: BaseException) -> OryError:
        return OryError(self.upstream, *why(error))


def _read(response: requests.Response, limit: int) -> bytes:
    """Read the body up to so many bytes, as it was sent.

    The first read takes what comes until the end of the connection; only the next one
    raises if that was before the end of the body.
    """
    body: bytes = response.raw.read(limit, decode_content=False)
    if len(body) < limit:
        body += response.raw.read(limit - len(body), decode_content=False)
    return body
