"""What outlives the answer, with the real server, its database and its worker."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from server.running import KRATOS, REFRESH, SERVERS, Service, hook, running
from server.wire import ask
from unit.workbench import Recorded

from webhook_service import sandbox
from webhook_service.effects.effect import Effect, State
from webhook_service.opening import open_store
from webhook_service.ory.fake.faults import hang_up
from webhook_service.service import utc_now

POLICY = """
sessions:
  - name: not for long
    when: token.grant == "refresh_token"
    extend: true
    max_age: 1h4s
revoke:
  - name: a new password
    events: [kratos.settings]
    revoke: [all_sessions, tokens]
"""
SECONDS = 15


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def service(server: str, tmp_path: Path) -> Iterator[Service]:
    """A session of which four seconds are left once the service is up."""
    with running(tmp_path, server, sandbox.stand_in(), POLICY) as one:
        web = one.ory.kratos.sessions[sandbox.WEB_SESSION]
        web.authenticated_at = web.issued_at = datetime.now(UTC) - timedelta(hours=1)
        web.factors = [("password", "aal1", web.issued_at)]
        yield one


def effects(service: Service) -> tuple[Effect, ...]:
    store = open_store(f"sqlite:///{service.folder / 'webhook-service.db'}", utc_now)
    return store.list()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_session_ends_at_its_cap_although_no_hook_came(service: Service) -> None:
    assert service.refresh().status == 204
    (cap,) = effects(service)
    assert cap.state is State.PENDING
    web = service.ory.kratos.sessions[sandbox.WEB_SESSION]
    until(lambda: web.revoked, "the session was not ended")
    late = (datetime.now(UTC) - cap.due).total_seconds()
    assert 0 <= late < 2
    until(lambda: effects(service)[0].state is State.DONE, "the effect is not done")
    assert service.refresh({**REFRESH, "number": 1}).status == 403


def test_a_service_that_was_killed_before_the_time_ends_it_after_its_start(
    service: Service, tmp_path: Path
) -> None:
    """Row 56."""
    assert service.refresh().status == 204
    for pid in (*service.workers(), service.process.pid):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()
    web = service.ory.kratos.sessions[sandbox.WEB_SESSION]
    until(lambda: datetime.now(UTC) > effects(service)[0].due, "its time did not come")
    assert not web.revoked
    with running(tmp_path, service.server, service.ory, POLICY):
        until(lambda: web.revoked, "the session was not ended")


def settings_change() -> bytes:
    body: dict[str, Any] = Recorded().body("kratos.settings-password.api")
    return hook(body, key=KRATOS, target="/hooks/kratos/settings/password")


def test_a_password_change_during_an_outage_of_kratos_counts_when_it_is_back(
    service: Service,
) -> None:
    service.ory.break_calls("kratos", hang_up)
    assert ask(service.port, settings_change()).status == 204
    # What is being ended is ended already: no token in between (E7).
    assert service.refresh().status == 403
    service.ory.heal()
    web = service.ory.kratos.sessions[sandbox.WEB_SESSION]
    until(lambda: web.revoked, "the session was not ended")


def test_a_database_that_takes_nothing_costs_no_answer_that_needs_no_effect(
    service: Service,
) -> None:
    """Row 58, E1: what needs an effect is not answered 2xx, and Hydra asks again."""
    holder = sqlite3.connect(service.folder / "webhook-service.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    assert service.refresh().status == 503
    assert time.monotonic() - begun < 1
    machine = Recorded().body("hydra.token.client_credentials")
    assert ask(service.port, hook(machine)).status == 204
    holder.close()
    # By then the session may be past its cap: that, too, needs the database.
    until(lambda: service.refresh().status in {204, 403}, "it does not heal")
