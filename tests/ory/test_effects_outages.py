"""Nothing is lost while Ory or the worker is away, and nothing slips through meanwhile."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

import pytest
from ory import database, native, native_account, oauth
from ory.configuration import Setup
from ory.device import Device, SignIn
from ory.endings import (
    are_good,
    assert_untouched,
    stays_live,
    wait_until_dead,
    wait_until_ended,
)
from ory.lab import Ory
from ory.line import Line
from ory.service import Service
from ory.waiting import stays, wait_for

NEW_PASSWORD: Final = """
revoke:
  - name: a new password ends everything
    events: [kratos.settings]
    when: event.method == "password"
    revoke: {revoke}
"""

EXTEND: Final = """
sessions:
  - name: stays signed in
    when: token.grant == "refresh_token"
    extend: true
    max_age: 30d
"""

LIVE_ONLY: Final = """
sessions:
  - name: only with a live session
    must_be_active: true
    on_error: deny
"""

AFTER_BACK_OFFS: Final = 15.0
"""Seconds from the end of a short outage until every effect was tried again (E6)."""

ENDS_ITS_SESSION: Final = {
    "sessions": "[all_sessions]",
    "tokens": "[tokens]",
    "both": "[all_sessions, tokens]",
}


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(every_hook=True)


def change_password(device: Device) -> None:
    """Set another password in an app of the device's person."""
    app = native.login(device.ory, device.person)
    device.person = native_account.change_password(device.ory, app, device.person)


def wait_for_the_next_second() -> None:
    """Hydra tells in whole seconds when a chain of tokens was begun (F84)."""
    time.sleep(1 - time.time() % 1 + 0.05)


def refused_as_ending(service: Service, device: Device, *, after: int) -> bool:
    """Say whether a refresh is refused because something is still to be ended."""
    reply = device.refresh()
    record = service.last("hydra.token", after=after)
    return (reply.status_code, record["reason"]) == (403, "session.ending")


@pytest.mark.parametrize("revoke", ENDS_ITS_SESSION.values(), ids=ENDS_ITS_SESSION)
def test_a_refresh_between_the_event_and_its_effect_is_refused(
    ory: Ory, service: Service, sign_in: SignIn, revoke: str
) -> None:
    """E7: here no worker runs yet. Who signs in anew is not concerned."""
    service.start(NEW_PASSWORD.format(revoke=revoke), EFFECTS_WORKER="worker")
    device = sign_in()
    assert device.refresh().status_code == 200
    bystander = sign_in(client=device.client)
    change_password(device)
    assert ory.people.is_live(device.session_id)
    assert are_good(ory, device.tokens)
    assert refused_as_ending(service, device, after=3)
    wait_for_the_next_second()
    again = sign_in(device.person)
    assert again.refresh().status_code == 200
    assert bystander.refresh().status_code == 200

    service.start_worker()
    service.settled(device.person, "end_all_sessions", "revoke_tokens")
    assert ory.people.is_live(device.session_id) == ("sessions" not in revoke)
    assert are_good(ory, device.tokens) == ("tokens" not in revoke)
    assert_untouched(again)
    assert_untouched(bystander)


