"""``/check`` at the real Kratos and Hydra: what it says is true, and following it leads on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ory import asking, database, endings, native, oauth
from ory.browser import Browser
from ory.device import SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service

ADMIN = """
mfa:
  - name: the admin area
    events: [check]
    when: request.path.startsWith("/admin")
    require: {aal: aal2, max_age: 15m, methods: [totp]}
"""
CAPPED = """
sessions:
  - name: for an hour
    max_age: 1h
    counted_from: {counted_from}
"""


@pytest.mark.parametrize("older", [False, True], ids=["none was given", "it is too old"])
def test_an_app_follows_the_hint_and_the_same_token_passes(
    ory: Ory, service: Service, *, older: bool
) -> None:
    """F64, F98, F99: by GET, then POST to ``ui.action``."""
    person, authenticator = person_with_authenticator(ory)
    session = native.login(ory, person)
    asking.start(service, ory, ADMIN)
    if older:
        assert native.step_up(ory, session, authenticator).status_code == 200
        database.make_older(ory, session.id, timedelta(minutes=20))
    assert asking.check(service, session_token=session.token, path="/").status_code == 200
    answer = asking.check(service, session_token=session.token, path="/admin")
    assert answer.status_code == 401
    expected = "mfa.too_old" if older else "mfa.aal_too_low"
    assert answer.json()["reason"] == expected
    assert 'acr_values="aal2", max_age="900"' in answer.headers["WWW-Authenticate"]
    assert asking.follow(answer, session, authenticator).status_code == 200
    answer = asking.check(service, session_token=session.token, path="/admin")
    assert answer.status_code == 200
    assert answer.json()["session"]["aal"] == "aal2"


@pytest.mark.parametrize("older", [False, True], ids=["none was given", "it is too old"])
def test_a_browser_follows_the_address_and_comes_back(
    ory: Ory, service: Service, *, older: bool
) -> None:
    person, authenticator = person_with_authenticator(ory)
    asking.start(service, ory, ADMIN)
    with Browser(ory, person, authenticator) as browser:
        browser.login()
        if older:
            browser.step_up()
            database.make_older(ory, browser.session_id, timedelta(minutes=20))
        page = {"X-Original-Url": f"{ory.app.url}/admin?tab=2"}
        cookie = {"Cookie": f"{asking.COOKIE}={asking.cookie_of(browser)}"}
        answer = asking.at_gateway(service, page | cookie)
        assert answer.status_code == 401
        arrived = browser.go(answer.headers["X-Auth-Location"])
        assert arrived.address == f"{ory.app.url}/admin?tab=2"
        cookie = {"Cookie": f"{asking.COOKIE}={asking.cookie_of(browser)}"}
        assert asking.at_gateway(service, page | cookie).status_code == 200


@pytest.mark.parametrize("counted_from", ["authenticated_at", "issued_at"])
def test_a_browser_past_its_age_signs_in_again_and_goes_on(
    ory: Ory, service: Service, counted_from: str
) -> None:
    """Kratos may still take the session for a good one: it must ask, and not send it back."""
    person = ory.people.create()
    asking.start(service, ory, CAPPED.format(counted_from=counted_from))
    with Browser(ory, person) as browser:
        browser.login()
        browser_session = browser.session_id
        database.make_older(ory, browser_session, timedelta(minutes=70))
        answer = asking.check(service, session_cookie=asking.cookie_of(browser))
        assert (answer.status_code, answer.json()["reason"]) == (401, "session.past_max_age")
        # Nobody signs in as quickly as a test: by then the session has been ended.
        endings.wait_until_ended(ory, browser_session)
        browser.go(answer.json()["browser"]["url"])
        answer = asking.check(service, session_cookie=asking.cookie_of(browser))
        assert answer.status_code == 200, answer.text


def test_a_person_who_is_disabled_or_signed_out_passes_no_more(ory: Ory, service: Service) -> None:
    """F82, F100."""
    disabled, gone = ory.people.create(), ory.people.create()
    sessions = [(person, native.login(ory, person)) for person in (disabled, gone)]
    asking.start(service, ory, "", CHECK_CACHE="0")
    for person, session in sessions:
        named = {"session_id": session.id, "subject": person.id}
        assert asking.check(service, **named).status_code == 200
    ory.people.disable(disabled)
    ory.people.revoke(sessions[1][1].id)
    for person, session in sessions:
        for shown in (
            {"session_id": session.id, "subject": person.id},
            {"session_token": session.token},
        ):
            answer = asking.check(service, **shown)
            assert (answer.status_code, answer.json()["reason"]) == (401, "session.not_active")


def test_an_access_token_is_judged_by_the_session_that_it_names(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F28; Hydra goes on to call it active (F68)."""
    device = sign_in()
    asking.start(service, ory, ADMIN, CHECK_CACHE="0")
    access = {"access_token": device.tokens.access}
    assert asking.check(service, **access).json()["session"]["id"] == device.session_id
    assert asking.check(service, **access, path="/admin").json()["reason"] == "mfa.not_enrolled"
    bearer = {"Authorization": f"Bearer {device.tokens.access}"}
    assert asking.at_gateway(service, bearer).status_code == 200
    # A refresh token is active as well, and is none.
    assert asking.check(service, access_token=device.tokens.refresh).status_code == 401
    ory.people.revoke(device.session_id)
    assert oauth.introspect(ory, device.tokens.access)["active"] is True
    assert asking.check(service, **access).json()["reason"] == "session.not_active"


def test_a_machines_access_token_shows_no_session(ory: Ory, service: Service) -> None:
    reply = oauth.client_credentials(ory, oauth.machine_client(ory))
    token = reply.json()["access_token"]
    asking.start(service, ory, ADMIN)
    answer = asking.check(service, access_token=token)
    assert (answer.status_code, answer.json()["reason"]) == (401, "session.not_active")


def test_rules_about_a_client_are_asked_before_any_token(ory: Ory, service: Service) -> None:
    client = oauth.public_client(ory, metadata={"tier": 1})
    session = native.login(ory, ory.people.create())
    asking.start(
        service,
        ory,
        """
        mfa:
          - name: the first tier
            when: client.metadata.tier == 1
            require: {aal: aal2}
            events: [hydra.token]
        """,
    )
    assert asking.check(service, session_token=session.token).status_code == 200
    answer = asking.check(service, session_token=session.token, client_id=client.id)
    assert (answer.json()["verdict"], answer.json()["reason"]) == ("enrol", "mfa.not_enrolled")
