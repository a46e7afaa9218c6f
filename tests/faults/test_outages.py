"""Ory is away for a while, or the service is told to stop: nothing that was accepted is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.crowd import Crowd, Event
from faults.deployment import Deployment, deployed, until

from webhook_service.effects.effect import State
from webhook_service.ory.fake.faults import hang, hang_up

BACK_OFFS = 3
"""0.5 s, 1 s and 2 s, each half as long or half as long again."""

NEXT_TRY_SECONDS = 20
"""The longest wait after them, and some for the work."""

CALL_SECONDS = 0.15
"""An effect then takes a second."""


@pytest.fixture
def ory() -> Crowd:
    return Crowd()


@pytest.fixture
def service(folder: Path, address: str, ory: Crowd) -> Iterator[Deployment]:
    with deployed(folder, ory, address, EFFECTS_WORKER="web") as one:
        one.start()
        yield one


def accepted(service: Deployment, *events: Event) -> tuple[Event, ...]:
    """Have the service accept events."""
    for event in events:
        assert service.send(event).status == 204, event.name
    return events


def all_done(service: Deployment, events: tuple[Event, ...], seconds: float = 15) -> None:
    for event in events:
        until(event.is_done, f"{event.name} is not done", seconds)
    until(lambda: not service.unrecorded(), "not recorded", seconds)
    assert {state for _, state in service.store.counts().by_state} == {State.DONE}


def test_what_is_accepted_while_ory_is_away_is_done_when_it_is_back(
    service: Deployment, ory: Crowd
) -> None:
    """Row 65: alive 200, ready 503, and each effect waits longer from try to try (E6)."""
    for upstream in "kratos", "hydra":
        ory.break_calls(upstream, hang_up)
    events = accepted(
        service,
        *(make() for _ in range(5) for make in (ory.new_password, ory.way_back, ory.refresh)),
    )
    assert service.alive().status == 200
    ready = service.ready()
    assert ready.status == 503
    assert ready.json["errors"] == {
        "kratos": "upstream.unreachable",
        "hydra": "upstream.unreachable",
    }
    until(
        lambda: all(one.attempts >= BACK_OFFS for one in service.unrecorded()),
        "it does not try",
        NEXT_TRY_SECONDS,
    )
    assert not any(event.is_done() for event in events)
    reasons = {one.reason for one in service.unrecorded()}
    assert reasons == {"upstream.unreachable"}
    ory.heal()
    all_done(service, events, NEXT_TRY_SECONDS)


def test_what_runs_when_a_service_is_told_to_stop_ends_and_the_rest_is_done_later(
    service: Deployment, ory: Crowd
) -> None:
    ory.seconds = CALL_SECONDS
    events = accepted(service, *(ory.way_back() for _ in range(20)))
    until(lambda: bool(service.effects(State.RUNNING)), "nothing runs")
    assert service.terminate(service.web) == 0
    assert service.effects(State.RUNNING) == ()
    assert service.effects(State.DONE), "nothing ended"
    assert service.effects(State.PENDING), "nothing is left"
    service.start()
    all_done(service, events)


def test_what_does_not_end_when_a_service_is_told_to_stop_comes_due_again(
    service: Deployment, ory: Crowd
) -> None:
    """It goes all the same: a platform would kill it."""
    ory.break_calls("kratos", hang)
    events = accepted(service, *(ory.way_back() for _ in range(3)))
    until(lambda: bool(service.effects(State.RUNNING)), "nothing runs")
    assert service.terminate(service.web) == 0
    assert service.effects(State.RUNNING), "what hangs was recorded"
    ory.heal()
    service.start()
    service.end_leases_of_the_dead()
    all_done(service, events)


def test_what_runs_when_a_worker_is_told_to_stop_ends_and_another_one_goes_on(
    folder: Path, address: str, ory: Crowd
) -> None:
    ory.seconds = CALL_SECONDS
    with deployed(folder, ory, address, EFFECTS_WORKER="worker") as one:
        one.start()
        one.start_worker()
        events = accepted(one, *(ory.way_back() for _ in range(20)))
        (worker,) = one.workers
        until(lambda: bool(one.held_by(worker.pid)), "nothing runs")
        assert one.terminate(worker) == 0
        assert one.effects(State.RUNNING) == ()
        assert one.effects(State.DONE), "nothing ended"
        assert one.effects(State.PENDING), "nothing is left"
        one.start_worker()
        all_done(one, events)
