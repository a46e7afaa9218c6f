"""Connections: kept, replaced when they went stale, made within the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from webhook_service.ory.connections import (
    CURRENT,
    Attempt,
    BoundAdapter,
    _Bound,
    connect,
)
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.names import Address, Names
from webhook_service.ory.transport import Transport

THREADS = 8


def soon() -> Deadline:
    return Deadline.after(5)


def test_calls_one_after_the_other_share_a_connection(
    served: Served, kratos: Kratos, session_id: str
) -> None:
    for _ in range(10):
        assert kratos.session(session_id, soon()) is not None
        assert kratos.extend(session_id, soon()) is not None
    assert served.kratos.accepted == 1


def test_answers_that_are_no_success_leave_the_connection_usable(
    served: Served, kratos: Kratos, session_id: str
) -> None:
    unknown = "11111111-2222-4333-8444-555555555555"
    for _ in range(5):
        assert kratos.session(unknown, soon()) is None
        assert kratos.session(session_id, soon()) is not None
    assert served.kratos.accepted == 1


def test_every_thread_keeps_one_connection(served: Served, kratos: Kratos, session_id: str) -> None:
    found: list[bool] = []

    def call_often() -> None:
        found.extend(kratos.session(session_id, soon()) is not None for _ in range(20))

    run_at_once(call_often)
    assert found == [True] * 20 * THREADS
    assert served.kratos.accepted <= THREADS


def test_a_pool_smaller_than_its_callers_still_serves_them_all(
    served: Served, session_id: str
) -> None:
    kratos = Kratos(Transport("kratos", served.kratos.url, connections=1))
    found: list[bool] = []
    run_at_once(lambda: found.append(kratos.session(session_id, soon()) is not None))
    assert found == [True] * THREADS


def run_at_once(work: object) -> None:
    assert callable(work)
    barrier = threading.Barrier(THREADS)

    def run() -> None:
        barrier.wait(5)
        work()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_connections_that_a_restart_ended_are_replaced(
    served: Served, kratos: Kratos, session_id: str
) -> None:
    kratos.session(session_id, soon())
    served.kratos.drop_connections()
    assert kratos.session(session_id, soon()) is not None
    assert kratos.extend(session_id, soon()) is not None
    assert served.kratos.accepted == 2


def test_a_kept_connection_that_dies_under_a_read_is_replaced_once(
    fake: FakeOry, served: Served, kratos: Kratos, session_id: str
) -> None:
    kratos.session(session_id, soon())
    fake.break_calls("kratos", faults.hang_up, times=1)
    assert kratos.session(session_id, soon()) is not None
    assert len(fake.calls) == 3
    assert served.kratos.accepted == 2


def test_the_second_try_takes_no_other_kept_connection(
    fake: FakeOry, served: Served, kratos: Kratos, session_id: str
) -> None:
    """After a restart all kept ones may be dead, and there is only one more try."""
    kratos.session(session_id, soon())
    with borrowed_connection(kratos):
        kratos.session(session_id, soon())
    assert served.kratos.accepted == 2
    fake.break_calls("kratos", faults.hang_up, times=1)
    assert kratos.session(session_id, soon()) is not None
    assert served.kratos.accepted == 3


@contextmanager
def borrowed_connection(kratos: Kratos) -> Iterator[None]:
    """Keep a kept connection busy, as another thread would."""
    adapter = kratos._transport._session.get_adapter("http://")
    assert isinstance(adapter, BoundAdapter)
    pool = adapter.poolmanager.connection_from_url(kratos._transport._base_url)
    token = CURRENT.set(Attempt(soon()))
    borrowed = pool._get_conn()
    assert borrowed.is_connected
    CURRENT.reset(token)
    yield
    pool._put_conn(borrowed)


def test_a_second_death_is_a_failure(fake: FakeOry, kratos: Kratos, session_id: str) -> None:
    kratos.session(session_id, soon())
    fake.break_calls("kratos", faults.hang_up)
    with pytest.raises(OryError) as caught:
        kratos.session(session_id, soon())
    assert caught.value.reason is UpstreamReason.UNREACHABLE
    assert len(fake.calls) == 3


def test_a_new_connection_that_dies_is_a_failure_at_once(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    fake.break_calls("kratos", faults.hang_up)
    with pytest.raises(OryError):
        kratos.session(session_id, soon())
    assert len(fake.calls) == 1


def test_a_change_is_never_sent_twice(fake: FakeOry, kratos: Kratos, session_id: str) -> None:
    kratos.session(session_id, soon())
    fake.break_calls("kratos", faults.hang_up, method="PATCH")
    with pytest.raises(OryError) as caught:
        kratos.extend(session_id, soon())
    assert caught.value.reason is UpstreamReason.UNREACHABLE
    assert [call.method for call in fake.calls] == ["GET", "PATCH"]


def test_a_read_that_broke_in_mid_answer_is_not_sent_twice(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    kratos.session(session_id, soon())
    fake.break_calls("kratos", faults.reset)
    with pytest.raises(OryError):
        kratos.session(session_id, soon())
    assert len(fake.calls) == 2


def test_a_refused_connection_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(OryError) as caught:
            Kratos(Transport("kratos", url)).ready(soon())
    assert caught.value.reason is UpstreamReason.UNREACHABLE
    assert "refused" in caught.value.detail


@contextmanager
def deaf() -> Iterator[Address]:
    """An address that does not answer a SYN: its backlog is full, so the kernel drops it."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003  the socket module's own signature
            filler.connect_ex(address)
        yield (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)


