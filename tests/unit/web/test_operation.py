"""Health, version and metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import requests
from unit.workbench import KRATOS_URL, Bench, BenchMaker, Recorded
from unit.world import SLIDING

import webhook_service
from webhook_service.effects.effect import Kind, Retry, State
from webhook_service.effects.keeping import Counts
from webhook_service.records import metrics

OPERATOR = {"Authorization": "Bearer operator-key-" + "o" * 24}


def test_alive_whatever_ory_does(make_bench: BenchMaker) -> None:
    """bad-inputs row 65."""
    bench = make_bench()
    bench.fail("GET", requests.ConnectionError("down"))
    assert bench.client.get("/health/alive").json == {"status": "ok"}
    assert bench.client.get("/version").json == {"version": webhook_service.__version__}


def test_ready_names_the_policy_and_each_upstream(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    deny:
      - name: nobody
        when: client.id == "x"
    """)
    answer = bench.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["upstreams"] == {"kratos": "ok", "hydra": "ok", "kratos_public": "ok"}
    assert answer.json["policy"]["rules"] == 1


def test_not_ready_while_ory_is_down(make_bench: BenchMaker) -> None:
    bench = make_bench()
    bench.fail("GET", requests.ConnectionError("down"))
    answer = bench.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["errors"] == {
        "kratos": "upstream.unreachable",
        "hydra": "upstream.unreachable",
    }


def test_a_crowd_that_asks_for_readiness_costs_ory_one_call_each(make_bench: BenchMaker) -> None:
    bench = make_bench()
    for _ in range(20):
        bench.client.get("/health/ready")
    assert len(bench.calls()) == 3


def test_who_asks_while_another_does_gets_the_last_answer_at_once(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench()
    bench.client.get("/health/ready")
    readiness = bench.app.extensions["readiness"]
    readiness._until = 0.0
    with readiness._lock:
        assert bench.client.get("/health/ready").status_code == 200
    assert len(bench.calls()) == 3


def test_one_policy_is_in_force_in_the_metrics() -> None:
    metrics.tell_policy("before")
    metrics.tell_policy("after")
    text = metrics.scrape().decode()
    lines = {line for line in text.splitlines() if line.startswith("webhook_service_info")}
    assert [line for line in lines if line.endswith(" 1.0")] == [
        line for line in lines if 'policy="after"' in line
    ]


def test_an_upstream_that_no_setting_names_is_not_asked(make_bench: BenchMaker) -> None:
    bench = make_bench(hydra_admin_url=None, check_keys=(), kratos_public_url=None)
    assert bench.client.get("/health/ready").json["upstreams"] == {"kratos": "ok"}


def test_both_apis_of_kratos_at_one_address_are_asked_once(make_bench: BenchMaker) -> None:
    """So it is on Ory Network."""
    bench = make_bench(kratos_public_url=KRATOS_URL)
    assert set(bench.client.get("/health/ready").json["upstreams"]) == {"kratos", "hydra"}


def test_metrics_count_events_by_verdict_and_reason(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("""
    deny:
      - name: no machines
        when: client.id == "machine"
        events: [hydra.token]
    """)
    body = recorded.body("hydra.token.client_credentials")
    labels = 'event="hydra.token",reason="rule.denied",verdict="deny"'
    before = value(bench, f"webhook_service_events_total{{{labels}}}")
    bench.token(body)
    bench.token(body)
    assert value(bench, f"webhook_service_events_total{{{labels}}}") == before + 2
    assert value(bench, f"webhook_service_event_seconds_count{{{labels}}}") == before + 2


def test_metrics_count_what_was_refused_before_a_decision(make_bench: BenchMaker) -> None:
    bench = make_bench()
    name = 'webhook_service_requests_refused_total{caller="kratos",reason="request.unauthorized"}'
    before = value(bench, name)
    bench.client.post("/hooks/kratos/login/password")
    bench.client.post("/hooks/kratos/login/anything")
    assert value(bench, name) == before + 2


def value(bench: Bench, name: str) -> float:
    """Read one sample; 0 where it is not there yet."""
    for line in bench.client.get("/metrics", headers=OPERATOR).text.splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_without_its_database_the_service_is_alive_and_not_ready(make_bench: BenchMaker) -> None:
    """Row 58."""
    bench = make_bench()
    bench.effects.away = True
    answer = bench.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["errors"] == {"database": "service.store_unavailable"}
    assert answer.json["database"] == "service.store_unavailable"
    assert bench.client.get("/health/alive").status_code == 200


def test_metrics_tell_how_many_effects_stand_where(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench(SLIDING)
    bench.token(refresh)
    text = bench.client.get("/metrics", headers=OPERATOR).text
    assert 'webhook_service_effects{kind="end_session",state="pending"} 0.0' in text
    assert "webhook_service_effects_oldest_due_seconds 0.0" in text
    assert "webhook_service_store_up 1.0" in text
    bench.effects.away = True
    assert "webhook_service_store_up 0.0" in bench.client.get("/metrics", headers=OPERATOR).text


def test_metrics_count_effects_as_they_come_and_end() -> None:
    counted = metrics.CountedEffects()
    counted.accepted(Kind.REVOKE_TOKENS)
    counted.begun(Kind.REVOKE_TOKENS, 0.2)
    counted.ended(Kind.REVOKE_TOKENS, Retry("upstream.timeout"))
    metrics.tell_effects(Counts({(Kind.REVOKE_TOKENS, State.FAILED): 2}, timedelta(seconds=90)))
    text = metrics.scrape().decode()
    assert 'webhook_service_effects_accepted_total{kind="revoke_tokens"} 1.0' in text
    assert 'webhook_service_effects_ended_total{kind="revoke_tokens",outcome="retry"} 1.0' in text
    assert 'webhook_service_effect_late_seconds_sum{kind="revoke_tokens"} 0.2' in text
    assert 'webhook_service_effects{kind="revoke_tokens",state="failed"} 2.0' in text
    assert "webhook_service_effects_oldest_due_seconds 90.0" in text
