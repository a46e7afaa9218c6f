"""Which hooks Kratos calls when an account changes, in which order, and what they tell.

The receiver answers them. What the service relies on when it looks for a session after its
hook was answered is held here to the microsecond.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests
from ory import browser_account, native, native_account
from ory.browser import Browser
from ory.browser_account import NOBODY
from ory.configuration import Setup
from ory.device import SignIn
from ory.lab import Ory
from ory.listener import Reply
from ory.people import new_address
from ory.receiver import Call

LOGIN: Final = "/hooks/kratos/login/password"
REGISTRATION: Final = "/hooks/kratos/registration/password"
RECOVERY: Final = "/hooks/kratos/recovery"

BUSY: Final = Reply(503)
REFUSED: Final = Reply(
    403,
    b'{"messages":[{"instance_ptr":"#/","messages":'
    b'[{"id":4900001,"text":"Not today.","type":"error"}]}]}',
    {"Content-Type": "application/json"},
)


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(every_hook=True)


def of_settings(ory: Ory) -> list[tuple[str, str]]:
    """Return which hooks of settings were called, and in which state of the flow."""
    prefix = "/hooks/kratos/settings/"
    return [
        (call.path.removeprefix(prefix), call.body["flow"]["state"])
        for call in ory.receiver.calls(prefix)
    ]


def as_stored(ory: Ory, session_id: str) -> dict[str, Any]:
    """Return a session without its person, who may change while it does not."""
    session = ory.people.session(session_id)
    return {name: value for name, value in session.items() if name != "identity"}


def moment(text: str) -> datetime:
    """Read a time; Kratos tells nanoseconds, of which microseconds are kept."""
    return datetime.fromisoformat(text)


def factors(session: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session["authentication_methods"]
    return found


def test_a_native_password_change_calls_both_hooks_and_leaves_the_session_as_it_was(
    ory: Ory,
) -> None:
    """F89, F103: before the change is stored and after it; 1.3.1 names no session (F33)."""
    person = ory.people.create()
    session = native.login(ory, person)
    before = as_stored(ory, session.id)
    changed = native_account.change_password(ory, session, person)
    assert of_settings(ory) == [("password", "show_form"), ("password", "success")]
    for call in ory.receiver.calls("/hooks/kratos/settings/"):
        assert call.body["identity"]["id"] == person.id
        assert call.body["session"] is None
    assert as_stored(ory, session.id) == before
    assert native.try_login(ory, person).status_code == 400
    assert native.try_login(ory, changed).status_code == 200


def test_a_password_change_in_a_browser_does_the_same(ory: Ory) -> None:
    with Browser(ory, ory.people.create()) as browser:
        browser.login()
        before = as_stored(ory, browser.session_id)
        page = browser_account.change_password(browser)
        assert [message["type"] for message in page.messages] == ["success"]
        assert as_stored(ory, browser.session_id) == before
        assert native.try_login(ory, browser.person).status_code == 200
    assert of_settings(ory) == [("password", "show_form"), ("password", "success")]


def test_enrolling_an_authenticator_app_makes_the_session_aal2_and_leaves_its_login_where_it_was(
    ory: Ory,
) -> None:
    person = ory.people.create()
    session = native.login(ory, person)
    before = ory.people.session(session.id)
    native.enrol(ory, session)
    after = ory.people.session(session.id)
    assert of_settings(ory) == [("totp", "show_form"), ("totp", "success")]
    assert after["authenticator_assurance_level"] == "aal2"
    assert [factor["method"] for factor in factors(after)] == ["password", "totp"]
    assert after["authenticated_at"] == before["authenticated_at"]


def test_an_authenticator_app_enrolled_in_a_browser_is_good_for_a_step_up(ory: Ory) -> None:
    with Browser(ory, ory.people.create()) as browser:
        browser.login()
        browser_account.enrol(browser)
        browser.step_up(again=True)
    assert of_settings(ory) == [("totp", "show_form"), ("totp", "success")]


def test_a_change_of_traits_calls_the_hooks_of_the_profile(ory: Ory) -> None:
    person = ory.people.create()
    native_account.change_traits(ory, native.login(ory, person), person, staff=True)
    assert of_settings(ory) == [("profile", "show_form"), ("profile", "success")]
    (_, after) = ory.receiver.calls("/hooks/kratos/settings/")
    assert after.body["identity"]["traits"]["staff"] is True


def test_a_refusal_before_a_password_is_stored_leaves_the_old_one(ory: Ory) -> None:
    """F90: the second hook is not called then."""
    person = ory.people.create()
    session = native.login(ory, person)
    ory.receiver.answer = REFUSED
    reply = native_account.try_change_password(ory, session, "another-pass-phrase-for-a-test")
    assert reply.status_code == 400
    assert of_settings(ory) == [("password", "show_form")]
    ory.receiver.reset()
    assert native.try_login(ory, person).status_code == 200


def test_a_registration_calls_its_hook_before_anything_is_stored(ory: Ory) -> None:
    """F38, F80: the session that follows calls no login hook."""
    person, session = native_account.register(ory, {"staff": True})
    (call,) = ory.receiver.calls()
    assert call.path == REGISTRATION
    assert call.body["identity"]["id"] == NOBODY
    assert call.body["identity"]["traits"] == {"email": person.email, "staff": True}
    assert call.body["session"] is None
    assert ory.people.live_sessions(person) == {session.id}


def test_a_registration_in_a_browser_signs_in(ory: Ory) -> None:
    with Browser(ory, browser_account.stranger()) as browser:
        page = browser_account.register(browser)
        assert (page.path, browser.has_session) == ("/", True)
        person = ory.people.registered(browser.person.email)
        assert ory.people.live_sessions(person) == {browser.session_id}
    assert [call.path for call in ory.receiver.calls()] == [REGISTRATION]


def test_a_refused_registration_makes_nobody(ory: Ory) -> None:
    ory.receiver.answer = REFUSED
    email = new_address()
    reply = native_account.try_register(ory, email)
    assert reply.status_code == 400
    assert [message["text"] for message in reply.json()["ui"]["messages"]] == ["Not today."]
    query = {"credentials_identifier": email}
    found = requests.get(f"{ory.kratos_admin_url}/admin/identities", params=query, timeout=10)
    assert found.json() == []


def test_a_verification_calls_its_hook_and_verifies(ory: Ory) -> None:
    person = ory.people.create()
    reply = native_account.verify(ory, person)
    assert (reply.status_code, reply.json()["state"]) == (200, "passed_challenge")
    (call,) = ory.receiver.calls("/hooks/kratos/verification")
    assert (call.body["flow"]["active"], call.body["session"]) == ("code", None)
    with Browser(ory, ory.people.create()) as browser:
        page = browser_account.verify(ory, browser)
    assert page.flow is not None
    assert page.flow["state"] == "passed_challenge"


def recover_in_app(ory: Ory) -> str:
    person = ory.people.create()
    session_id = native_account.recover(ory, person).id
    assert ory.people.live_sessions(person) == {session_id}
    return session_id


def recover_in_browser(ory: Ory) -> str:
    with Browser(ory, ory.people.create()) as browser:
        assert browser_account.recover(ory, browser).path == "/settings"
        return browser.session_id


@pytest.mark.parametrize("recover", [recover_in_app, recover_in_browser])
def test_a_recoverys_session_was_authenticated_a_moment_before_its_hook_is_called(
    ory: Ory, recover: Callable[[Ory], str]
) -> None:
    """F39, F102: both times are within a millisecond of each other, the factor's first."""
    session = ory.people.session(recover(ory))
    (call,) = ory.receiver.calls(RECOVERY)
    assert (call.body["flow"]["active"], call.body["flow"]["state"]) == ("code", "passed_challenge")
    assert call.body["session"] is None
    (factor,) = factors(session)
    assert factor["method"] == "code_recovery"
    completed, authenticated = moment(factor["completed_at"]), moment(session["authenticated_at"])
    assert timedelta() <= authenticated - completed < timedelta(milliseconds=1)
    assert timedelta() < call.at - completed < timedelta(milliseconds=900)