def listed(url: str) -> Address:
    host, port = url.removeprefix("http://").split(":")
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port)))


def test_an_address_that_does_not_answer_is_given_up_on_time() -> None:
    begun = time.monotonic()
    with deaf() as address, pytest.raises(TimeoutError):
        connect("kratos", [address], Deadline.after(0.2), [])
    assert 0.15 < time.monotonic() - begun < 0.8


def test_several_addresses_share_the_time(served: Served) -> None:
    """A dead first address leaves time for the next."""
    with deaf() as first, deaf() as second:
        addresses = [first, second, listed(served.kratos.url)]
        connect("kratos", addresses, Deadline.after(0.6), []).close()


def test_several_dead_addresses_together_take_no_longer_than_one() -> None:
    with deaf() as first, deaf() as second:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            connect("kratos", [first, second] * 3, Deadline.after(0.2), [])
        assert time.monotonic() - begun < 0.8


def test_a_host_without_an_address_is_an_error() -> None:
    with pytest.raises(OSError, match="no address"):
        connect("kratos", [], soon(), [])


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Address] | OSError]:
    """What names resolve to; one that is not there does not end."""
    answers: dict[str, list[Address] | OSError] = {}
    never = threading.Event()

    def lookup(host: str, _port: int) -> list[Address]:
        answer = answers.get(host)
        if answer is None:
            never.wait(2)
            answer = []
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(_Bound, "names", Names(lookup))
    return answers


def ask(url: str, seconds: float = 5) -> OryError | None:
    try:
        Kratos(Transport("kratos", url)).ready(Deadline.after(seconds))
    except OryError as error:
        return error
    return None


def test_a_name_is_resolved_and_its_address_asked(
    served: Served, name_server: dict[str, list[Address] | OSError]
) -> None:
    name_server["kratos.example"] = [listed(served.kratos.url)]
    assert ask("http://kratos.example:4434") is None


def test_a_name_that_does_not_resolve_is_unreachable(
    name_server: dict[str, list[Address] | OSError],
) -> None:
    """53."""
    name_server["kratos.example"] = socket.gaierror(socket.EAI_NONAME, "unknown")
    error = ask("http://kratos.example:4434")
    assert error is not None
    assert error.reason is UpstreamReason.UNREACHABLE
    assert error.detail == "its name does not resolve"


def test_a_name_server_that_hangs_costs_a_call_its_deadline_and_no_more(
    name_server: dict[str, list[Address] | OSError],
) -> None:
    """53."""
    begun = time.monotonic()
    error = ask("http://kratos.example:4434", 0.2)
    assert time.monotonic() - begun < 0.8
    assert error is not None
    assert error.reason is UpstreamReason.TIMEOUT