def test_a_refresh_after_the_cap_is_refused_though_no_worker_ended_the_session(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """By the hook's own look at the session, or by the ending that waits: refused either way."""
    service.start(
        """
        sessions:
          - name: logins
            events: [kratos.login]
            max_age: 2s
        """,
        EFFECTS_WORKER="worker",
    )
    device = sign_in()
    assert device.refresh().status_code == 200
    stays_live(ory, device.session_id, seconds=2.2)
    assert refused_as_ending(service, device, after=2)

    service.start_worker()
    wait_until_ended(ory, device.session_id)
    wait_until_dead(device)


def test_an_ending_that_comes_late_after_an_outage_spares_the_login_made_since(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line, line_to_hydra: Line
) -> None:
    """E3: neither the new session nor its tokens end, however late the old ones do."""
    service.start(
        NEW_PASSWORD.format(revoke="[all_sessions, tokens]"),
        KRATOS_ADMIN_URL=line_to_kratos.url,
        HYDRA_ADMIN_URL=line_to_hydra.url,
    )
    device = sign_in()
    line_to_kratos.cut()
    line_to_hydra.cut()
    change_password(device)
    wait_for_the_next_second()
    app = native.login(ory, device.person)
    since = oauth.public_client(ory)
    line_to_kratos.restore()
    wait_for(lambda: service.reaches("kratos"), "the end of Kratos' outage")
    with_tokens = sign_in(device.person, since)
    line_to_hydra.restore()
    wait_until_ended(ory, device.session_id, seconds=AFTER_BACK_OFFS)
    wait_until_dead(device, seconds=AFTER_BACK_OFFS)
    effects = service.settled(device.person, "end_all_sessions", "revoke_tokens")
    assert [effect["state"] for effect in effects] == ["done", "done"]
    stays_live(ory, app.id, with_tokens.session_id)
    assert_untouched(with_tokens)


def test_a_password_changed_while_the_worker_was_dead_ends_sessions_after_its_restart(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """Row 56: what was accepted is done, by another process on the same database."""
    policy = NEW_PASSWORD.format(revoke="[all_sessions, tokens]")
    service.start(policy, EFFECTS_WORKER="worker")
    device = sign_in()
    change_password(device)
    service.take_down()
    assert ory.people.is_live(device.session_id)
    service.start(policy)
    wait_until_ended(ory, device.session_id)
    wait_until_dead(device)


def test_an_extension_put_off_by_an_outage_comes_after_it_without_another_refresh(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line
) -> None:
    """P17: the token is given all the same."""
    service.start(EXTEND, KRATOS_ADMIN_URL=line_to_kratos.url)
    device = sign_in()
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    line_to_kratos.cut()
    assert device.refresh().status_code == 200
    assert service.last("hydra.token", after=1)["effects"]["extend_session"]["result"] == "deferred"
    assert device.expiry == end

    line_to_kratos.restore()
    wait_for(lambda: device.expiry > end, "the extension", AFTER_BACK_OFFS)
    (effect,) = service.settled(device.person, "extend_session")
    assert effect["state"] == "done"


def test_an_extension_put_off_by_an_outage_does_not_revive_a_session_that_ended_meanwhile(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line
) -> None:
    """F55: Kratos itself would."""
    service.start(EXTEND, KRATOS_ADMIN_URL=line_to_kratos.url)
    device = sign_in()
    line_to_kratos.cut()
    assert device.refresh().status_code == 200
    ory.people.revoke(device.session_id)
    end = device.expiry
    line_to_kratos.restore()
    service.settled(device.person, "extend_session")
    assert device.expiry == end
    assert not ory.people.is_live(device.session_id)


def test_a_real_outage_of_kratos_itself_loses_no_ending(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """The process is gone for a while and comes back with the sessions it had."""
    service.start(
        """
        sessions:
          - name: everyone
            max_age: 2s
        """
    )
    device = sign_in()
    with ory.servers.kratos.away():
        stays(lambda: are_good(ory, device.tokens), "the tokens", seconds=3)
    wait_until_ended(ory, device.session_id, seconds=AFTER_BACK_OFFS)
    wait_until_dead(device, seconds=AFTER_BACK_OFFS)


def test_a_disabled_person_gets_no_token_where_a_rule_demands_a_live_session(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F82: Hydra alone would go on, at a refresh and at a new authorization that it skips."""
    service.start(LIVE_ONLY)
    device = sign_in()
    grant = oauth.authorize(ory, device.browser, device.client)
    ory.people.disable(device.person)
    assert device.refresh().status_code == 403
    assert service.last("hydra.token", after=1)["reason"] == "session.not_active"
    assert oauth.exchange(ory, device.client, grant).status_code == 403
    assert native.try_login(ory, device.person).status_code == 401
    ory.people.enable(device.person)
    assert device.refresh().status_code == 200
