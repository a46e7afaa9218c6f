"""Who asks for it stays signed in, beyond the lifespan, cookie and all; who does not, does not."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests
from ory import asking, native
from ory.browser import Browser
from ory.configuration import Setup
from ory.lab import Ory
from ory.service import Service

LIFESPAN = 6
POLICY = """
sessions:
  - name: as long as it is used
    events: [check]
    extend: {when_left: 5s}
    max_age: 1h
"""
CAPPED = """
sessions:
  - name: for nine seconds
    events: [check]
    extend: true
    max_age: 9s
"""


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(lifespan=f"{LIFESPAN}s")


def keep_alive(ask: Callable[[], requests.Response], seconds: float) -> requests.Response:
    """Ask whenever the last answer says so, for so long or until it is refused."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        left = end - time.monotonic()
        if answer.status_code != 200 or left <= 0:
            return answer
        time.sleep(min(answer.json()["next"]["seconds"], left))


def test_a_page_that_asks_keeps_its_browser_signed_in_and_one_that_does_not_loses_it(
    ory: Ory, service: Service
) -> None:
    """F57: the browser's own cookie lives on as well, which Kratos would not take else."""
    asking.start(service, ory, POLICY)
    with Browser(ory, ory.people.create()) as used, Browser(ory, ory.people.create()) as idle:
        used.login()
        idle.login()
        session, cookie = used.session_id, asking.cookie_of(used)
        last = keep_alive(lambda: asking.refresh(service, used, ory.app.url), 2.5 * LIFESPAN)
        assert last.status_code == 200, last.text
        assert used.session_id == session
        assert asking.cookie_of(used) != cookie
        assert not idle.has_session


def test_an_app_stays_signed_in_by_its_token(ory: Ory, service: Service) -> None:
    asking.start(service, ory, POLICY)
    used, idle = (native.login(ory, ory.people.create()) for _ in range(2))
    last = keep_alive(lambda: asking.refresh_app(service, used), 2 * LIFESPAN)
    assert last.status_code == 200, last.text
    assert native.whoami(ory, used).status_code == 200
    assert native.whoami(ory, idle).status_code == 401


def test_a_browser_behind_a_gateway_stays_signed_in_by_the_cookies_that_come_through(
    ory: Ory, service: Service
) -> None:
    asking.start(service, ory, POLICY)
    with Browser(ory, ory.people.create()) as browser:
        browser.login()
        cookie, got = asking.cookie_of(browser), 0
        end = time.monotonic() + 2 * LIFESPAN
        while time.monotonic() < end:
            answer = asking.at_gateway(service, {"Cookie": f"{asking.COOKIE}={cookie}"})
            assert answer.status_code == 200, answer.text
            if fresh := answer.cookies.get(asking.COOKIE):
                cookie, got = fresh, got + 1
            time.sleep(0.25)
        assert got >= 2


def test_the_cap_ends_what_asks_on_and_on(ory: Ory, service: Service) -> None:
    asking.start(service, ory, CAPPED)
    session = native.login(ory, ory.people.create())
    begun = time.monotonic()
    last = keep_alive(lambda: asking.refresh_app(service, session), 30)
    assert last.json()["reason"] in {"session.past_max_age", "session.ending", "session.not_active"}
    assert LIFESPAN < time.monotonic() - begun < 12
    assert native.whoami(ory, session).status_code == 401


def test_a_foreign_page_keeps_nothing_alive(ory: Ory, service: Service) -> None:
    asking.start(service, ory, POLICY)
    with Browser(ory, ory.people.create()) as browser:
        browser.login()
        answer = asking.refresh(service, browser, "https://evil.example")
        assert answer.status_code == 403
        assert not answer.cookies
