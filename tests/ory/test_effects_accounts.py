"""A new password or a recovery ends what others may hold: other sessions, and tokens (P28)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from ory import browser_account, native, native_account, oauth
from ory.browser import Browser
from ory.configuration import Setup
from ory.device import SignIn
from ory.endings import (
    are_good,
    assert_untouched,
    stays_live,
    wait_until_dead,
    wait_until_ended,
)
from ory.lab import Ory
from ory.people import Person
from ory.service import Service

NEW_PASSWORD: Final = """
revoke:
  - name: a new password ends the other sessions
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions, tokens]
"""

REFUSED: Final = """
deny:
  - name: passwords are changed by the help desk
    events: [kratos.settings]
"""

RECOVERY: Final = """
revoke:
  - name: a recovery ends everything else
    events: [kratos.recovery]
    revoke: [other_sessions, tokens]
"""


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(every_hook=True, pass_session_cookie=True)


def test_a_new_password_ends_the_other_sessions_and_every_token_and_keeps_the_current_session(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F33, F74: the cookie that Kratos was told to pass on says which session is the current."""
    service.start(NEW_PASSWORD)
    here = sign_in()
    there = sign_in(here.person)
    app = native.login(ory, here.person)
    bystander = sign_in(client=here.client)
    page = browser_account.change_password(here.browser)
    assert [message["type"] for message in page.messages] == ["success"]
    wait_until_ended(ory, there.session_id, app.id)
    wait_until_dead(there)
    wait_until_dead(here)
    stays_live(ory, here.session_id)
    assert here.browser.session_id == here.session_id
    assert_untouched(bystander)
    assert are_good(ory, oauth.sign_in(ory, here.browser, here.client))
    effects = service.settled(here.person, "end_other_sessions", "revoke_tokens")
    assert [effect["state"] for effect in effects] == ["done", "done"]


def test_the_cookie_that_names_the_session_reaches_neither_the_log_nor_the_database(
    ory: Ory, service: Service, sign_in: SignIn, tmp_path: Path
) -> None:
    service.start(NEW_PASSWORD, LOG_LEVEL="debug")
    here = sign_in()
    cookies = here.browser.cookies
    browser_account.change_password(here.browser)
    service.settled(here.person, "end_other_sessions")
    files = list(tmp_path.glob("effects.db*"))
    assert files
    kept = b"".join(file.read_bytes() for file in files) + service.log_text().encode()
    assert here.person.id.encode() in kept
    for cookie in cookies + here.browser.cookies:
        assert cookie.encode() not in kept


