"""The spans that were made."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, format_span_id, format_trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
CAME = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
"""What a caller sends whose trace goes on, and is sampled."""


@dataclass(frozen=True)
class Made:
    """Spans, in the order in which they ended."""

    exporter: InMemorySpanExporter

    def all(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def names(self) -> list[str]:
        return [span.name for span in self.all()]

    def only(self, name: str) -> ReadableSpan:
        """Return the one span of a name."""
        (span,) = [span for span in self.all() if span.name == name]
        return span

    def clear(self) -> None:
        self.exporter.clear()


def told(span: ReadableSpan) -> dict[str, object]:
    """Return a span's attributes."""
    return dict(span.attributes or {})


def context_of(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def trace_of(span: ReadableSpan) -> str:
    return format_trace_id(context_of(span).trace_id)


def id_of(span: ReadableSpan) -> str:
    return format_span_id(context_of(span).span_id)


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else format_span_id(span.parent.span_id)


def links_of(span: ReadableSpan) -> list[str]:
    """Return the traces that a span has links to."""
    return [format_trace_id(link.context.trace_id) for link in span.links]
