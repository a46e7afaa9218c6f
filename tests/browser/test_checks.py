"""People behind nginx and Caddy that ask the service itself, in a real browser."""

from __future__ import annotations

import time

import pytest
import requests
from browser.client import API_CALL, ask
from browser.gate_visits import person_with_totp
from browser.gateways import Gateway, RunGateway
from browser.lab import Lab
from browser.visitor import Visitor
from ory import native
from ory.service import Service

POLICY = """
mfa:
  - name: the admin area
    events: [check]
    when: request.path.startsWith("/admin")
    require: {aal: aal2}
deny:
  - name: closed
    events: [check]
    when: request.path == "/closed"
    message: It is closed.
"""


@pytest.fixture
def gateway(run_gateway: RunGateway, lab: Lab, service: Service) -> Gateway:
    """Return each gateway in turn, in front of the application, beside the service."""
    service.start(POLICY, **lab.service_settings)
    return run_gateway(check_port=lab.ory.hooks_port, port=lab.gateway_port)


def test_a_person_signs_in_steps_up_for_one_page_and_is_back_at_it_each_time(
    lab: Lab, visitor: Visitor, gateway: Gateway
) -> None:
    person, authenticator = person_with_totp(lab)
    reports = f"{gateway.url}/reports?year=2026"
    visitor.open(reports)
    assert visitor.heading == "Sign in"
    visitor.sign_in(person)
    assert (visitor.page.url, visitor.heading) == (reports, "The application")
    admin = f"{gateway.url}/admin/users?page=2"
    visitor.open(admin)
    visitor.give_code(authenticator)
    assert (visitor.page.url, visitor.heading) == (admin, "The application")
    visitor.open(reports)
    assert visitor.heading == "The application"


def test_no_spelling_of_the_path_leads_past_its_rule(
    lab: Lab, visitor: Visitor, gateway: Gateway
) -> None:
    person, _ = person_with_totp(lab)
    session = native.login(lab.ory, person)
    token = {"X-Session-Token": session.token, "Accept": "application/json"}
    assert ask(gateway, token, "/reports").status_code == 200
    for path in ("/admin", "//admin", "/%61dmin", "/x/../admin", "/x/%2e%2e/admin", "/./admin"):
        lies = {"X-Forwarded-Uri": "/reports", "X-Original-Url": f"{gateway.url}/reports"}
        assert ask(gateway, token | lies, path).status_code == 401, path


def test_an_app_gets_the_hint_through_the_gateway_follows_it_and_passes(
    lab: Lab, gateway: Gateway
) -> None:
    person, authenticator = person_with_totp(lab)
    session = native.login(lab.ory, person)
    sent = {"X-Session-Token": session.token, **API_CALL}
    refused = ask(gateway, sent, "/admin")
    assert refused.status_code == 401
    step = refused.json()["native"]
    proof = {step["header"]: session.token}
    flow = requests.request(step["method"], step["url"], headers=proof, timeout=10).json()
    code = {"method": "totp", "totp_code": authenticator.code()}
    assert native.submit(flow, code, session).status_code == 200
    assert ask(gateway, sent, "/admin").status_code == 200


def test_a_denied_call_is_told_the_rules_own_words(lab: Lab, gateway: Gateway) -> None:
    session = native.login(lab.ory, lab.ory.people.create())
    refused = ask(gateway, {"X-Session-Token": session.token, **API_CALL}, "/closed")
    assert (refused.status_code, refused.json()["message"]) == (403, "It is closed.")


def test_a_revoked_session_is_sent_to_sign_in_soon(
    lab: Lab, visitor: Visitor, gateway: Gateway
) -> None:
    visitor.open(gateway.url)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.heading == "The application"
    session = visitor.session()
    assert session is not None
    lab.ory.people.revoke(session["id"])
    end = time.monotonic() + 10
    while visitor.heading == "The application":
        assert time.monotonic() < end, "CHECK_CACHE is 5 s"
        visitor.open(gateway.url)
    assert visitor.heading == "Sign in"
