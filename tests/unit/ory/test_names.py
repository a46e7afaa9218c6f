"""Host names within deadlines: bad input 53, without a name server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.names import MEMORY, PATIENCE, Address, Names

FOUND: list[Address] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]


class Lookup:
    """A name server that answers only when it is told to."""

    def __init__(self) -> None:
        self.answer: list[Address] | OSError = FOUND
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked = 0

    def __call__(self, _host: str, _port: int) -> list[Address]:
        self.asked += 1
        self.go_on.wait(10)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lookup() -> Iterator[Lookup]:
    server = Lookup()
    yield server
    server.go_on.set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def names(lookup: Lookup, clock: Clock) -> Names:
    return Names(lookup, clock)


def soon() -> Deadline:
    return Deadline.after(5)


def at_once() -> Deadline:
    return Deadline.after(0.02)


def wait_for_the_lookup_to_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "name-lookup":
            thread.join(5)


def test_a_name_resolves_to_its_addresses(names: Names) -> None:
    assert names.resolve("kratos.example", 80, soon()) == FOUND


def test_an_address_is_no_name_and_is_not_looked_up(names: Names, lookup: Lookup) -> None:
    assert names.resolve("127.0.0.1", 80, soon())[0][-1] == ("127.0.0.1", 80)
    assert names.resolve("::1", 80, soon())[0][0] == socket.AF_INET6
    assert lookup.asked == 0


def test_a_lookup_that_hangs_is_waited_for_until_the_deadline_only(
    names: Names, lookup: Lookup
) -> None:
    lookup.go_on.clear()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        names.resolve("kratos.example", 80, Deadline.after(0.05))
    assert time.monotonic() - begun < 0.5


def test_one_lookup_at_a_time_serves_everyone_who_waits(names: Names, lookup: Lookup) -> None:
    lookup.go_on.clear()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            names.resolve("kratos.example", 80, at_once())
    assert lookup.asked == 1


def test_a_lookup_that_has_hung_for_long_is_not_waited_for_at_all(
    names: Names, lookup: Lookup, clock: Clock
) -> None:
    lookup.go_on.clear()
    with pytest.raises(TimeoutError):
        names.resolve("kratos.example", 80, at_once())
    clock.now += PATIENCE
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="in vain"):
        names.resolve("kratos.example", 80, Deadline.after(5))
    assert time.monotonic() - begun < 0.5


def test_once_a_hanging_lookup_has_ended_names_resolve_again(
    names: Names, lookup: Lookup, clock: Clock
) -> None:
    lookup.go_on.clear()
    with pytest.raises(TimeoutError):
        names.resolve("kratos.example", 80, at_once())
    clock.now += PATIENCE
    lookup.go_on.set()
    wait_for_the_lookup_to_end()
    assert names.resolve("kratos.example", 80, soon()) == FOUND


def test_a_name_that_does_not_resolve_fails_fast_for_a_moment_and_then_is_asked_again(
    names: Names, lookup: Lookup, clock: Clock
) -> None:
    lookup.answer = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            names.resolve("kratos.example", 80, soon())
    assert lookup.asked == 1
    lookup.answer = FOUND
    clock.now += MEMORY
    assert names.resolve("kratos.example", 80, soon()) == FOUND
    assert names.resolve("kratos.example", 80, soon()) == FOUND


def test_one_names_trouble_is_not_anothers(names: Names, lookup: Lookup) -> None:
    lookup.answer = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(socket.gaierror):
        names.resolve("kratos.example", 80, soon())
    lookup.answer = FOUND
    assert names.resolve("hydra.example", 80, soon()) == FOUND


def test_what_cannot_be_a_host_name_does_not_resolve() -> None:
    with pytest.raises(socket.gaierror):
        Names().resolve(f"{'a' * 64}.example", 80, soon())
