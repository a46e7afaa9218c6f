"""Traces of the real service, as a collector gets them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server.collector import Collector, collecting
from server.running import (
    HYDRA,
    KRATOS,
    REFRESH,
    SERVERS,
    WORKER,
    Service,
    free_port,
    hook,
    running,
)
from server.wire import ask
from unit.workbench import Recorded

from webhook_service import sandbox

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SENT = f"traceparent: 00-{TRACE}-{CALLER}-01"
POLICY = """
mfa:
  - name: a live session
    when: token.grant == "refresh_token"
    require: {aal: aal1}
revoke:
  - name: a new password
    events: [kratos.settings]
    revoke: [all_sessions]
"""
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(params=SERVERS)
def service(
    request: pytest.FixtureRequest, tmp_path: Path, collector: Collector
) -> Iterator[Service]:
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **QUICK}
    with running(tmp_path, request.param, sandbox.stand_in(), POLICY, **traces) as one:
        yield one


def settings_change() -> bytes:
    body: dict[str, Any] = Recorded().body("kratos.settings-password.api")
    return hook(body, SENT, key=KRATOS, target="/hooks/kratos/settings/password")


def test_one_trace_leads_from_the_hook_over_the_call_to_the_effect(
    service: Service, collector: Collector
) -> None:
    assert ask(service.port, settings_change()).status == 204
    (effect,) = collector.wait_for("effect end_all_sessions")
    (server,) = collector.wait_for("POST /hooks/kratos/settings/{method}")
    (kept,) = collector.wait_for("keep effects")
    listed = collector.wait_for("GET /admin/identities/{id}/sessions")
    ended = collector.wait_for("DELETE /admin/sessions/{id}")
    assert server.parent == CALLER
    assert kept.parent == effect.parent == server.id
    assert {call.parent for call in (*listed, *ended)} == {effect.id}
    assert {one.trace for one in collector.spans} == {TRACE}
    assert {one.by for one in collector.spans} == {"webhook-service"}
    assert effect.told["webhook_service.effect.outcome"] == "done"


def test_a_decision_and_its_call_are_part_of_the_callers_trace(
    service: Service, collector: Collector
) -> None:
    assert ask(service.port, hook(REFRESH, SENT)).status == 204
    (decision,) = collector.wait_for("decide hydra.token")
    (call,) = collector.wait_for("GET /admin/sessions/{id}")
    (server,) = collector.wait_for("POST /hooks/hydra/token")
    assert (call.parent, decision.parent, server.parent) == (decision.id, server.id, CALLER)
    assert call.told["webhook_service.operation"] == "kratos.session"
    (record,) = [line for line in service.lines() if line["message"] == "decision"]
    assert (record["trace_id"], record["span_id"]) == (TRACE, server.id)


def test_what_was_made_just_before_the_end_arrives(service: Service, collector: Collector) -> None:
    for number in range(20):
        ask(service.port, hook({**REFRESH, "number": number}))
    assert service.stop() == 0
    assert len(collector.wait_for("POST /hooks/hydra/token", 20)) == 20


def test_nothing_of_who_it_is_about_arrives(service: Service, collector: Collector) -> None:
    assert ask(service.port, settings_change()).status == 204
    collector.wait_for("effect end_all_sessions")
    sent = b"".join(collector.raw)
    for value in (sandbox.WEB_SESSION, *sandbox.stand_in().kratos.identities):
        assert value.encode() not in sent
    for key in (KRATOS, HYDRA):
        assert key.partition("Bearer ")[2].encode() not in sent


@pytest.mark.parametrize("server", SERVERS)
def test_a_collector_that_is_away_costs_no_answer_and_one_line_a_process(
    server: str, tmp_path: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    traces = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": nowhere,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.3",
        "OTEL_BSP_MAX_QUEUE_SIZE": "16",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16",
        **QUICK,
    }
    with running(
        tmp_path, server, sandbox.stand_in(), POLICY, WEB_CONCURRENCY="1", **traces
    ) as service:
        until = time.monotonic() + 15
        number = 0
        while not (lost := lost_lines(service)) or number < 60:
            begun = time.monotonic()
            assert ask(service.port, hook({**REFRESH, "number": number})).status == 204
            assert time.monotonic() - begun < 1
            number += 1
            assert time.monotonic() < until, "nothing was said"
        assert service.stop() == 0
        lost = lost_lines(service)
    assert [line["level"] for line in lost] == ["error"]
    assert lost[0]["why"] == "ConnectionError"
    levels = {line["message"] for line in service.lines() if line["level"] == "error"}
    assert levels == {lost[0]["message"]}


def lost_lines(service: Service) -> list[dict[str, Any]]:
    return [line for line in service.lines() if "traces do not arrive" in line["message"]]


@pytest.mark.parametrize("server", SERVERS)
def test_without_the_variables_nothing_is_told_to_anybody(
    server: str, tmp_path: Path, collector: Collector
) -> None:
    off = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_EXPORTER": "none", **QUICK}
    with running(tmp_path, server, sandbox.stand_in(), POLICY, **off) as service:
        assert ask(service.port, hook(REFRESH, SENT)).status == 204
        service.stop()
        (record,) = [line for line in service.lines() if line["message"] == "decision"]
    assert "trace_id" not in record
    assert collector.raw == []


def test_the_separate_worker_goes_on_with_the_trace_too(
    tmp_path: Path, collector: Collector
) -> None:
    folders = [tmp_path / "web", tmp_path / "worker"]
    for folder in folders:
        folder.mkdir()
    ory = sandbox.stand_in()
    shared = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "EFFECTS_WORKER": "worker",
        "DATABASE_URL": f"sqlite:///{folders[0]}/shared.db",
        **QUICK,
    }
    port = str(free_port())
    worker = {**shared, "PORT": port, "WORKER_PORT": port, "OTEL_SERVICE_NAME": "the worker"}
    with (
        running(folders[0], "gunicorn", ory, POLICY, **shared) as service,
        running(folders[1], "gunicorn", ory, POLICY, command=WORKER, **worker) as working,
    ):
        assert ask(service.port, settings_change()).status == 204
        (effect,) = collector.wait_for("effect end_all_sessions")
        (server,) = collector.wait_for("POST /hooks/kratos/settings/{method}")
        assert (effect.trace, effect.parent, effect.by) == (TRACE, server.id, "the worker")
        assert working.stop() == 0
