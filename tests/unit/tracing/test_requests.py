"""The span of a request: whose it is, what is in it, and who leaves none."""

from __future__ import annotations

import time
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from unit.tracing.made import CAME, PARENT, TRACE, Made, links_of, parent_of, told, trace_of
from unit.workbench import CHECK_KEY, ORIGIN, BenchMaker, Recorded

from webhook_service.tracing import spans
from webhook_service.web.body import ARRIVED_AT

TOKEN = "POST /hooks/hydra/token"
FIRST = f"00-{TRACE}-{PARENT}-00"
"""Of a trace that is not sampled."""


def test_a_hook_goes_on_with_the_trace_of_its_caller(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    assert make_traced().token(refresh, **CAME).status_code == 204
    span = made.only(TOKEN)
    assert trace_of(span) == TRACE
    assert parent_of(span) == PARENT
    assert span.kind is SpanKind.SERVER
    assert told(span) == {
        "http.request.method": "POST",
        "http.route": "/hooks/hydra/token",
        "url.scheme": "http",
        "http.response.status_code": 204,
    }


def test_a_hook_without_a_trace_begins_one(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced()
    bench.token(refresh)
    bench.token({**refresh, "number": 1})
    first, second = (span for span in made.all() if span.name == TOKEN)
    assert first.parent is None
    assert trace_of(first) != trace_of(second)


@pytest.mark.parametrize("traceparent", ["", "nonsense", "é", f"ff-{TRACE}-{PARENT}-01", "0" * 500])
def test_a_trace_context_that_cannot_be_read_is_as_none(
    make_traced: BenchMaker, made: Made, refresh: Any, traceparent: str
) -> None:
    assert make_traced().token(refresh, traceparent=traceparent).status_code == 204
    assert made.only(TOKEN).parent is None


def test_a_span_is_named_by_the_template_of_its_route(
    make_traced: BenchMaker, made: Made, recorded: Recorded
) -> None:
    make_traced().login(recorded.body("kratos.login.api.aal1"), method="passkey")
    assert made.only("POST /hooks/kratos/login/{method}")


def test_what_its_caller_does_not_sample_is_not_exported_but_named_in_the_log(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced()
    bench.token(refresh, traceparent=FIRST)
    assert made.names() == []
    assert bench.record()["trace_id"] == TRACE


def test_the_line_of_a_decision_names_its_trace_and_span(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced()
    bench.token(refresh, **CAME)
    record = bench.record()
    assert record["trace_id"] == TRACE
    assert int(record["span_id"], 16) == made.only(TOKEN).get_span_context().span_id  # type: ignore[union-attr]  # it has one


def test_no_line_names_a_trace_where_tracing_is_off(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench()
    bench.token(refresh, **CAME)
    assert not {"trace_id", "span_id"} & bench.record().keys()


def test_who_has_no_key_leaves_no_span(make_traced: BenchMaker, made: Made, refresh: Any) -> None:
    bench = make_traced()
    assert bench.post("/hooks/hydra/token", refresh, key="x" * 40, **CAME).status_code == 401
    assert bench.at_gateway(key=None, **CAME).status_code == 401
    assert bench.client.get("/nowhere", headers=CAME).status_code == 404
    assert bench.client.get("/metrics", headers=CAME).status_code == 401
    assert made.names() == []


def test_health_and_metrics_leave_no_span(make_traced: BenchMaker, made: Made) -> None:
    bench = make_traced()
    assert bench.client.get("/health/alive", headers=CAME).status_code == 200
    assert bench.client.get("/health/ready", headers=CAME).status_code == 200
    assert made.names() == []


def test_a_body_that_is_refused_is_in_the_span_as_its_status(
    make_traced: BenchMaker, made: Made
) -> None:
    make_traced().token(b"{", **CAME)
    span = made.only(TOKEN)
    assert told(span)["http.response.status_code"] == 400
    assert span.status.status_code is StatusCode.UNSET


def test_an_answer_of_5xx_is_an_error(make_traced: BenchMaker, made: Made, refresh: Any) -> None:
    bench = make_traced("mfa: [{name: second, require: {aal: aal2}}]")
    bench.fail("GET", 500)
    assert bench.token(refresh, **CAME).status_code == 503
    span = made.only(TOKEN)
    assert told(span)["error.type"] == "503"
    assert span.status.status_code is StatusCode.ERROR


def test_a_failure_of_the_service_says_nothing_of_what_it_was(
    make_traced: BenchMaker, made: Made, refresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_traced()
    service = bench.app.extensions["wired"].service

    def broken(*_: object) -> None:
        raise ValueError("lovelace@example.org is not a number")

    monkeypatch.setattr(type(service.decider), "_decided", broken)
    assert bench.token(refresh).status_code == 500
    assert told(made.only("decide hydra.token"))["error.type"] == "ValueError"
    assert "lovelace" not in "".join(span.to_json() for span in made.all())


def test_a_backend_that_asks_goes_on_with_its_trace(make_traced: BenchMaker, made: Made) -> None:
    bench = make_traced()
    asked = {"session_id": "9a1c1e2e-6a4c-4b2a-9a7e-0f6a0c6a6a6a", "subject": "nobody"}
    bench.post("/check", asked, key=CHECK_KEY, **CAME)
    assert trace_of(made.only("POST /check")) == TRACE


def test_a_gateway_hands_on_what_strangers_send_so_theirs_is_but_linked(
    make_traced: BenchMaker, made: Made
) -> None:
    make_traced().at_gateway(**CAME)
    span = made.only("GET /check")
    assert span.parent is None
    assert trace_of(span) != TRACE
    assert links_of(span) == [TRACE]


def test_a_page_or_an_app_does_not_decide_which_trace_a_refresh_is_of(
    make_traced: BenchMaker, made: Made
) -> None:
    headers = {"Origin": ORIGIN, **CAME}
    make_traced().client.post("/session/refresh", headers=headers)
    span = made.only("POST /session/refresh")
    assert trace_of(span) != TRACE
    assert links_of(span) == [TRACE]


def test_a_browser_at_a_gate_does_not_either(make_traced: BenchMaker, made: Made) -> None:
    bench = make_traced(public_url="https://auth.example.org")
    bench.client.get("/oauth2/login?login_challenge=a-challenge", headers=CAME)
    span = made.only("GET /oauth2/login")
    assert trace_of(span) != TRACE
    assert links_of(span) == [TRACE]


def test_a_request_after_another_on_the_same_thread_is_not_part_of_it(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced()
    bench.token(refresh, **CAME)
    made.clear()
    bench.at_gateway()
    assert {trace_of(span) for span in made.all()}.isdisjoint({TRACE})


def test_a_request_is_part_of_nothing_that_its_thread_has_not_ended(made: Made) -> None:
    with (
        spans.decision("hydra.token", "a-digest"),
        spans.request("POST", "/check", "http", None),
    ):
        pass
    assert made.only("POST /check").parent is None


def test_the_time_that_a_request_waited_for_its_turn_is_part_of_its_span(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced()
    arrived = {ARRIVED_AT: time.monotonic() - 0.3}
    bench.client.environ_base.update(arrived)
    bench.token(refresh)
    span = made.only(TOKEN)
    assert span.start_time is not None
    assert span.end_time is not None
    assert 0.3 <= (span.end_time - span.start_time) / 1e9 < 5
