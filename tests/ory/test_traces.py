"""One trace over Kratos or Hydra, the service, and back: they send its context with hooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from ory import database, native
from ory.configuration import Setup
from ory.device import SignIn
from ory.lab import Ory
from ory.service import Service
from ory.waiting import wait_for
from server.collector import Came, Collector, collecting

WHILE_USED = """
sessions:
  - name: signed in while it is used
    when: token.grant == "refresh_token"
    extend: {when_left: 30m}
    max_age: 30d
"""
SERVER = 2
"""OTLP's number of that kind."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture(scope="module")
def ory_setup(collector: Collector) -> Setup:
    return Setup(traces_to=collector.url.removeprefix("http://"))


@pytest.fixture
def traced(service: Service, collector: Collector) -> Service:
    service.start(
        WHILE_USED,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    return service


def test_a_refresh_is_one_trace_from_hydra_over_the_service_to_kratos(
    ory: Ory, traced: Service, collector: Collector, sign_in: SignIn
) -> None:
    device = sign_in()
    database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    record = traced.last("hydra.token", after=1)
    route = "POST /hooks/hydra/token"
    (hook,) = of_trace(collector, record["trace_id"], "webhook-service", route)
    (extend,) = collector.wait_for("PATCH /admin/sessions/{id}/extend")
    assert (extend.trace, extend.parent) == (hook.trace, hook.id)
    (token,) = of_trace(collector, hook.trace, "hydra", "/oauth2/token")
    assert token.parent == ""
    assert leads_to(collector, hook, token)
    path = f"/admin/sessions/{device.session_id}/extend"  # Kratos does not leave out ids
    (extended,) = of_trace(collector, hook.trace, "kratos", path)
    assert extended.parent == extend.id


def test_a_login_is_one_trace_from_kratos_to_the_service(
    ory: Ory, traced: Service, collector: Collector
) -> None:
    assert native.try_login(ory, ory.people.create({})).status_code == 200
    record = traced.last("kratos.login")
    route = "POST /hooks/kratos/login/{method}"
    (hook,) = of_trace(collector, record["trace_id"], "webhook-service", route)
    (login,) = of_trace(collector, hook.trace, "kratos", "/self-service/login")
    assert leads_to(collector, hook, login)


def of_trace(collector: Collector, trace: str, by: str, name: str) -> list[Came]:
    """Return the requests of a trace that one of the three served, once they came."""

    def found() -> list[Came]:
        return [
            one
            for one in collector.of_trace(trace)
            if (one.by, one.kind, one.name) == (by, SERVER, name)
        ]

    return wait_for(found, f"{name} of {by}", 15)


def leads_to(collector: Collector, one: Came, ancestor: Came) -> bool:
    """Whether a span is part of another one, over however many in between."""
    while one.parent:
        above = {other.id: other for other in collector.of_trace(one.trace)}
        if one.parent not in above:
            return False
        one = above[one.parent]
    return one == ancestor
