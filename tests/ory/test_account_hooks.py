"""What people see when the service refuses a registration or a change of settings (F47, F90).

And that recoveries and verifications, which no rule refuses, go through.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
import requests
from ory import browser_account, native, native_account
from ory.browser import Browser, Page
from ory.configuration import Setup
from ory.lab import Ory
from ory.people import new_address
from ory.service import Service

TEXT: Final = "Please ask the help desk."

ASK_THE_HELP_DESK: Final = f"""
deny:
  - name: staff is registered by the help desk
    events: [kratos.registration]
    when: identity.traits.staff == true
    message: {TEXT}
  - name: passwords of staff are changed by the help desk
    events: [kratos.settings]
    when: event.method == "password" && identity.traits.staff == true
    message: {TEXT}
  - name: strangers do not register in browsers
    events: [kratos.registration]
    when: flow.type == "browser"
    message: {TEXT}
"""

NEW_PASSWORD: Final = "another-pass-phrase-for-a-test"


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(every_hook=True)


@pytest.fixture(autouse=True)
def _served(service: Service) -> None:
    service.start(ASK_THE_HELP_DESK)


def texts(shown: dict[str, Any]) -> list[str]:
    return [message["text"] for message in shown["ui"]["messages"]]


def shown_to(page: Page) -> list[str]:
    assert page.flow is not None, page.address
    return texts(page.flow)


def is_known(ory: Ory, email: str) -> bool:
    address = f"{ory.kratos_admin_url}/admin/identities"
    query = {"credentials_identifier": email}
    return bool(requests.get(address, params=query, timeout=10).json())


def test_a_refused_registration_tells_why_and_makes_nobody(ory: Ory, service: Service) -> None:
    email = new_address()
    reply = native_account.try_register(ory, email, {"staff": True})
    assert (reply.status_code, texts(reply.json())) == (400, [TEXT])
    assert not is_known(ory, email)
    record = service.last("kratos.registration")
    assert (record["verdict"], record["status"], record["subject"]) == ("deny", 403, None)


def test_a_registration_refused_in_a_browser_shows_why_above_the_form(ory: Ory) -> None:
    with Browser(ory, browser_account.stranger()) as browser:
        page = browser_account.register(browser)
        assert (page.path, shown_to(page)) == ("/registration", [TEXT])
        assert not browser.has_session
        assert not is_known(ory, browser.person.email)


def test_a_registration_that_no_rule_refuses_signs_in(ory: Ory, service: Service) -> None:
    _, session = native_account.register(ory)
    assert native.whoami(ory, session).status_code == 200
    assert service.last("kratos.registration")["verdict"] == "allow"


def test_a_refused_password_change_tells_why_and_stores_nothing(ory: Ory, service: Service) -> None:
    person = ory.people.create({"staff": True})
    session = native.login(ory, person)
    reply = native_account.try_change_password(ory, session, NEW_PASSWORD)
    assert (reply.status_code, texts(reply.json())) == (400, [TEXT])
    assert native.try_login(ory, person).status_code == 200
    assert [record["status"] for record in service.records("kratos.settings")] == [403]


def test_a_password_change_refused_in_a_browser_shows_why_above_the_form(ory: Ory) -> None:
    person = ory.people.create({"staff": True})
    with Browser(ory, person) as browser:
        browser.login()
        page = browser_account.change_password(browser)
        assert (page.path, shown_to(page)) == ("/settings", [TEXT])
    assert native.try_login(ory, person).status_code == 200


def test_other_changes_go_through_both_hooks(ory: Ory, service: Service) -> None:
    person = ory.people.create({"staff": True})
    session = native.login(ory, person)
    native_account.change_traits(ory, session, person, department="sales", staff=True)
    native.enrol(ory, session)
    service.last("kratos.settings", after=3)
    told = [
        (record["facts"]["event.method"], record["status"])
        for record in service.records("kratos.settings")
    ]
    assert told == [("profile", 204)] * 2 + [("totp", 204)] * 2


def test_recoveries_and_verifications_go_through(ory: Ory, service: Service) -> None:
    person = ory.people.create({"staff": True})
    native_account.recover(ory, person)
    reply = native_account.verify(ory, person)
    assert (reply.status_code, reply.json()["state"]) == (200, "passed_challenge")
    for event in ("kratos.recovery", "kratos.verification"):
        record = service.last(event)
        assert (record["verdict"], record["status"]) == ("allow", 204)
        assert record["facts"]["event.method"] == "code"


def test_no_cookie_password_or_trait_reaches_the_log(ory: Ory, service: Service) -> None:
    person = ory.people.create({"department": "basement-annex"})
    with Browser(ory, person) as browser, Browser(ory, person) as lost:
        browser.login()
        browser_account.change_password(browser)
        browser_account.recover(ory, lost)
        secrets = [*browser.cookies, *lost.cookies, browser.person.password]
    service.last("kratos.recovery")
    log = service.log_text()
    assert person.id in log
    for secret in (*secrets, person.password, person.email, "basement-annex"):
        assert secret not in log
