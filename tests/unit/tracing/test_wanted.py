"""Which of OpenTelemetry's variables turn traces on, and which of their values are refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from unit.environment import KEY, clear

from webhook_service import settings
from webhook_service.policy.loader import load
from webhook_service.settings import Settings, SettingsError
from webhook_service.web import start

HERE = "http://127.0.0.1:4318"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch)
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "hooks"}, False),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{HERE}/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "OTLP"}, True),
        ({"OTEL_TRACES_EXPORTER": ""}, False),
        ({"OTEL_TRACES_EXPORTER": "", "OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "false"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER_ARG": "0.25"}, True),
    ],
)
def test_what_turns_traces_on(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, on: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.load().traces is on


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("OTEL_SDK_DISABLED", "1", "false or true"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "http:// or https://"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces", "http:// or https://"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/protobuf"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "10%", "a number from 0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "nan", "a number from 0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.1", "a number from 0 to 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_in_the_list_of_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    ((found, (text,)),) = caught.value.problems.items()
    assert found == name
    assert f'read "{value}"' in text
    assert accepted in text


def test_an_address_with_a_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:hunter2@collector")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert "hunter2" not in str(caught.value)


def test_nothing_of_opentelemetry_is_loaded_where_nobody_asked_for_it() -> None:
    code = (
        "import sys, webhook_service.web.factory, webhook_service.working;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    told = subprocess.run(  # noqa: S603  this very interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


@pytest.mark.parametrize(("traces", "installed"), [(True, False), (True, True), (False, False)])
def test_the_start_says_loudly_that_the_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    traces: bool,
    installed: bool,
) -> None:
    monkeypatch.setattr(start, "is_installed", lambda: installed)
    chosen = Settings(traces=traces, log_level="error")
    start.say_what_starts(chosen, load(b"version: 1\n"), server="gunicorn")
    sys.stdout.buffer.flush()
    said = capfd.readouterr().out
    assert ("the extra is not installed" in said) is (traces and not installed)
    assert len(said.splitlines()) == (1 if traces and not installed else 0)
