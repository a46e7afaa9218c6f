"""Callers that take their time: nobody else waits for them. Rows 23 and 63.

With gunicorn they hold no thread but for a body of more than 64 KiB or an unread answer,
and those for 5 s at the most; with granian a caller that holds a key and stops within its
body holds one until it hangs up.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from server.running import HYDRA, JSON, TOKEN, Service, running
from server.wire import Wire, request, seconds_to_answer

from webhook_service.ory.fake import FakeOry

THREADS = 8
CALLERS = 5 * THREADS
QUICK = 0.5
"""Row 63 says 100 ms. A busy machine is granted more: who waits for a thread waits for 4 s."""

TIMEOUT = "request.timeout"
UNAUTHORIZED = "request.unauthorized"


class Group(NamedTuple):
    """Callers that do the same, and the reason each of them is told, by server."""

    data: bytes
    gunicorn: str | None
    granian: str | None


def body(*headers: str) -> bytes:
    """Write a hook that stops after the first byte of its body."""
    return request("POST", TOKEN, JSON, *headers, body=b"{")


GROUPS = {
    "say nothing": Group(b"", None, None),
    "stop in a head": Group(b"POST /hooks/hydra/token HTTP/1.1\r\nX: ", TIMEOUT, None),
    "stop in a body": Group(body("Content-Length: 500"), TIMEOUT, UNAUTHORIZED),
    "stop in a large body": Group(body("Content-Length: 500000"), UNAUTHORIZED, UNAUTHORIZED),
    "stop in a chunk": Group(body("Transfer-Encoding: chunked"), UNAUTHORIZED, UNAUTHORIZED),
    "got their answer and stay": Group(
        request("POST", TOKEN, version="HTTP/1.0"), UNAUTHORIZED, UNAUTHORIZED
    ),
}
KEYED = Group(body(HYDRA, "Content-Length: 500"), TIMEOUT, None)
"""With a key: only what holds one is read by a thread of granian's."""


only_gunicorn = pytest.mark.parametrize("server", ["gunicorn"], indirect=True)
only_granian = pytest.mark.parametrize("server", ["granian"], indirect=True)


class Crowd(NamedTuple):
    """Callers by their group, all there since the same moment."""

    service: Service
    callers: dict[str, list[Wire]]
    since: float

    def drip(self) -> None:
        """Let every second caller go on by a byte."""
        for name in ("stop in a head", "stop in a body"):
            for caller in self.callers[name][::2]:
                with contextlib.suppress(OSError):
                    caller.send(b"a")


@pytest.fixture(scope="module")
def crowd(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    groups = {**GROUPS, "have a key": KEYED} if server == "gunicorn" else GROUPS
    with (
        running(
            tmp_path_factory.mktemp(server),
            server,
            FakeOry(),
            "",
            WEB_CONCURRENCY="1",
            WEB_THREADS=str(THREADS),
        ) as service,
        contextlib.ExitStack() as connections,
    ):
        since = time.monotonic()
        callers: dict[str, list[Wire]] = {name: [] for name in groups}
        for name, group in groups.items():
            for _ in range(CALLERS):
                caller = Wire(service.port)
                connections.enter_context(caller.socket)
                caller.send(group.data)
                callers[name].append(caller)
        yield Crowd(service, callers, since)


def test_others_are_answered_at_once(crowd: Crowd) -> None:
    waits = []
    for _ in range(30):
        crowd.drip()
        waits.append(seconds_to_answer(crowd.service.port))
        time.sleep(0.05)
    assert max(waits) < QUICK


@only_gunicorn
def test_half_a_request_is_refused_after_five_seconds(crowd: Crowd) -> None:
    """Granian waits for a head as long as a connection may be idle: 95 s."""
    for name, callers in crowd.callers.items():
        group = {**GROUPS, "have a key": KEYED}[name]
        if group.gunicorn == TIMEOUT:
            assert {caller.answer().reason for caller in callers} == {TIMEOUT}
            assert all(caller.is_closed() for caller in callers)
    assert 5 <= time.monotonic() - crowd.since < 8


@pytest.mark.parametrize("name", [n for n, group in GROUPS.items() if group.granian])
def test_who_has_no_key_is_refused_without_a_wait(crowd: Crowd, name: str) -> None:
    reason = getattr(GROUPS[name], crowd.service.server)
    if reason == UNAUTHORIZED:
        assert {caller.answer().reason for caller in crowd.callers[name]} == {reason}


def test_who_says_nothing_may_stay(crowd: Crowd) -> None:
    """Ory's client opens connections for later."""
    for caller in crowd.callers["say nothing"][:3]:
        caller.send(request("GET", "/health/alive"))
        assert caller.answer().status == 200


def longest_wait(service: Service) -> float:
    """Ask until somebody has to wait, because all threads are taken; return how long."""
    wait, until = 0.0, time.monotonic() + 8
    while wait < 1 and time.monotonic() < until:
        wait = max(wait, seconds_to_answer(service.port))
        time.sleep(0.02)
    return wait


@only_gunicorn
def test_a_large_body_that_stalls_holds_a_thread_for_four_seconds(crowd: Crowd) -> None:
    """And what comes of it later is not taken for a request. It takes a key."""
    with contextlib.ExitStack() as connections:
        callers = [Wire(crowd.service.port) for _ in range(THREADS)]
        for caller in callers:
            connections.enter_context(caller.socket)
            caller.send(body(HYDRA, "Content-Length: 100000"))
        assert 1 < longest_wait(crowd.service) < 5
        for caller in callers:
            assert caller.answer().reason == TIMEOUT
            with contextlib.suppress(ConnectionError):
                caller.send(request("GET", "/health/alive"))
            assert caller.is_closed()


@only_gunicorn
def test_answers_that_nobody_reads_hold_a_thread_for_five_seconds(crowd: Crowd) -> None:
    """Granian writes without a thread."""
    with contextlib.ExitStack() as connections:
        for _ in range(THREADS):
            caller = Wire(crowd.service.port)
            connections.enter_context(caller.socket)
            caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.send(request("GET", "/openapi.yaml") * 2000)
        assert 1 < longest_wait(crowd.service) < 7


@only_granian
def test_a_thread_of_granians_waits_for_a_body_until_its_caller_hangs_up(crowd: Crowd) -> None:
    """What granian gives no way to limit. It takes a key, and as many callers as threads."""

    def timeouts() -> int:
        return sum(line.get("reason") == TIMEOUT for line in crowd.service.lines())

    with contextlib.ExitStack() as connections:
        for _ in range(THREADS // 2):
            caller = Wire(crowd.service.port)
            connections.enter_context(caller.socket)
            caller.send(KEYED.data)
        time.sleep(0.2)
        assert seconds_to_answer(crowd.service.port) < QUICK
        assert timeouts() == 0
    until = time.monotonic() + 5
    while timeouts() < THREADS // 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert timeouts() == THREADS // 2
