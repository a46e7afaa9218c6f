"""A tab that is used, or asks by itself, outlives the lifespan; one that does neither does not."""

from __future__ import annotations

import time

import pytest
from browser.gateways import RunGateway
from browser.lab import Lab
from browser.visitor import Visitor
from ory.configuration import Setup
from ory.service import Service

LIFESPAN = 6
POLICY = """
sessions:
  - name: as long as it is used
    events: [check]
    extend: {when_left: 5s}
    max_age: 1h
"""
STAY = """async () => {
  window.calls = 0;
  const stay = async () => {
    const answer = await fetch('/session/refresh', {method: 'POST'});
    if (answer.status !== 200) return;
    window.calls += 1;
    setTimeout(stay, 1000 * (await answer.json()).next.seconds);
  };
  await stay();
}"""


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(lifespan=f"{LIFESPAN}s")


@pytest.mark.parametrize("how", ["it asks by itself", "its pages are opened", "it does nothing"])
def test_a_tab_behind_a_gateway(
    lab: Lab, visitor: Visitor, service: Service, run_gateway: RunGateway, how: str
) -> None:
    service.start(POLICY, **lab.service_settings, CHECK_CACHE="1s")
    gateway = run_gateway(check_port=lab.ory.hooks_port, port=lab.gateway_port)
    visitor.open(gateway.url)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.heading == "The application"
    if how == "it asks by itself":
        visitor.page.evaluate(STAY)
    end = time.monotonic() + 2 * LIFESPAN
    while time.monotonic() < end:
        if how == "its pages are opened":
            visitor.open(gateway.url)
            assert visitor.heading == "The application"
        visitor.page.wait_for_timeout(500)
    if how == "it asks by itself":
        assert visitor.page.evaluate("window.calls") > 2
    visitor.open(gateway.url)
    assert visitor.heading == ("Sign in" if how == "it does nothing" else "The application")
