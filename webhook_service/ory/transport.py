"""One upstream's HTTP: a request to its path, an answer read within the deadline, or why not.

While the upstream gives no answer, most calls fail at once (``outage``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from http.client import HTTPException
from typing import Final, TypeVar
from urllib.parse import urlencode

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from webhook_service import __version__
from webhook_service.ory.answers import Reader, value_of
from webhook_service.ory.connections import CURRENT, Attempt
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.exchange import Answer, Meaning, Request
from webhook_service.ory.failures import is_stale, why
from webhook_service.ory.lean_session import LeanSession
from webhook_service.ory.outage import Outage
from webhook_service.ory.paging import Page, page_of
from webhook_service.ory.templates import server_of, template_of
from webhook_service.tracing import spans

T = TypeVar("T")

MAX_BYTES: Final = 1 << 20

Watch = Callable[[float], AbstractContextManager[None]]

_FAILURES: Final = (requests.RequestException, HTTPError, HTTPException, OSError)


class _StaleError(Exception):
    """A kept connection had been closed by the other side, just as it was taken."""


class Transport:
    """Calls one upstream's API. Shared by all threads of a process.

    Attributes:
        outage: whether the upstream is worth a call.

    Args:
        upstream: its name in errors: ``kratos`` or ``hydra``.
        base_url: where its API is; a path in it is kept.
        api_key: ``ORY_API_KEY``, sent as a bearer token.
        connections: how many connections are kept, one for each thread that calls.
        max_bytes: an answer with more is invalid.
        trust_env: whether proxy and certificate variables of the environment count.
        outage: knows whether the upstream answers; one of its own where it is not given.
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
        outage: Outage | None = None,
    ) -> None:
        self.upstream = upstream
        self.outage = outage or Outage(upstream)
        self._base_url = base_url.rstrip("/")
        self._max_bytes = max_bytes
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
        self._server = server_of(self._base_url)

    def get(self, path: str, deadline: Deadline, read: Reader[T]) -> T | None:
        """Read a thing; ``None`` where there is none (404, 410).

        Args:
            path: from the base URL on, with its query; whoever made it has quoted it.
            deadline: when the whole answer must be there.
            read: makes the value of the parsed JSON.

        Raises:
            OryError: any other answer, or none in time.
        """
        try:
            return self._call(Request("GET", path), deadline, self._value(read))
        except NotFound:
            return None

    def get_page(self, path: str, deadline: Deadline, read: Reader[tuple[T, ...]]) -> Page[T]:
        """Read one page of a list.

        Raises:
            OryError: the answer is none, or no list.
        """

        def page(answer: Answer) -> Page[T]:
            items = value_of(self.upstream, answer.status, answer.body, read)
            if items is None:
                # Nothing is not an empty list: whoever ends what is listed must not believe it.
                raise OryError(self.upstream, UpstreamReason.INVALID, "answered no list")
            return page_of(items, answer.headers)

        return self._call(Request("GET", path), deadline, page)

    def get_health(self, path: str, deadline: Deadline, read: Reader[T]) -> T | None:
        """Read a health check, also while other calls fail at once: it may end the outage.

        Raises:
            OryError: there is no answer, or another one than of a healthy upstream.
        """
        request, watch = Request("GET", path), self.outage.health_check
        try:
            return self._call(request, deadline, self._value(read), watch)
        except NotFound:
            return None

    def ask(
        self,
        path: str,
        deadline: Deadline,
        meaning: Meaning[T],
        headers: Mapping[str, str],
    ) -> T:
        """Send a GET with headers of its own; the caller says what the answer means.

        Raises:
            OryError: there is no answer in time, or none that means anything.
        """
        return self._call(Request("GET", path, headers), deadline, meaning)

    def ask_form(
        self, path: str, fields: Mapping[str, str], deadline: Deadline, read: Reader[T]
    ) -> T | None:
        """Ask what a URL must not hold, with a form; it changes nothing, and may be sent twice.

        Raises:
            OryError: there is no answer in time, or none that means anything.
        """
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        request = Request("POST", path, form, body, only_asks=True)
        return self._call(request, deadline, self._value(read))

    def patch(self, path: str, deadline: Deadline, read: Reader[T]) -> T | None:
        """Change a thing and read it; ``None`` where the answer does not hold it (204).

        Raises:
            NotFound: there is no such thing (404, 410).
            OryError: any other answer, or none in time.
        """
        return self._call(Request("PATCH", path), deadline, self._value(read))

    def put(
        self, path: str, value: Mapping[str, object], deadline: Deadline, read: Reader[T]
    ) -> T | None:
        """Set a thing and read the answer; it may be sent twice.

        Raises:
            NotFound: there is no such thing (404, 410).
            OryError: any other answer, or none in time.
        """
        body = json.dumps(value, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        return self._call(Request("PUT", path, headers, body), deadline, self._value(read))

    def delete(self, path: str, deadline: Deadline) -> None:
        """Remove a thing, or what belongs to it.

        Raises:
            NotFound: there is no such thing (404, 410).
            OryError: any other answer, or none in time.
        """
        nothing = self._value(lambda _: None)
        self._call(Request("DELETE", path), deadline, nothing)

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _value(self, read: Reader[T]) -> Meaning[T | None]:
        return lambda answer: value_of(self.upstream, answer.status, answer.body, read)

    def _call(
        self,
        request: Request,
        deadline: Deadline,
        meaning: Meaning[T],
        watch: Watch | None = None,
    ) -> T:
        with (watch or self.outage.call)(deadline.remaining()):
            if not spans.is_on():
                return meaning(self._exchange(request, deadline))
            return self._traced(request, deadline, meaning)

    def _traced(self, request: Request, deadline: Deadline, meaning: Meaning[T]) -> T:
        """Make a call, and a span of it. That there is no such thing is an answer, no failure."""
        with spans.call(request.method, template_of(request.path), self._server) as span:
            answer = self._exchange(request, deadline)
            span.tell("http.response.status_code", answer.status)
            try:
                return meaning(answer)
            except NotFound as error:
                missing = error
        raise missing

    def _exchange(self, request: Request, deadline: Deadline) -> Answer:
        """Send a request, once more where that is harmless and the connection was stale."""
        try:
            response = self._send(request, Attempt(deadline))
        except _StaleError:
            response = self._send(request, Attempt(deadline, fresh=True))
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
        cookies = tuple(response.raw.headers.getlist("Set-Cookie"))
        return Answer(response.status_code, body, response.headers, cookies)

    def _send(self, request: Request, attempt: Attempt) -> requests.Response:
        """Send a request and read the answer's head.

        Raises:
            _StaleError: what may be sent again found a kept connection closed.
            OryError: anything else went wrong.
        """
        url = self._base_url + request.path
        # A copy of the headers: tracing adds its own to those of the request.
        headers = self._headers.copy()
        headers.update(request.headers)
        spans.send_along(headers)
        token = CURRENT.set(attempt)
        try:
            seconds = attempt.deadline.require()
            return self._session.send_lean(
                request.method, url, headers, seconds, request.body or None
            )
        except _FAILURES as error:
            if request.repeatable and not attempt.connected and is_stale(error):
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