def test_a_repeated_recovery_hook_comes_a_second_after_the_sessions_login(ory: Ory) -> None:
    """Kratos sets the times before its first try, and waits one second before the next (F86).

    Whoever spares the session that a recovery makes must look back further than that.
    """
    ory.receiver.answers = [BUSY]
    session = ory.people.session(recover_in_app(ory))
    first, second = ory.receiver.calls(RECOVERY)
    assert first.raw == second.raw
    completed = moment(factors(session)[0]["completed_at"])
    assert first.at - completed < timedelta(milliseconds=900)
    assert second.at - completed > timedelta(seconds=1)


@pytest.mark.parametrize("slow", [timedelta(), timedelta(seconds=1.2)])
def test_a_fresh_logins_session_is_stored_with_the_times_that_its_hook_told(
    ory: Ory, slow: timedelta
) -> None:
    """To the last digit, however long the hook takes: they find a session without id (F35)."""
    ory.receiver.takes = slow
    with Browser(ory, ory.people.create()) as browser:
        browser.login()
        in_browser = ory.people.session(browser.session_id)
    in_app = ory.people.session(native.login(ory, ory.people.create()).id)
    for stored, call in zip((in_browser, in_app), ory.receiver.calls(LOGIN), strict=True):
        assert call.body["session"]["id"] == NOBODY
        assert_same_times(stored, call, "authenticated_at", "issued_at", "expires_at")


