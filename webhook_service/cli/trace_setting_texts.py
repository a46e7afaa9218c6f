"""What the settings of traces are for. Their names and meaning are OpenTelemetry's own."""

from __future__ import annotations

from typing import Final

from webhook_service.cli.setting import Setting
from webhook_service.tracing.wanted import PROTOCOL, SAMPLER

TITLE: Final = "Traces, with the extra otel"

SETTINGS: Final = (
    Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "the collector",
        "Where traces are sent, by OTLP over HTTP: `/v1/traces` is added to it."
        " There are traces where this, or the next one, is set; see [traces](tracing.md).",
    ),
    Setting(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "",
        "the same, in full",
        "The same for traces alone, as it is: nothing is added.",
    ),
    Setting(
        "OTEL_TRACES_EXPORTER",
        "",
        "otlp, or none",
        "With `none` there are no traces, whatever else is set; with `otlp` there are, and the"
        " collector is at `http://localhost:4318` unless an address is set.",
    ),
    Setting(
        "OTEL_SDK_DISABLED",
        "false",
        "true: no traces",
        "With `true` there are no traces, whatever else is set.",
    ),
    Setting(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        PROTOCOL,
        "no other",
        "How they are sent. There is no other way: a collector takes it at port 4318.",
    ),
    Setting(
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        PROTOCOL,
        "no other",
        "The same for traces alone.",
    ),
    Setting(
        "OTEL_TRACES_SAMPLER",
        SAMPLER,
        "which are kept",
        "Which traces are recorded. With those that begin with `parentbased` a hook is recorded"
        " where Kratos or Hydra records it, and the rest of the name says what is done with"
        " traces that begin here.",
    ),
    Setting(
        "OTEL_TRACES_SAMPLER_ARG",
        "",
        "the share of them",
        "The share that the two with `ratio` in their names record; 1 if it is not set.",
    ),
)
