"""A database that fails under a service that runs: row 58, and the table in docs/failures.md.

What needs an effect is not answered 2xx, everything else is, and when the database is well
again so is the service, without anybody's help.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from databases.postgres import Postgres
from faults import databases
from faults.crowd import Crowd, Event
from faults.deployment import Deployment, deployed, until

from webhook_service.effects.effect import State
from webhook_service.effects.store.schema import upgrade
from webhook_service.ory.fake.faults import hang_up

AWAY = "service.store_unavailable"
WELL_SECONDS = 15
"""A worker asks again for a store that was away after five seconds at the most."""

BUSY_SECONDS = 0.3
"""What a busy machine is granted beyond the limits: ``bench/effects.py`` holds to them."""
WITH_EFFECT = 0.5 + BUSY_SECONDS
WITHOUT_EFFECT = 0.2 + BUSY_SECONDS

FAULTS = [
    "locked",
    "full",
    "unwritable",
    *(pytest.param(name, marks=pytest.mark.postgres) for name in ("frozen", "away", "read_only")),
]


@dataclass
class Patient:
    """A service whose database can be made to fail."""

    service: Deployment
    ory: Crowd
    failing: Callable[[], AbstractContextManager[None]]
    on_its_disk: tuple[str, ...] = ()

    def unrecorded(self) -> list[dict[str, Any]]:
        return self.service.listed(State.PENDING, State.RUNNING, prefix=self.on_its_disk)


@pytest.fixture(params=FAULTS)
def patient(request: pytest.FixtureRequest, folder: Path) -> Iterator[Patient]:
    ory, name = Crowd(), request.param
    fault = getattr(databases, name)
    if name in {"frozen", "away", "read_only"}:
        server: Postgres = request.getfixturevalue("server")
        url = server.make_database()
        upgrade(url)
        with deployed(folder, ory, url) as one:
            one.start()
            one.start_worker()
            yield Patient(one, ory, partial(fault, server))
    elif name == "full":
        disk = databases.on_a_small_disk(folder)
        url = f"sqlite:///{folder}/{databases.DISK}/effects.db"
        # The only disk that there is: what else the service has to write must not need one.
        with deployed(folder, ory, url, disk, TMPDIR="") as one:
            one.start()
            yield Patient(one, ory, partial(fault, one), databases.on_the_disk_of(one))
            one.terminate(one.web)
    elif name == "unwritable":
        # It holds for every file of a process: the one that answers has made its own by then.
        with deployed(folder, ory, f"sqlite:///{folder}/effects.db", WEB_CONCURRENCY="1") as one:
            one.start()
            assert one.send(ory.way_back()).status == 204
            yield Patient(one, ory, partial(fault, one))
    else:
        path = folder / "effects.db"
        with deployed(folder, ory, f"sqlite:///{path}") as one:
            one.start()
            yield Patient(one, ory, partial(fault, path))


def answered(patient: Patient, event: Event, *, within: float) -> int:
    """Send an event; return the status, which must have come in time."""
    begun = time.monotonic()
    status = patient.service.send(event).status
    seconds = time.monotonic() - begun
    assert seconds <= within, f"{event.name}: {status} after {seconds:.2f} s"
    return status


def needs_an_effect(ory: Crowd) -> Sequence[tuple[Event, int]]:
    """Return events that must not be answered 2xx, and what their caller can make use of.

    Hydra asks again; of Kratos' callers the person does.
    """
    return (ory.capped(), 503), (ory.way_back(), 403), (ory.login(), 403)


def needs_none(ory: Crowd) -> Sequence[Event]:
    """Return events that lead to nothing; a refresh whose extension is lost is one (P29)."""
    return ory.quiet_login(), ory.quiet_refresh(), ory.machine(), ory.refresh()


def test_what_needs_an_effect_waits_for_the_database_and_nothing_else_does(
    patient: Patient,
) -> None:
    service, ory = patient.service, patient.ory
    early = ory.capped()
    assert service.send(early).status == 204
    assert service.ready().status == 200
    refused: list[Event] = []
    with patient.failing():
        for _ in range(3):  # each of the processes finds out by itself
            for event, status in needs_an_effect(ory):
                assert answered(patient, event, within=WITH_EFFECT) == status, event.name
                refused.append(event)
            for event in needs_none(ory):
                assert answered(patient, event, within=WITHOUT_EFFECT) == 204, event.name
        until(lambda: names_the_database(service), "it does not say that it is not ready")
        assert service.alive().status == 200
        time.sleep(2)  # what was accepted before falls due meanwhile
    until(lambda: service.ready().status == 200, "it does not get well", WELL_SECONDS)
    for event in refused:
        until(partial(is_settled, service, event), f"{event.name} is not taken", WELL_SECONDS)
    for event in (early, *refused):
        until(event.is_done, f"{event.name} is not done", WELL_SECONDS)
    until(lambda: not patient.unrecorded(), "not recorded", WELL_SECONDS)


def names_the_database(service: Deployment) -> bool:
    answer = service.ready()
    return answer.status == 503 and answer.json["errors"] == {"database": AWAY}


def is_settled(service: Deployment, event: Event) -> bool:
    """Send again what was refused: it is taken, or its cap has passed meanwhile."""
    status = service.send(event).status
    return status == 204 or (event.name == "a cap" and status == 403)


def test_a_settings_change_is_done_on_the_spot_and_refused_only_where_that_fails(
    patient: Patient,
) -> None:
    """Settled question 14: the change stands, and the tab may be closed (F75)."""
    service, ory = patient.service, patient.ory
    now, later = ory.new_password(), ory.new_password()
    with patient.failing():
        assert answered(patient, now, within=WITH_EFFECT) == 204
        assert now.is_done()
        ory.break_calls("kratos", hang_up)
        assert answered(patient, later, within=WITH_EFFECT) == 503
        assert not later.is_done()
    ory.heal()
    until(lambda: service.send(later).status == 204, "it is not taken", WELL_SECONDS)
    until(later.is_done, "not done", WELL_SECONDS)


def test_a_file_that_is_moved_away_and_back_loses_nothing(folder: Path) -> None:
    """Whatever was answered meanwhile: 2xx means that it is done."""
    ory, home, elsewhere = Crowd(), folder / "data", folder / "elsewhere"
    home.mkdir()
    with deployed(folder, ory, f"sqlite:///{home}/effects.db") as one:
        one.start()
        shutil.move(home, elsewhere)
        events = [make() for _ in range(10) for make in (ory.way_back, ory.login, ory.capped)]
        answers = {event: one.send(event).status for event in events}
        shutil.move(elsewhere, home)
        for event, status in answers.items():
            assert status in {204, 403, 503}
            if status == 204:
                until(event.is_done, f"{event.name} is lost", WELL_SECONDS)
        until(lambda: one.ready().status == 200, "it does not get well", WELL_SECONDS)
        assert one.send(ory.way_back()).status == 204
