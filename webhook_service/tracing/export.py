"""Sends spans to a collector, from each process, and never in the way of an answer.

Whatever of this is OpenTelemetry's own reads the ``OTEL_…`` variables itself.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from webhook_service import __version__
from webhook_service.tracing import spans
from webhook_service.tracing.otel import OtelTracer

NAME: Final = "webhook-service"
"""What the service is called where neither ``OTEL_SERVICE_NAME`` nor a resource's attribute
says otherwise."""

# Its own lines come for each batch, and may quote what the collector answered.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)


class CollectorSession(requests.Session):
    """Sends to the collector, and knows how the last time came out."""

    outcome: str = "nothing was sent"

    def request(self, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401  requests' own
        """Send a request."""
        try:
            response = super().request(*args, **options)
        except Exception as error:
            self.outcome = type(error).__name__
            raise
        self.outcome = f"status {response.status_code}"
        return response


class Watched(SpanExporter):
    """Says once that traces do not arrive, and once that they do again."""

    def __init__(
        self,
        exporter: SpanExporter,
        logger: structlog.typing.FilteringBoundLogger,
        outcome: Callable[[], str],
    ) -> None:
        self._exporter = exporter
        self._logger = logger
        self._outcome = outcome
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans. On the one thread that does."""
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self._away:
            self._logger.error(
                "traces do not arrive at the collector; they are lost until they do",
                why=self._outcome(),
            )
        if self._away and not away:
            self._logger.warning("traces arrive at the collector again")
        self._away = away
        return result

    def shutdown(self) -> None:
        """Send no more; what is on its way is not tried again."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)


class Exporting:
    """Begins to make spans in a process, and sends what is left at its end.

    Args:
        logger: told of a collector that is away.
    """

    def __init__(self, logger: structlog.typing.FilteringBoundLogger) -> None:
        self._logger = logger
        self._process = 0
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None

    def begin(self) -> None:
        """Begin; once a process, after its fork."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._begin()
                    self._process = os.getpid()

    def end(self, seconds: float) -> None:
        """Make no more spans, and send those that wait, within so many seconds."""
        if self._process != os.getpid() or self._provider is None:
            return
        spans.turn_off()
        # It has a time limit of its own, which is not ours; a thread can be left behind.
        ending = threading.Thread(target=self._provider.shutdown, name="last traces", daemon=True)
        ending.start()
        ending.join(seconds)

    def _begin(self) -> None:
        try:
            self._provider = self._made()
        except Exception as error:  # noqa: BLE001  a certificate that is missing, say: hooks go before traces
            self._logger.error(  # noqa: TRY400  a text may quote a variable, whose value may be a key
                "there will be no traces: an OTEL_ variable cannot be used",
                error=type(error).__name__,
            )
            return
        spans.turn_on(OtelTracer(self._provider))

    def _made(self) -> TracerProvider:
        provider = TracerProvider(resource=resource(), shutdown_on_exit=False)
        session = CollectorSession()
        exporter = Watched(OTLPSpanExporter(session=session), self._logger, lambda: session.outcome)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return provider


def resource() -> Resource:
    """Return who makes the spans, as the environment has it."""
    found = Resource.create({SERVICE_VERSION: __version__})
    if str(found.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return found.merge(Resource({SERVICE_NAME: NAME}))
    return found
