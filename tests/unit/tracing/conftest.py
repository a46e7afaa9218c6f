"""Tracing that is on, with the spans in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from unit.tracing.made import Made
from unit.workbench import Bench, BenchMaker

from webhook_service import wiring
from webhook_service.tracing import spans
from webhook_service.tracing.otel import OtelTracer
from webhook_service.tracing.spans import NoTraces


@pytest.fixture
def made() -> Iterator[Made]:
    """Turn tracing on."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans.turn_on(OtelTracer(provider))
    yield Made(exporter)
    spans.turn_off()


@pytest.fixture
def make_traced(made: Made, make_bench: BenchMaker, monkeypatch: pytest.MonkeyPatch) -> BenchMaker:
    """Make a service whose environment asked for traces."""
    monkeypatch.setattr(wiring, "make_traces", lambda *_, **__: NoTraces())

    def make(policy: str = "", **more: Any) -> Bench:
        return make_bench(policy, traces=True, **more)

    return make
