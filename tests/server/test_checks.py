"""Many checks at one time on the real servers: one question to Kratos, one extension."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from server.running import SERVERS, Service, running
from server.wire import Answer, ask, request, wire
from unit.workbench import CHECK_KEY, ORIGIN

from webhook_service import sandbox
from webhook_service.ory.fake import FakeOry
from webhook_service.ory.fake.faults import hang

POLICY = """
mfa:
  - {name: the admin area, when: 'request.path.startsWith("/admin")', require: {aal: aal2}}
sessions:
  - {name: always, when: request.host == "app.example.org", extend: true, max_age: unlimited}
"""
CROWD = 300
KEY = f"X-Check-Key: {CHECK_KEY}"
CACHE_SECONDS = 2
THREADS = 32


@pytest.fixture(scope="module", params=SERVERS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One process: each has a memory of its own."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    ory = sandbox.stand_in()
    ory.kratos.earliest_possible_extend = timedelta(days=3650)
    with running(
        folder,
        request.param,
        ory,
        POLICY,
        WEB_CONCURRENCY="1",
        WEB_THREADS=str(THREADS),
        CHECK_CACHE=f"{CACHE_SECONDS}s",
    ) as one:
        slow_down(ory, 0.05)
        yield one


def slow_down(ory: FakeOry, seconds: float) -> None:
    """Let Kratos' public API take its time, so that a crowd falls into one call."""
    handle = ory.handle_public

    def slowly(*call: Any) -> Any:
        time.sleep(seconds)
        return handle(*call)

    ory.handle_public = slowly  # type: ignore[method-assign]  # for this module's stand-in alone


def asked(service: Service, method: str = "GET", path: str = "/sessions/whoami") -> int:
    return sum(
        (call.method, call.target.partition("?")[0]) == (method, path) for call in service.ory.calls
    )


def crowd(service: Service, *headers: str) -> list[Answer]:
    """Ask as a gateway, 300 times at one moment."""
    together = threading.Barrier(CROWD)

    def check(_: int) -> Answer:
        with wire(service.port, patience=30) as one:
            together.wait()
            one.send(request("GET", "/check", KEY, *headers))
            return one.answer()

    with ThreadPoolExecutor(CROWD) as callers:
        return list(callers.map(check, range(CROWD)))


def a_token(service: Service) -> str:
    """Sign in anew: nothing is remembered of this session."""
    ory = service.ory
    session = ory.kratos.sign_in(sandbox.SUBJECT, "password")
    return f"X-Session-Token: {ory.kratos_public.token_of(session)}"


def test_three_hundred_checks_of_one_session_ask_kratos_once(service: Service) -> None:
    token, before = a_token(service), asked(service)
    answers = crowd(service, token, "X-Forwarded-Uri: /orders")
    assert Counter(one.status for one in answers) == {200: CROWD}
    assert len({one.headers["x-auth-session-id"] for one in answers}) == 1
    assert asked(service) - before == 1


def test_three_hundred_that_are_refused_ask_little(service: Service) -> None:
    """Refusals do not rest on what was told before: but who waits at one time is told at once."""
    token, before = a_token(service), asked(service)
    identity = f"/admin/identities/{sandbox.SUBJECT}"
    identities = asked(service, path=identity)
    answers = crowd(service, token, "X-Forwarded-Uri: /admin")
    assert Counter(one.status for one in answers) == {401: CROWD}
    turns = CROWD / THREADS + 2
    assert asked(service) - before <= turns
    assert asked(service, path=identity) - identities <= turns


def test_three_hundred_extend_once(service: Service) -> None:
    token, before = a_token(service), service.extensions()
    answers = crowd(service, token, "X-Forwarded-Host: app.example.org")
    assert Counter(one.status for one in answers) == {200: CROWD}
    # Twice, where the crowd comes as one minute goes over into the next.
    assert 1 <= service.extensions() - before <= 2
    assert 1 <= sum(one.json["extended"] for one in answers) <= 2


def test_a_revocation_is_seen_in_time_by_who_asks_on_and_on(service: Service) -> None:
    ory = service.ory
    session = ory.kratos.sign_in(sandbox.SUBJECT, "password")
    token = f"X-Session-Token: {ory.kratos_public.token_of(session)}"
    check = request("GET", "/check", KEY, token)
    assert ask(service.port, check).status == 200
    ory.kratos.sessions[session].revoked = True
    revoked = time.monotonic()
    while ask(service.port, check).status == 200:
        assert time.monotonic() - revoked < CACHE_SECONDS + 1, "remembered for too long"
    assert time.monotonic() - revoked < CACHE_SECONDS + 1


def test_a_browser_keeps_its_session_by_its_cookie(service: Service) -> None:
    ory = service.ory
    session = ory.kratos.sign_in(sandbox.SUBJECT, "password")
    cookie = f"Cookie: ory_kratos_session={ory.kratos_public.cookie_of(session)}"
    origin = f"Origin: {ORIGIN}"
    sent = request("POST", "/session/refresh", cookie, origin, "Content-Length: 0")
    with wire(service.port) as one:
        one.send(sent.replace(b"Host: hooks.test", b"Host: app.example.org"))
        answer = one.answer()
        assert answer.status == 200
        assert answer.json["extended"] is True
        assert answer.headers["set-cookie"].startswith("ory_kratos_session=")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        # The connection is kept, and a body that nobody needs is not the next request.
        one.send(
            request("POST", "/session/refresh", cookie, origin, "Content-Length: 2", body=b"{}")
        )
        assert one.answer().status == 200
        one.send(request("OPTIONS", "/session/refresh", origin))
        assert one.answer().status == 204


def test_while_kratos_hangs_a_crowd_is_answered_in_time_and_others_are_let_be(
    service: Service,
) -> None:
    known = a_token(service)
    assert ask(service.port, request("GET", "/check", KEY, known)).status == 200
    unknown = a_token(service)
    service.ory.break_calls("kratos_public", hang)
    try:
        begun = time.monotonic()
        answers = crowd(service, unknown)
        assert time.monotonic() - begun < 10
        assert {one.status for one in answers} == {503}
    finally:
        service.ory.heal()
