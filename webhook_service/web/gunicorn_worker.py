"""gunicorn's threaded worker, with refusals of unreadable requests in the service's own shape."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from gunicorn.http.errors import (
    ConfigurationProblem,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker

from webhook_service.web.errors import error_body

_STATUSES: Final[dict[type[Exception], tuple[str, int, str]]] = {
    LimitRequestLine: ("request.malformed", 400, "the request line is too long"),
    LimitRequestHeaders: ("request.malformed", 400, "too many or too long headers"),
    UnsupportedTransferCoding: (
        "request.length_required",
        411,
        "a transfer coding is not taken; send Content-Length",
    ),
}
_PHRASES: Final = {400: "Bad Request", 411: "Length Required", 500: "Internal Server Error"}


class Worker(ThreadWorker):
    """Answers what is not HTTP with 400 as JSON, where gunicorn would send a page."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ANN401, ARG002  gunicorn's signature
        """Refuse a request that could not be read, or that failed beyond the app."""
        reason, status, message = _answer(exc)
        log = self.log.warning if status < 500 else self.log.error  # noqa: PLR2004  server errors
        log("request refused before the app: %s (%s)", reason, type(exc).__name__)
        body = error_body(reason, status, message)
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + body)


def _answer(error: BaseException) -> tuple[str, int, str]:
    for kind, answer in _STATUSES.items():
        if isinstance(error, kind):
            return answer
    if isinstance(error, ParseException) and not isinstance(error, ConfigurationProblem):
        return "request.malformed", 400, "the request is not HTTP/1.1 as it should be"
    return "service.error", 500, "the service failed; its log tells where"