def test_a_second_login_in_a_session_is_stored_with_the_times_that_its_hook_told(
    ory: Ory,
) -> None:
    """All but ``issued_at``, which the body sets to now (F97)."""
    person = ory.people.create()
    session = native.login(ory, person)
    authenticator = native.enrol(ory, session)
    ory.receiver.reset()
    native.refresh(ory, session, person)
    after_password = ory.people.session(session.id)
    native.step_up(ory, session, authenticator, again=True)
    after_code = ory.people.session(session.id)
    password, code = ory.receiver.calls()
    for stored, call in ((after_password, password), (after_code, code)):
        assert call.body["session"]["id"] == session.id
        assert_same_times(stored, call, "authenticated_at", "expires_at")
        assert call.body["session"]["issued_at"] > stored["issued_at"]


def assert_same_times(stored: dict[str, Any], call: Call, *names: str) -> None:
    told = call.body["session"]
    assert [told[name] for name in names] == [stored[name] for name in names]
    assert [factor["completed_at"] for factor in told["authentication_methods"]] == [
        factor["completed_at"] for factor in factors(stored)
    ]
    # A factor is completed first, the session authenticated by it some microseconds later.
    newest = moment(factors(stored)[-1]["completed_at"])
    late = moment(stored["authenticated_at"]) - newest
    assert timedelta() <= late < timedelta(milliseconds=20)


def test_hydra_lists_a_chain_for_each_device_with_its_kratos_session(
    ory: Ory, sign_in: SignIn
) -> None:
    """F101: chain, Hydra's login session and Kratos' session are told of each."""
    first = sign_in()
    second = sign_in(first.person)
    third = sign_in(first.person, first.client)
    hooks = ory.receiver.calls("/hooks/hydra/token")
    assert len(hooks) == 3
    listed = requests.get(
        f"{ory.hydra_admin_url}/admin/oauth2/auth/sessions/consent",
        params={"subject": first.person.id},
        timeout=10,
    ).json()
    assert sorted(
        (
            chain["consent_request"]["client"]["client_id"],
            chain["session"]["access_token"]["kratos_session_id"],
            chain["consent_request"]["challenge"],
            chain["consent_request"]["login_session_id"],
        )
        for chain in listed
    ) == sorted(
        (
            device.client.id,
            device.session_id,
            hook.body["session"]["consent_challenge"],
            hook.body["session"]["id_token"]["id_token_claims"]["ext"]["sid"],
        )
        for device, hook in zip((first, second, third), hooks, strict=True)
    )


def test_servers_come_back_with_what_they_knew(ory: Ory, sign_in: SignIn) -> None:
    device = sign_in()
    address = f"{ory.kratos_admin_url}/health/ready"
    with ory.servers.kratos.away(), pytest.raises(requests.ConnectionError, match="refused"):
        requests.get(address, timeout=5)
    with ory.servers.hydra.frozen(), pytest.raises(requests.ReadTimeout):
        requests.get(f"{ory.hydra_admin_url}/health/ready", timeout=0.3)
    assert device.browser.session_id == device.session_id
    assert device.refresh().status_code == 200
