"""The span of a request: from where its caller is known to its answer.

Who is refused for want of a key leaves none: else anybody could fill a collector. Routes begin
it themselves, as each knows whom it has admitted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Response, request

from webhook_service.tracing import spans
from webhook_service.tracing.spans import Origin, Span
from webhook_service.web.body import ARRIVED_AT

_SPAN: Final = "webhook_service.span"
_VARIABLE: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_FAILED: Final = 500


def begin(environ: dict[str, Any], *, continued: bool) -> None:
    """Begin the span of the request that is being answered, where tracing is on.

    ``continued`` says whether the trace context that came with it is its caller's own, to go
    on with. Else it is anybody's: then the span has a trace of its own, with a link to that
    one, and no stranger decides what is sampled, or joins a trace of ours.
    """
    if not spans.is_on() or request.url_rule is None:
        return
    arrived = environ.get(ARRIVED_AT)
    span = spans.request(
        environ["REQUEST_METHOD"],
        _template(request.url_rule.rule),
        environ["wsgi.url_scheme"],
        _origin(environ, continued=continued),
        waited=0.0 if arrived is None else time.monotonic() - arrived,
    )
    environ[_SPAN] = span.__enter__()


def install(app: Flask) -> None:
    """End the spans of the app's requests. Needed only where there are any."""

    @app.after_request
    def answered(response: Response) -> Response:
        span: Span | None = request.environ.get(_SPAN)
        if span is not None:
            span.tell("http.response.status_code", response.status_code)
            if response.status_code >= _FAILED:
                span.fail(str(response.status_code))
        return response

    @app.teardown_request
    def over(_: BaseException | None) -> None:
        span: Span | None = request.environ.pop(_SPAN, None)
        if span is not None:
            span.__exit__(None, None, None)


def _origin(environ: Mapping[str, Any], *, continued: bool) -> Origin | None:
    traceparent = environ.get("HTTP_TRACEPARENT")
    if traceparent is None:
        return None
    return Origin(traceparent, environ.get("HTTP_TRACESTATE", ""), continued=continued)


@lru_cache(maxsize=64)
def _template(rule: str) -> str:
    """Return a route as OpenTelemetry has it: ``/hooks/kratos/login/{method}``."""
    return _VARIABLE.sub(r"{\1}", rule)
