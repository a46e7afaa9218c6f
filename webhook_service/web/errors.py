"""The one place that turns an error into an answer, in Ory's own error shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Protocol

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from webhook_service.hooks.check import CHECK, CHECK_REQUEST, SESSION_REFRESH
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.strict_json import MalformedError
from webhook_service.records.metrics import count_refused
from webhook_service.turn import OverloadedError

BEARER: Final = {"WWW-Authenticate": "Bearer"}

ERRORS: Final[Mapping[str, int]] = {
    "request.unauthorized": 401,
    "request.origin_not_allowed": 403,
    "request.malformed": 400,
    "request.invalid": 400,
    "request.timeout": 408,
    "request.too_large": 413,
    "request.length_required": 411,
    "request.unsupported_type": 415,
    "request.unsupported_encoding": 415,
    "request.not_found": 404,
    "request.method_not_allowed": 405,
    "service.error": 500,
    "service.overloaded": 503,
}
"""Every error before a decision: its reason code and its HTTP status."""


class RefusedError(Exception):
    """A request that is refused before any decision. The message holds nothing secret."""

    def __init__(self, reason: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.headers = dict(headers or {})


def error_body(reason: str, status: int, message: str) -> bytes:
    """Write an error as Ory's services write theirs."""
    error = {"error": {"id": reason, "code": status, "message": message}}
    return json.dumps(error, separators=(",", ":"), ensure_ascii=False).encode()


class ErrorPages(Protocol):
    """Pages for people, who cannot read JSON, in the place of some errors."""

    def covers(self, path: str) -> bool:
        """Whether an error at this path is shown as a page."""
        ...

    def error(self, reason: str, status: int, message: str) -> Response:
        """Render an error."""
        ...


def install(app: Flask, logger: structlog.typing.FilteringBoundLogger) -> None:
    """Answer every error of the app as JSON with a reason code.

    Where ``app.extensions["error_pages"]`` has ``ErrorPages``, these answer for their paths.
    """

    def answer(reason: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
        status = ERRORS[reason]
        pages: ErrorPages | None = app.extensions.get("error_pages")
        on_page = pages is not None and pages.covers(request.path)
        caller = "operator" if on_page else _caller(request.path)
        count_refused(caller, reason)
        logger.warning("request refused", caller=caller, reason=reason, status=status, why=message)
        if pages is not None and on_page:
            page = pages.error(reason, status, message)
            page.headers.update(headers or {})
            return page
        return Response(
            error_body(reason, status, message),
            status,
            mimetype="application/json",
            headers=dict(headers or {}),
        )

    @app.errorhandler(RefusedError)
    def refused(error: RefusedError) -> Response:
        return answer(error.reason, error.message, error.headers)

    @app.errorhandler(MalformedError)
    def malformed(error: MalformedError) -> Response:
        return answer("request.malformed", str(error))

    @app.errorhandler(ShapeError)
    def invalid(error: ShapeError) -> Response:
        return answer("request.invalid", f"not what is taken here: {error}")

    @app.errorhandler(OverloadedError)
    def overloaded(_: OverloadedError) -> Response:
        return answer("service.overloaded", "more calls came than can be answered in time")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code == ERRORS["request.method_not_allowed"]:
            allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
            return answer(
                "request.method_not_allowed", f"accepted here: {allowed}", {"Allow": allowed}
            )
        if error.code == ERRORS["request.not_found"]:
            return answer("request.not_found", "there is nothing at this path")
        return answer("request.malformed", "the request cannot be read")

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # The type and the place, not the text: a library's message may quote its input.
        place = _place(error)
        logger.error("the service failed", error=type(error).__name__, place=place)
        return answer("service.error", "the service failed; its log tells where")


def _caller(path: str) -> str:
    """Name the caller for metrics, from the path: one of a few words, never the path itself."""
    if path.startswith("/hooks/kratos/"):
        return "kratos"
    if path.startswith("/hooks/hydra/"):
        return "hydra"
    if path == CHECK or path.startswith(CHECK_REQUEST):
        return "check"
    if path == SESSION_REFRESH or path.startswith("/oauth2/"):
        return "browser"
    return "other"


def _place(error: BaseException) -> str:
    """Say where an exception was raised: file and line of its innermost frames."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(frames[-4:]))
