"""A token refresh keeps the Kratos session alive where the policy says so, and only then."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from ory import database, native, oauth
from ory.device import SignIn
from ory.lab import Ory
from ory.service import Service

WHILE_USED = """
sessions:
  - name: signed in while it is used
    when: token.grant == "refresh_token"
    extend: {when_left: 30m}
    max_age: 30d
"""

LIFESPAN = timedelta(hours=1)
SLACK = timedelta(seconds=30)


def about(moment: datetime) -> object:
    return pytest.approx(moment, abs=SLACK)


@pytest.fixture(params=[True, False], ids=["by claim", "by auth_time"])
def _each_way_to_the_session(ory: Ory, request: pytest.FixtureRequest) -> None:
    """The session id in the token (F28), and the fallback where it is missing (F30)."""
    ory.app.binds_session = request.param


def test_the_code_flow_with_pkce_and_an_offline_scope_gives_tokens(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(WHILE_USED)
    device = sign_in()
    answer = oauth.introspect(ory, device.tokens.access)
    assert answer["active"]
    assert answer["sub"] == device.person.id
    assert answer["ext"] == {"kratos_session_id": device.session_id}
    assert oauth.introspect(ory, device.tokens.refresh)["active"]
    assert service.last("hydra.token")["verdict"] == "allow"


def test_a_refresh_extends_a_session_that_ends_soon(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(WHILE_USED)
    device = sign_in()
    database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    assert device.expiry == about(datetime.now(UTC) + LIFESPAN)
    assert device.browser.has_session


def test_a_refresh_leaves_a_session_alone_that_ends_late(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(WHILE_USED)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=45))
    assert device.refresh().status_code == 200
    assert device.expiry == end


def test_a_code_exchange_extends_nothing_where_only_refreshes_do(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(WHILE_USED)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    oauth.sign_in(ory, device.browser, device.client)
    assert device.expiry == end


def test_a_refresh_extends_the_session_of_the_client_that_the_rule_names_only(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    mobile, web = oauth.public_client(ory), oauth.public_client(ory)
    service.start(f"""
        sessions:
          - name: mobile stays signed in
            when: client.id == "{mobile.id}"
            extend: true
            max_age: 30d
        """)
    on_web = sign_in(client=web)
    end = database.leave(ory, on_web.session_id, timedelta(minutes=10))
    assert on_web.refresh().status_code == 200
    assert on_web.expiry == end

    on_mobile = sign_in(client=mobile)
    database.leave(ory, on_mobile.session_id, timedelta(minutes=10))
    assert on_mobile.refresh().status_code == 200
    assert on_mobile.expiry == about(datetime.now(UTC) + LIFESPAN)


@pytest.mark.usefixtures("_each_way_to_the_session")
def test_of_two_devices_only_the_session_behind_the_token_is_extended(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(WHILE_USED)
    first = sign_in()
    if not ory.app.binds_session:
        # F30: two logins of one person within the window cannot be told apart.
        time.sleep(3)
    second = sign_in(first.person)
    assert first.session_id != second.session_id
    ends = {
        device.session_id: database.leave(ory, device.session_id, timedelta(minutes=10))
        for device in (first, second)
    }
    assert second.refresh().status_code == 200
    assert second.expiry == about(datetime.now(UTC) + LIFESPAN)
    assert first.expiry == ends[first.session_id]
    assert first.refresh().status_code == 200
    assert first.expiry == about(datetime.now(UTC) + LIFESPAN)


def test_two_logins_at_one_moment_are_never_guessed_apart(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F30: ambiguous is unknown. The token is given, no session is touched."""
    ory.app.binds_session = False
    service.start(WHILE_USED)
    device = sign_in()
    other = native.login(ory, device.person)
    apart = [
        datetime.fromisoformat(ory.people.session(session_id)["authenticated_at"])
        for session_id in (device.session_id, other.id)
    ]
    database.make_older(ory, other.id, apart[1] - apart[0])
    ends = {
        session_id: database.leave(ory, session_id, timedelta(minutes=10))
        for session_id in (device.session_id, other.id)
    }
    assert device.refresh().status_code == 200
    assert {session_id: ory.people.expiry(session_id) for session_id in ends} == ends
    assert "session.ambiguous" in service.last("hydra.token", after=1)["notes"]


@pytest.mark.usefixtures("_each_way_to_the_session")
def test_a_remembered_login_still_finds_its_session(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """Hydra skips the login and keeps its auth_time (F10); the consent binds again (F28)."""
    ory.app.remembers_consent = True
    service.start(WHILE_USED)
    device = sign_in()
    device.tokens = oauth.sign_in(ory, device.browser, device.client)
    assert ory.app.logins_skipped == 1
    assert ory.app.consents_skipped == 1
    database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    assert device.expiry == about(datetime.now(UTC) + LIFESPAN)


def test_a_kiosk_without_a_cap_is_extended_however_old_it_is(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start("""
        sessions:
          - name: the kiosk never signs out
            extend: true
            max_age: unlimited
        """)
    device = sign_in()
    database.make_older(ory, device.session_id, timedelta(days=400))
    database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    assert device.expiry == about(datetime.now(UTC) + LIFESPAN)
