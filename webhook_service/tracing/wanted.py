"""Whether the environment asks for traces, in OpenTelemetry's own variables.

Only those are read here that decide it, and those whose wrong value would be noticed late:
as that there are no traces. OpenTelemetry reads them again itself, and its other ones.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import structlog
from environs import Env

from webhook_service.tracing.spans import NoTraces, Traces

PROTOCOL: Final = "http/protobuf"
SAMPLER: Final = "parentbased_always_on"
SAMPLERS: Final = (
    "always_on",
    "always_off",
    "traceidratio",
    SAMPLER,
    "parentbased_always_off",
    "parentbased_traceidratio",
)

EXTRA_MISSING: Final = (
    "OTEL_ variables ask for traces, and there are none: the extra is not installed."
    " Install it with: pip install '.[otel]'"
)


def wants_traces(env: Env) -> bool:
    """Whether there are to be traces: an exporter is named, or where to export to.

    Nothing is exported without any of these variables, although OpenTelemetry has a default
    for the address: a service that nobody told of a collector must not look for one.
    """
    disabled = env.otel_word("OTEL_SDK_DISABLED", "", words=("false", "true")) == "true"
    exporter = env.otel_word("OTEL_TRACES_EXPORTER", "", words=("otlp", "none"))
    addresses = [
        env.base_url("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        env.base_url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""),
    ]
    env.otel_word("OTEL_EXPORTER_OTLP_PROTOCOL", "", words=(PROTOCOL,))
    env.otel_word("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "", words=(PROTOCOL,))
    env.otel_word("OTEL_TRACES_SAMPLER", "", words=SAMPLERS)
    env.ratio("OTEL_TRACES_SAMPLER_ARG", "")
    if disabled or exporter == "none":
        return False
    return exporter == "otlp" or any(addresses)


def is_installed() -> bool:
    """Whether what makes and sends spans is there."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.trace_exporter") is not None
    except ModuleNotFoundError:
        return False


def make_traces(logger: structlog.typing.FilteringBoundLogger, *, wanted: bool) -> Traces:
    """Make what begins tracing in a process. Nothing where it cannot: who starts says so."""
    if not (wanted and is_installed()):
        return NoTraces()
    from webhook_service.tracing.export import Exporting  # noqa: PLC0415  an extra

    return Exporting(logger)
