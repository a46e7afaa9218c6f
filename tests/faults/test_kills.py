"""kill -9: what was answered 2xx is done in the end, whoever dies over it (E1, E4).

An answer counts only where its caller was alive to read it. What must come of it is asked of
the stand-in for Ory, which survives.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from faults.callers import Heard, calling
from faults.crowd import Crowd, Event
from faults.databases import locked
from faults.deployment import Deployment, deployed, until

from webhook_service.effects.effect import State
from webhook_service.effects.worker import LEASE

CALL_SECONDS = 0.005
"""What a call to Ory takes: an effect then takes some 30 ms, and is often killed in the middle."""

IN_THE_END = LEASE.total_seconds() + 60
"""What was held at the last kill waits for its lease; the rest is work."""


def makers(ory: Crowd) -> Sequence[Callable[[], Event]]:
    """Return events that lead to effects of every kind."""
    return ory.new_password, ory.way_back, ory.login, ory.refresh, ory.capped


@pytest.fixture
def ory() -> Crowd:
    return Crowd(CALL_SECONDS)


def some_more(heard: Heard, chance: random.Random) -> None:
    """Wait until some more events were accepted."""
    goal = len(heard.accepted) + chance.randrange(1, 10)
    until(lambda: len(heard.accepted) >= goal, "nothing is accepted any more", 60)


def nothing_is_lost(one: Deployment, heard: Heard) -> None:
    """Hold what came of it against what was accepted."""
    not_kept = one.not_extended()
    accepted = [event for event in heard.accepted if event.subject not in not_kept]

    def lost() -> Counter[str]:
        return Counter(event.name for event in accepted if not event.is_done())

    end = time.monotonic() + IN_THE_END
    while lost() and time.monotonic() < end:
        time.sleep(0.1)
    assert not lost(), f"of {len(accepted)}: {one.store.counts()}"
    until(lambda: not one.unrecorded(), "not recorded", 30)
    assert {state for _, state in one.store.counts().by_state} == {State.DONE}


def test_what_a_service_has_accepted_is_done_however_often_it_is_killed(
    folder: Path, address: str, ory: Crowd, rounds: int, chance: random.Random
) -> None:
    """Row 56. Now the whole of it, now one of its processes; its worker dies with them."""
    with deployed(folder, ory, address, EFFECTS_WORKER="web") as one:
        one.start()
        with calling(one.port, makers(ory), chance) as heard:
            for number in range(rounds):
                some_more(heard, chance)
                if number % 2:
                    one.kill_child(chance.choice)
                else:
                    one.kill()
                    one.start()
        assert heard.unanswered, "no kill was felt"
        one.end_leases_of_the_dead()
        nothing_is_lost(one, heard)


def test_what_a_worker_has_claimed_is_done_by_another_one_when_it_is_killed(
    folder: Path, address: str, ory: Crowd, rounds: int, chance: random.Random
) -> None:
    """The last one that is killed has no successor: its neighbours wait for its lease to end."""
    held = 0

    def at_work() -> list[int]:
        pids = [worker.pid for worker in one.workers]
        return [number for number, pid in enumerate(pids) if one.held_by(pid)]

    with deployed(folder, ory, address, EFFECTS_WORKER="worker") as one:
        one.start()
        for _ in range(3):
            one.start_worker()
        with calling(one.port, makers(ory), chance) as heard:
            for left in reversed(range(rounds)):
                some_more(heard, chance)
                until(lambda: bool(at_work()), "nobody works")
                victim = one.kill_worker(chance.choice(at_work() or [0]))
                held += len(one.held_by(victim.pid))
                if left:
                    one.start_worker()
        assert held, "no worker was killed over an effect"
        assert not heard.unanswered
        nothing_is_lost(one, heard)


def test_of_two_workers_one_does_an_effect(folder: Path, address: str, ory: Crowd) -> None:
    """Row 57."""
    with deployed(folder, ory, address, EFFECTS_WORKER="worker") as one:
        one.start()
        events = [ory.way_back() for _ in range(30)]
        for event in events:
            assert one.send(event).status == 204
        for _ in range(2):
            one.start_worker()
        until(lambda: all(event.is_done() for event in events), "not done", 30)
        until(lambda: not one.unrecorded(), "not recorded")
        assert {effect.attempts for effect in one.effects()} == {1}
        assert {ory.ended(session) for session in ory.kratos.sessions} == {1}
        assert one.log().count('"an effect is done"') == 2 * len(events)


@contextmanager
def writes_wait(address: str) -> Iterator[None]:
    """Let no write end, as while somebody else holds a lock."""
    if address.startswith("sqlite"):
        lock: AbstractContextManager[object] = locked(Path(address.removeprefix("sqlite:///")))
    else:
        lock = psycopg.connect(address)
    with lock as connection:
        if isinstance(connection, psycopg.Connection):
            connection.execute("LOCK TABLE effects IN EXCLUSIVE MODE")
        yield
        if isinstance(connection, psycopg.Connection):
            connection.rollback()


def test_what_was_not_kept_yet_when_it_was_killed_is_not_answered(
    folder: Path, address: str, ory: Crowd
) -> None:
    """Row 55: Ory asks again, with the same bytes (F87)."""
    event = ory.way_back()
    answers: list[int | None] = []

    def send() -> None:
        try:
            answers.append(one.send(event).status)
        except (OSError, EOFError):
            answers.append(None)

    with deployed(folder, ory, address, EFFECTS_WORKER="web") as one:
        one.start()
        with writes_wait(address):
            caller = threading.Thread(target=send)
            caller.start()
            time.sleep(0.2)  # half of what it waits for the commit
            one.kill()
            caller.join()
        assert answers == [None]
        assert one.effects() == ()
        one.start()
        assert one.send(event).status == 204
        until(event.is_done, "not done")


def test_what_a_person_who_has_gone_away_has_asked_for_is_done(
    folder: Path, address: str, ory: Crowd
) -> None:
    """F75, row 60: the tab is closed, Kratos gives up its call, and the password has changed."""
    event = ory.new_password()
    with deployed(folder, ory, address, EFFECTS_WORKER="web") as one:
        one.start()
        with writes_wait(address), socket.create_connection(("127.0.0.1", one.port)) as caller:
            caller.sendall(event.request)
            time.sleep(0.1)
            caller.close()
            assert not event.is_done()
        until(event.is_done, "not done")
        until(lambda: not one.unrecorded(), "not recorded")
        assert len(one.effects(State.DONE)) == 2