def test_a_new_password_spares_the_tokens_that_the_policy_does_not_name(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(NEW_PASSWORD.replace(", tokens", ""))
    here = sign_in()
    there = sign_in(here.person)
    browser_account.change_password(here.browser)
    wait_until_ended(ory, there.session_id)
    service.settled(here.person, "end_other_sessions")
    assert_untouched(here)


def test_a_new_password_in_an_app_ends_all_sessions_where_kratos_does_not_name_the_current(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P28 prefers ending too much, and the record says so. 26.2.0 names it (F33)."""
    service.start(NEW_PASSWORD)
    there = sign_in()
    app = native.login(ory, there.person)
    changed = native_account.change_password(ory, app, there.person)
    wait_until_ended(ory, there.session_id, app.id)
    wait_until_dead(there)
    assert "revoke.all_sessions_instead" in service.last("kratos.settings", after=1)["notes"]
    again = native.login(ory, changed)
    stays_live(ory, again.id)


def test_a_change_of_something_else_ends_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(NEW_PASSWORD)
    device = sign_in()
    app = native.login(ory, device.person)
    native_account.change_traits(ory, app, device.person, department="sales")
    native.enrol(ory, app)
    stays_live(ory, app.id, device.session_id)
    assert_untouched(device)
    assert service.effects(device.person) == []


def test_a_password_change_that_is_refused_ends_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F103: the hook before the change is stored revokes nothing, and one after is not called."""
    service.start(REFUSED + NEW_PASSWORD)
    device = sign_in()
    app = native.login(ory, device.person)
    reply = native_account.try_change_password(ory, app, "another-pass-phrase-for-a-test")
    assert reply.status_code == 400
    assert len(service.records("kratos.settings")) == 1
    stays_live(ory, app.id, device.session_id)
    assert_untouched(device)
    assert native.try_login(ory, device.person).status_code == 200


def test_a_login_can_end_the_other_sessions_and_keep_its_own(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F35, F46: its own has no id yet, and is stored after the answer."""
    service.start("""
        revoke:
          - name: one place at a time
            events: [kratos.login]
            when: flow.type == "browser"
            revoke: [other_sessions]
        """)
    person = ory.people.create()
    apps = [native.login(ory, person) for _ in range(2)]
    here = sign_in(person)
    wait_until_ended(ory, *(app.id for app in apps))
    service.settled(person, "end_other_sessions")
    stays_live(ory, here.session_id)
    assert ory.people.live_sessions(person) == {here.session_id}


def recover_in_app(ory: Ory, person: Person) -> str:
    return native_account.recover(ory, person).id


def recover_in_browser(ory: Ory, person: Person) -> str:
    with Browser(ory, person) as browser:
        assert browser_account.recover(ory, browser).path == "/settings"
        return browser.session_id


@pytest.mark.parametrize("recover", [recover_in_app, recover_in_browser])
def test_a_recovery_ends_the_other_sessions_and_every_token_and_its_own_session_survives(
    ory: Ory, service: Service, sign_in: SignIn, recover: Callable[[Ory, Person], str]
) -> None:
    """F102: that session was authenticated before the hook was called."""
    service.start(RECOVERY)
    there = sign_in()
    app = native.login(ory, there.person)
    session_id = recover(ory, there.person)
    wait_until_ended(ory, there.session_id, app.id)
    wait_until_dead(there)
    effects = service.settled(there.person, "end_other_sessions", "revoke_tokens")
    assert [effect["state"] for effect in effects] == ["done", "done"]
    stays_live(ory, session_id)
    assert ory.people.live_sessions(there.person) == {session_id}


def test_a_recoverys_session_survives_though_its_hook_found_us_only_when_kratos_tried_again(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F86: by then it is seconds since Kratos wrote down when the code was given."""
    there = sign_in()
    service.start(RECOVERY)
    service.take_down()
    restart = threading.Timer(0.3, service.start, [RECOVERY])
    restart.start()
    try:
        session_id = native_account.recover(ory, there.person).id
    finally:
        restart.join()
    wait_until_ended(ory, there.session_id)
    service.settled(there.person, "end_other_sessions")
    stays_live(ory, session_id)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of the service's database, as a backup might."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def test_a_password_change_ends_sessions_though_the_tab_was_closed_before_the_answer(
    ory: Ory, service: Service, sign_in: SignIn, tmp_path: Path
) -> None:
    """F75, row 60. The lock makes the hook wait for its commit; Kratos' caller does not."""
    service.start(NEW_PASSWORD)
    there = sign_in()
    app = native.login(ory, there.person)
    with locked(tmp_path / "effects.db"):
        changed = native_account.give_up_changing_password(ory, app, there.person, 0.2)
    wait_until_ended(ory, there.session_id, app.id)
    wait_until_dead(there)
    before, after = service.records("kratos.settings")
    assert "effects" not in before
    assert {effect["result"] for effect in after["effects"]["kept"]} == {"accepted"}
    assert native.try_login(ory, changed).status_code == 200


def test_a_password_change_ends_sessions_though_no_database_keeps_that(
    ory: Ory, service: Service, sign_in: SignIn, tmp_path: Path
) -> None:
    """Settled question 14: the change stands, so its consequences are tried on the spot."""
    service.start(NEW_PASSWORD)
    there = sign_in()
    app = native.login(ory, there.person)
    with locked(tmp_path / "effects.db"):
        changed = native_account.change_password(ory, app, there.person)
        wait_until_ended(ory, there.session_id, app.id)
    wait_until_dead(there)
    assert native.try_login(ory, changed).status_code == 200


def test_a_worker_of_its_own_does_the_same_on_every_database(
    ory: Ory, service: Service, sign_in: SignIn, database: str
) -> None:
    """It may run on another machine: all it shares with ``serve`` is the database."""
    service.start(NEW_PASSWORD, DATABASE_URL=database, EFFECTS_WORKER="worker")
    service.start_worker()
    here = sign_in()
    there = sign_in(here.person)
    browser_account.change_password(here.browser)
    wait_until_ended(ory, there.session_id)
    wait_until_dead(there)
    wait_until_dead(here)
    stays_live(ory, here.session_id)
