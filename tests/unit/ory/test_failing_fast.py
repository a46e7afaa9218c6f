"""Bad inputs 45, 51, 53 and 64 over time: an upstream that is down is left alone, and comes back.

On real sockets; but for the last test, the clock of the outage is the test's own.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from webhook_service.ory.connections import _Bound
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.names import Address, Names
from webhook_service.ory.outage import Outage
from webhook_service.ory.transport import Transport

BRIEF = 0.06
"""Seconds of a call that is long enough to tell that the upstream hangs."""

THREADS = 32


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport(served: Served, clock: Clock) -> Iterator[Transport]:
    one = Transport("kratos", served.kratos.url, outage=Outage("kratos", clock=clock))
    yield one
    one.close()


@pytest.fixture
def kratos(transport: Transport) -> Kratos:
    return Kratos(transport)


def failure(kratos: Kratos, session_id: str, seconds: float = BRIEF) -> OryError:
    with pytest.raises(OryError) as caught:
        kratos.session(session_id, Deadline.after(seconds))
    return caught.value


def go_down(kratos: Kratos, session_id: str, clock: Clock) -> None:
    """Let five calls fail, over half a second by the clock of the outage."""
    for _ in range(5):
        failure(kratos, session_id)
        clock.advance(0.125)


def is_answered(kratos: Kratos, session_id: str) -> bool:
    try:
        return kratos.session(session_id, Deadline.after(5)) is not None
    except OryError:
        return False


def test_a_hang_costs_five_calls_their_time_and_the_sixth_none(
    fake: FakeOry, kratos: Kratos, session_id: str, clock: Clock
) -> None:
    """45."""
    fake.break_calls("kratos", faults.hang)
    for _ in range(5):
        assert failure(kratos, session_id).reason is UpstreamReason.TIMEOUT
        clock.advance(0.125)
    spent = []
    for _ in range(20):
        begun = time.perf_counter()
        error = failure(kratos, session_id, seconds=5)
        spent.append(time.perf_counter() - begun)
        assert error.reason is UpstreamReason.TIMEOUT
        assert error.detail.startswith("not asked")
    # The quickest: another program on this machine may hold up any one of them.
    assert min(spent) < 0.001
    assert len(fake.calls) == 5


def test_an_upstream_that_is_back_is_found_within_the_time_between_two_looks(
    fake: FakeOry, kratos: Kratos, session_id: str, clock: Clock
) -> None:
    fake.break_calls("kratos", faults.hang)
    go_down(kratos, session_id, clock)
    fake.heal()
    assert not is_answered(kratos, session_id)
    clock.advance(0.61)
    assert all(is_answered(kratos, session_id) for _ in range(3))


def test_changes_are_not_sent_to_an_upstream_that_is_down(
    fake: FakeOry, kratos: Kratos, session_id: str, clock: Clock
) -> None:
    fake.break_calls("kratos", faults.hang)
    go_down(kratos, session_id, clock)
    with pytest.raises(OryError):
        kratos.extend(session_id, Deadline.after(5))
    assert {call.method for call in fake.calls} == {"GET"}


def test_a_health_check_reaches_an_upstream_that_is_down_and_ends_the_outage(
    fake: FakeOry, transport: Transport, kratos: Kratos, session_id: str, clock: Clock
) -> None:
    fake.break_calls("kratos", faults.hang)
    go_down(kratos, session_id, clock)
    with pytest.raises(OryError) as caught:
        kratos.ready(Deadline.after(BRIEF))
    assert not caught.value.detail.startswith("not asked")
    fake.heal()
    kratos.ready(Deadline.after(5))
    assert not transport.outage.state().down
    assert is_answered(kratos, session_id)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.says(429, {"Retry-After": "3600"}), id="51 answers 429"),
        pytest.param(faults.says(503), id="answers 503"),
        pytest.param(faults.says(401), id="50 answers 401"),
        pytest.param(faults.html, id="47 answers with HTML"),
    ],
)
def test_an_upstream_that_answers_badly_is_asked_all_the_same(
    fake: FakeOry, kratos: Kratos, session_id: str, clock: Clock, fault: faults.Fault
) -> None:
    fake.break_calls("kratos", fault)
    for _ in range(10):
        failure(kratos, session_id, seconds=5)
        clock.advance(0.125)
    assert len(fake.calls) == 10


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.reset, id="46 resets"),
        pytest.param(faults.hang_up, id="46 hangs up"),
        pytest.param(faults.says(502), id="its proxy answers 502"),
    ],
)
def test_an_upstream_behind_which_nobody_answers_is_down_as_well(
    fake: FakeOry, kratos: Kratos, session_id: str, clock: Clock, fault: faults.Fault
) -> None:
    fake.break_calls("kratos", fault)
    for _ in range(5):
        assert failure(kratos, session_id, seconds=5).reason is UpstreamReason.UNREACHABLE
        clock.advance(0.125)
    for _ in range(5):
        assert failure(kratos, session_id, seconds=5).reason is UpstreamReason.UNREACHABLE
    assert len(fake.calls) == 5


def test_a_name_that_does_not_resolve_is_looked_up_no_more_until_it_does(
    served: Served, session_id: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """53."""
    looked_up = 0
    answer: list[Address] = []

    def lookup(_host: str, _port: int) -> list[Address]:
        nonlocal looked_up
        looked_up += 1
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answer

    # By the same clock: else it would be the names' own memory that spares the lookups.
    monkeypatch.setattr(_Bound, "names", Names(lookup, clock))
    outage = Outage("kratos", clock=clock, chance=lambda: 0.5)
    kratos = Kratos(Transport("kratos", "http://kratos.example:4434", outage=outage))
    for _ in range(5):
        assert failure(kratos, session_id, 5).detail == "its name does not resolve"
        clock.advance(1.01)
    assert looked_up == 5
    clock.advance(-1.01)
    for _ in range(100):
        error = failure(kratos, session_id, 5)
        assert error.reason is UpstreamReason.UNREACHABLE
        assert error.detail.endswith("the last call: its name does not resolve")
    host, port = served.kratos.url.removeprefix("http://").split(":")
    answer.append((socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port))))
    clock.advance(1.01)
    assert is_answered(kratos, session_id)
    assert looked_up == 6


def test_calls_to_a_slow_upstream_run_side_by_side(
    fake: FakeOry, served: Served, transport: Transport, session_id: str
) -> None:
    """Each is answered only once all have arrived: a lock held during a call would stop them."""
    arrived = threading.Barrier(THREADS)
    unblocked = fake.handle

    def handle(*args: object) -> object:
        arrived.wait(10)
        return unblocked(*args)  # type: ignore[arg-type]  # handed on as they came

    fake.handle = handle  # type: ignore[method-assign, assignment]  # makes the stand-in wait
    kratos = Kratos(transport)
    deadline = Deadline.after(10)
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(kratos.session, session_id, deadline) for _ in range(THREADS)]
        assert all(call.result() is not None for call in calls)


def test_a_crowd_at_a_hanging_upstream_is_through_in_little_more_than_one_deadline(
    fake: FakeOry, served: Served, session_id: str
) -> None:
    """64: one after the other behind 32 threads, these calls would take ten deadlines."""
    fake.break_calls("kratos", faults.hang)
    kratos = Kratos(Transport("kratos", served.kratos.url))
    begun = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(failure, kratos, session_id, 0.6) for _ in range(10 * THREADS)]
        for call in calls:
            assert call.result().reason is UpstreamReason.TIMEOUT
    assert time.monotonic() - begun < 2.5
    # One call a thread, and a second one of those that were free before the fifth failure.
    assert len(fake.calls) < 2 * THREADS
