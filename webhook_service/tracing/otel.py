"""Spans as OpenTelemetry's. Imported only where the settings ask for traces."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from webhook_service import __version__
from webhook_service.tracing.spans import NOTHING, Origin, Role, Span, Value

_KINDS: Final[Mapping[Role, SpanKind]] = {
    Role.SERVER: SpanKind.SERVER,
    Role.CLIENT: SpanKind.CLIENT,
    Role.CONSUMER: SpanKind.CONSUMER,
    Role.INTERNAL: SpanKind.INTERNAL,
}
_W3C: Final = TraceContextTextMapPropagator()
_NONE: Final = Context()

_operation: Final[ContextVar[str | None]] = ContextVar("operation", default=None)


class OtelTracer:
    """Makes the spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("webhook_service", __version__)

    def span(
        self,
        role: Role,
        name: str,
        attributes: Mapping[str, Value],
        origin: Origin | None = None,
        waited: float = 0.0,
    ) -> Span:
        """Make a span, which began so many seconds ago."""
        parent, links = None, None
        if role in {Role.SERVER, Role.CONSUMER}:
            # What this thread did before is over: nothing of it goes on.
            parent = _NONE
            if origin is not None:
                found = _W3C.extract(
                    {"traceparent": origin.traceparent, "tracestate": origin.tracestate}, _NONE
                )
                if origin.continued:
                    parent = found
                elif (there := trace.get_current_span(found).get_span_context()).is_valid:
                    links = [Link(there)]
        if role is Role.CLIENT:
            if not trace.get_current_span().get_span_context().is_valid:
                return NOTHING  # the service's own question, such as for Kratos' version
            if (operation := _operation.get()) is not None:
                attributes = {**attributes, "webhook_service.operation": operation}
        return _Span(
            self._tracer.start_span(
                name,
                parent,
                _KINDS[role],
                attributes,
                links,
                time.time_ns() - round(waited * 1e9) if waited else None,
            )
        )

    def naming(self, operation: str) -> AbstractContextManager[object]:
        """Return a block whose calls upstream get the name of an operation."""
        return _Named(operation)

    def ids(self) -> dict[str, str]:
        """Return the ids of what goes on, also where it is not sampled."""
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return {}
        return {
            "trace_id": trace.format_trace_id(here.trace_id),
            "span_id": trace.format_span_id(here.span_id),
        }

    def send_along(self, headers: MutableMapping[str, str]) -> None:
        """Add ``traceparent``, and ``tracestate`` where there is any."""
        _W3C.inject(headers)

    def context(self) -> str | None:
        """Return what goes on as a ``traceparent``."""
        headers: dict[str, str] = {}
        _W3C.inject(headers)
        return headers.get("traceparent")


class _Span:
    """One of OpenTelemetry's, for as long as its block goes on."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> Self:
        self._token = otel.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.fail(_reason(error))
        if self._token is not None:
            otel.detach(self._token)
        self._span.end()

    def tell(self, name: str, value: Value | None) -> None:
        if value is not None:
            self._span.set_attribute(name, value)

    def fail(self, why: str) -> None:
        self._span.set_attribute("error.type", why)
        self._span.set_status(StatusCode.ERROR)


class _Named:
    """Calls are of an operation in here."""

    __slots__ = ("_operation", "_token")

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._token: Token[str | None] | None = None

    def __enter__(self) -> Self:
        self._token = _operation.set(self._operation)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _operation.reset(self._token)


def _reason(error: BaseException) -> str:
    """Return the code of an error of ours, else its type: a text may quote anything."""
    reason = getattr(error, "reason", None)
    return reason.value if isinstance(reason, StrEnum) else type(error).__name__
