"""People whose pages lie behind nginx and Caddy, with the real Kratos and a real browser.

``/check`` is a stand-in here: what is shown is that a browser finds its way.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from browser.check_answers import ALLOWED, EXTENDED, step_up
from browser.gateways import Gateway, RunGateway
from browser.lab import Lab
from browser.stand_in import StandIn
from browser.visitor import Visitor

REFRESH = "fetch('/session/refresh', {method: 'POST'}).then(reply => reply.status)"


@pytest.fixture
def gateway(run_gateway: RunGateway, check: StandIn, lab: Lab) -> Gateway:
    """Return each gateway in turn, at the address to which Kratos sends people back."""
    return run_gateway(check_port=check.port, port=lab.gateway_port)


def test_a_person_is_sent_to_sign_in_and_comes_back_to_the_page(
    lab: Lab, visitor: Visitor, gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    page = f"{gateway.url}/reports?year=2026"
    login = f"{lab.ory.kratos_public_url}/self-service/login/browser"
    check.first_answers = [step_up(f"{login}?{urlencode({'return_to': page})}")]
    check.answer = ALLOWED
    visitor.open(page)
    assert visitor.heading == "Sign in"
    visitor.sign_in(lab.ory.people.create())
    assert visitor.page.url == page
    assert visitor.heading == "The application"
    assert check.asked[0].header("Cookie") is None
    assert "ory_kratos_session=" in str(check.asked[1].header("Cookie"))
    assert [seen.target for seen in application.asked][:1] == ["/reports?year=2026"]


def test_a_browser_keeps_the_fresh_cookie_that_comes_with_a_page(
    visitor: Visitor, gateway: Gateway, check: StandIn
) -> None:
    check.answer = EXTENDED
    visitor.open(gateway.url)
    cookies = {cookie["name"]: cookie for cookie in visitor.page.context.cookies()}
    assert cookies["ory_kratos_session"]["value"] == "fresh"
    assert cookies["ory_kratos_session"]["httpOnly"]


def test_a_tab_that_refreshes_behind_the_gateway_keeps_the_fresh_cookie(
    visitor: Visitor, gateway: Gateway, check: StandIn
) -> None:
    check.answer = ALLOWED
    visitor.open(gateway.url)
    assert visitor.page.context.cookies() == []
    check.answer = EXTENDED
    assert visitor.page.evaluate(REFRESH) == 200
    assert [cookie["value"] for cookie in visitor.page.context.cookies()] == ["fresh"]
    # A browser asks for its favicon when it likes: that is a check of its own.
    [asked] = [one for one in check.asked if one.method == "POST"]
    assert asked.target == "/session/refresh"
    assert asked.header("Origin") == gateway.url
