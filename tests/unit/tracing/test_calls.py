"""The spans of calls to Kratos and Hydra, and of the decisions that need them."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from opentelemetry.trace import SpanKind, StatusCode
from unit.tracing.made import CAME, TRACE, Made, id_of, parent_of, told, trace_of
from unit.workbench import Bench, BenchMaker
from unit.world import named, person, session

from webhook_service.ory.lean_session import LeanSession
from webhook_service.ory.templates import server_of, template_of

SECOND_FACTOR = "mfa: [{name: staff, require: {aal: aal2}}]"
SESSION = "GET /admin/sessions/{id}"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The headers of each call upstream, by their names in lower case."""
    calls: list[dict[str, str]] = []
    send = LeanSession.send_lean

    def noted(self: LeanSession, method: str, url: str, headers: Any, *rest: Any) -> Any:
        calls.append({name.lower(): value for name, value in headers.items()})
        return send(self, method, url, headers, *rest)

    monkeypatch.setattr(LeanSession, "send_lean", noted)
    return calls


@pytest.fixture
def bench(make_traced: BenchMaker, refresh: Any) -> Bench:
    """A person with a live session, and a policy that asks for it."""
    bench = make_traced(SECOND_FACTOR)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject)
    return bench


def test_a_call_is_part_of_the_decision_that_needs_it(
    bench: Bench, made: Made, refresh: Any
) -> None:
    bench.token(refresh, **CAME)
    hook, decision = made.only("POST /hooks/hydra/token"), made.only("decide hydra.token")
    call = made.only(SESSION)
    assert call.kind is SpanKind.CLIENT
    assert parent_of(call) == id_of(decision)
    assert parent_of(decision) == id_of(hook)
    assert trace_of(call) == trace_of(decision) == TRACE
    assert told(call) == {
        "http.request.method": "GET",
        "url.template": "/admin/sessions/{id}",
        "server.address": "kratos.test",
        "server.port": 4434,
        "webhook_service.operation": "kratos.session",
        "http.response.status_code": 200,
    }


def test_ory_is_told_which_span_it_is_called_from(
    bench: Bench, made: Made, sent: list[dict[str, str]], refresh: Any
) -> None:
    bench.token(refresh, **CAME, tracestate="vendor=1")
    assert sent[0]["traceparent"] == f"00-{TRACE}-{id_of(made.only(SESSION))}-01"
    assert sent[0]["tracestate"] == "vendor=1"


def test_ory_is_told_nothing_where_tracing_is_off(
    make_bench: BenchMaker, sent: list[dict[str, str]], refresh: Any
) -> None:
    make_bench(SECOND_FACTOR).token(refresh, **CAME)
    assert not {"traceparent", "tracestate"} & sent[-1].keys()


def test_the_headers_of_one_call_are_not_those_of_the_next(
    bench: Bench, made: Made, sent: list[dict[str, str]], refresh: Any
) -> None:
    bench.token(refresh, **CAME)
    bench.token({**refresh, "number": 1})
    traces = [headers["traceparent"].split("-")[1] for headers in sent]
    assert traces[0] == TRACE
    assert traces[-1] != TRACE


def test_a_decision_says_what_was_decided_and_of_nobody(
    bench: Bench, made: Made, refresh: Any
) -> None:
    bench.token(refresh)
    record = bench.record()
    assert told(made.only("decide hydra.token")) == {
        "webhook_service.event": "hydra.token",
        "webhook_service.policy": record["policy"],
        "webhook_service.verdict": record["verdict"],
        "webhook_service.reason": record["reason"],
        "webhook_service.rule": "staff",
    }
    assert record["reason"] is not None


def test_what_is_allowed_has_no_reason(make_traced: BenchMaker, made: Made, refresh: Any) -> None:
    make_traced().token(refresh)
    told_of = told(made.only("decide hydra.token"))
    assert told_of["webhook_service.verdict"] == "allow"
    assert not {"webhook_service.reason", "webhook_service.rule"} & told_of.keys()


@pytest.mark.parametrize(
    ("outcome", "why", "status"),
    [
        (
            requests.ConnectionError("kratos.test has no such lovelace@example.org"),
            "unreachable",
            None,
        ),
        (500, "invalid", 500),
        (503, "busy", 503),
        (401, "unauthorized", 401),
    ],
)
def test_a_call_that_brings_nothing_has_the_reason_of_the_metrics(
    bench: Bench, made: Made, refresh: Any, outcome: Any, why: str, status: int | None
) -> None:
    bench.fail("GET", outcome)
    bench.token(refresh)
    call = made.only(SESSION)
    assert told(call)["error.type"] == f"upstream.{why}"
    assert bench.record()["upstream"][0]["outcome"] == f"upstream.{why}"
    assert told(call).get("http.response.status_code") == status
    assert call.status.status_code is StatusCode.ERROR
    assert call.status.description is None
    assert call.events == ()


def test_that_there_is_no_such_session_is_an_answer_and_no_error(
    bench: Bench, made: Made, refresh: Any
) -> None:
    bench.ory.kratos.sessions.clear()
    bench.token(refresh)
    call = made.only(SESSION)
    assert told(call)["http.response.status_code"] == 404
    assert "error.type" not in told(call)
    assert call.status.status_code is StatusCode.UNSET


def test_a_call_that_is_not_made_has_no_span(bench: Bench, made: Made, refresh: Any) -> None:
    """While an upstream gives no answer most calls fail at once."""
    bench.fail("GET", requests.ConnectionError("away"))
    transport = bench.app.extensions["wired"].upstreams["kratos"]._transport
    transport.outage._down, transport.outage._next_try = True, float("inf")
    assert bench.token(refresh).status_code == 503
    assert made.names() == ["decide hydra.token", "POST /hooks/hydra/token"]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/admin/sessions/0f3c/extend", "/admin/sessions/{id}/extend"),
        ("/admin/identities/0f3c/sessions?page=1", "/admin/identities/{id}/sessions"),
        ("/admin/clients/billing%2Fadmin", "/admin/clients/{id}"),
        (
            "/admin/oauth2/auth/requests/login/accept?login_challenge=secret",
            "/admin/oauth2/auth/requests/login/accept",
        ),
        ("/sessions/whoami", "/sessions/whoami"),
        ("/admin/oauth2/introspect", "/admin/oauth2/introspect"),
        ("/admin/health/ready", "/admin/health/ready"),
        ("/something/new", "/{id}/{id}"),
    ],
)
def test_a_path_is_told_without_ids_and_query(path: str, template: str) -> None:
    assert template_of(path) == template


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("http://kratos:4434", "kratos", 4434),
        ("https://project.oryapis.com", "project.oryapis.com", 443),
        ("http://10.0.0.1/kratos", "10.0.0.1", 80),
        ("http://[::1]:4434", "::1", 4434),
    ],
)
def test_an_upstream_is_told_by_its_address(url: str, address: str, port: int) -> None:
    assert server_of(url) == {"server.address": address, "server.port": port}
