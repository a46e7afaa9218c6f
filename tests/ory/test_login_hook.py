"""What people see when a login is refused, in each kind of login flow (F40, F41)."""

from __future__ import annotations

from typing import Any

import pytest
from ory import native, oauth
from ory.browser import Browser
from ory.device import person_with_authenticator
from ory.lab import Ory
from ory.service import Service

TEXT = "The finance department signs in from the office."

NO_FINANCE = f"""
deny:
  - name: finance stays in the office
    when: identity.traits.department == "finance"
    message: {TEXT}
"""


def texts(flow: dict[str, Any]) -> list[str]:
    return [message["text"] for message in flow["ui"]["messages"]]


def test_a_refused_browser_login_shows_the_rules_message_and_leaves_no_session(
    ory: Ory, service: Service
) -> None:
    service.start(NO_FINANCE)
    person = ory.people.create({"department": "finance"})
    with Browser(ory, person) as browser:
        page = browser.login()
        assert page.path == "/login"
        assert [message["text"] for message in page.messages] == [TEXT]
        assert not browser.has_session
    assert ory.people.sessions(person) == []


def test_a_refused_single_page_app_login_gets_the_flow_with_the_message(
    ory: Ory, service: Service
) -> None:
    service.start(NO_FINANCE)
    person = ory.people.create({"department": "finance"})
    with Browser(ory, person) as browser:
        reply = browser.spa_login()
        assert reply.status_code == 400
        assert texts(reply.json()) == [TEXT]
        assert not browser.has_session
    assert ory.people.sessions(person) == []


def test_a_refused_native_login_gets_the_flow_with_the_message(ory: Ory, service: Service) -> None:
    service.start(NO_FINANCE)
    person = ory.people.create({"department": "finance"})
    reply = native.try_login(ory, person)
    assert reply.status_code == 400
    assert texts(reply.json()) == [TEXT]
    assert ory.people.sessions(person) == []
    record = service.last("kratos.login")
    assert (record["verdict"], record["reason"]) == ("deny", "rule.denied")
    assert record["upstream"] == [], "the payload holds the traits"


def test_everyone_else_signs_in_by_every_kind_of_flow(ory: Ory, service: Service) -> None:
    service.start(NO_FINANCE)
    person = ory.people.create({"department": "sales"})
    assert native.try_login(ory, person).status_code == 200
    with Browser(ory, person) as browser:
        browser.login()
        assert browser.has_session
    with Browser(ory, person) as browser:
        assert browser.spa_login().status_code == 200
        assert browser.has_session


def test_a_refused_second_login_leaves_the_session_at_hand_as_it_was(
    ory: Ory, service: Service
) -> None:
    """F45."""
    person = ory.people.create({"department": "finance"})
    session = native.login(ory, person)
    before = ory.people.session(session.id)
    service.start(NO_FINANCE)
    assert native.refresh(ory, session, person).status_code == 400
    assert ory.people.session(session.id) == before
    assert native.whoami(ory, session).status_code == 200


def test_the_second_step_of_a_login_can_be_refused_too(ory: Ory, service: Service) -> None:
    person, authenticator = person_with_authenticator(ory)
    session = native.login(ory, person)
    service.start("""
        deny:
          - name: no authenticator apps
            when: event.method == "totp"
        """)
    assert native.step_up(ory, session, authenticator).status_code == 400
    assert ory.people.session(session.id)["authenticator_assurance_level"] == "aal1"


def test_a_login_is_never_refused_for_want_of_a_second_factor(ory: Ory, service: Service) -> None:
    """P18, F59: only a session can step up, and a refused login leaves none."""
    service.start("""
        mfa:
          - name: everyone
            events: [kratos.login]
            require: {aal: aal2}
            step_up_within: 10m
        """)
    assert native.try_login(ory, ory.people.create()).status_code == 200
    (effect,) = service.last("kratos.login")["effects"]["kept"]
    assert (effect["cause"], effect["rule"]) == ("step_up_within", "everyone")


@pytest.mark.parametrize(("remark", "status"), [("blocked", 400), ("none", 200)])
def test_a_login_hook_may_ask_the_kratos_that_waits_for_it(
    ory: Ory, service: Service, remark: str, status: int
) -> None:
    """metadata_admin is in no hook body: the service reads it while the login is going on."""
    service.start("""
        deny:
          - name: blocked by an administrator
            when: identity.metadata_admin.remark == "blocked"
        """)
    person = ory.people.create(metadata_admin={"remark": remark})
    assert native.try_login(ory, person).status_code == status


def test_a_login_for_an_oauth_client_can_be_refused_by_the_clients_metadata(
    ory: Ory, service: Service
) -> None:
    service.start("""
        deny:
          - name: suspended
            when: client.metadata.suspended == true
        """)
    person = ory.people.create()
    suspended = oauth.public_client(ory, metadata={"suspended": True})
    with Browser(ory, person) as browser:
        page, _ = oauth.try_authorize(ory, browser, suspended)
        assert page.path == "/login"
        assert len(page.messages) == 1
        assert not browser.has_session
        assert oauth.authorize(ory, browser, oauth.public_client(ory)).code
