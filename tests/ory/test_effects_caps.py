"""Sessions end at their caps and windows although nobody calls: P18, P22, E8."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ory import native, oauth
from ory.device import SignIn, person_with_authenticator
from ory.endings import (
    are_good,
    assert_untouched,
    authenticated_at,
    stays_live,
    wait_until_dead,
    wait_until_ended,
)
from ory.lab import Ory
from ory.service import Service

IN_TIME: Final = timedelta(seconds=1.5)
"""How late an ending may be seen: two calls to Kratos, two to Hydra, on a busy machine."""


def is_due(seen: datetime, due: datetime) -> bool:
    return due <= seen < due + IN_TIME


def test_a_session_ends_at_its_cap_with_its_tokens_though_no_hook_comes(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """And with the login that Hydra remembers: else it would say "skip" afterwards (F68)."""
    service.start("""
        sessions:
          - name: staff work in short shifts
            when: identity.traits.staff == true
            max_age: 6s
        """)
    staff = sign_in(ory.people.create({"staff": True}))
    guest = sign_in(client=staff.client)
    told = len(service.records())
    cap = authenticated_at(ory, staff.session_id) + timedelta(seconds=6)
    assert is_due(wait_until_ended(ory, staff.session_id, seconds=9), cap)
    assert not staff.browser.has_session
    assert len(service.records()) == told
    assert is_due(wait_until_dead(staff), cap)
    assert_untouched(guest)

    ory.app.logins_skipped = 0
    again = oauth.sign_in(ory, staff.browser, staff.client)
    assert ory.app.logins_skipped == 0
    assert are_good(ory, again)


def test_two_clients_with_different_caps_each_end_at_their_own(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """Of the same person: the tokens of one session are found, those of the other are spared."""
    kiosk, desk = oauth.public_client(ory), oauth.public_client(ory)
    service.start(f"""
        sessions:
          - name: kiosk
            when: client.id == "{kiosk.id}"
            max_age: 3s
          - name: desk
            when: client.id == "{desk.id}"
            max_age: 6s
        """)
    at_kiosk = sign_in(client=kiosk)
    at_desk = sign_in(at_kiosk.person, desk)
    first = authenticated_at(ory, at_kiosk.session_id) + timedelta(seconds=3)
    second = authenticated_at(ory, at_desk.session_id) + timedelta(seconds=6)
    assert is_due(wait_until_ended(ory, at_kiosk.session_id, seconds=6), first)
    wait_until_dead(at_kiosk)
    assert_untouched(at_desk)
    assert is_due(wait_until_ended(ory, at_desk.session_id, seconds=6), second)
    wait_until_dead(at_desk)


def test_a_session_of_two_clients_ends_at_the_earlier_cap_with_the_tokens_of_both(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P22: one rule's cap never moves another's."""
    kiosk, desk = oauth.public_client(ory), oauth.public_client(ory)
    service.start(f"""
        sessions:
          - name: kiosk
            when: client.id == "{kiosk.id}"
            max_age: 3s
          - name: desk
            when: client.id == "{desk.id}"
            max_age: 1h
        """)
    device = sign_in(client=kiosk)
    at_desk = oauth.sign_in(ory, device.browser, desk)
    cap = authenticated_at(ory, device.session_id) + timedelta(seconds=3)
    assert is_due(wait_until_ended(ory, device.session_id, seconds=6), cap)
    wait_until_dead(device)
    device.client, device.tokens = desk, at_desk
    wait_until_dead(device)


def test_of_two_sign_ins_at_the_same_moment_the_capped_one_ends(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F35: at its login hook the session has no id, and no other hook ever names it."""
    service.start("""
        sessions:
          - name: apps
            when: flow.type == "api"
            max_age: 2s
        """)
    browser = sign_in()
    before = native.login(ory, browser.person)
    beside = sign_in(browser.person)
    after = native.login(ory, browser.person)
    cap = authenticated_at(ory, before.id) + timedelta(seconds=2)
    wait_until_ended(ory, before.id)
    assert is_due(wait_until_ended(ory, after.id), cap)
    assert_untouched(browser)
    assert_untouched(beside)
    stays_live(ory, browser.session_id, beside.session_id)


def test_a_step_up_moves_a_cap_that_is_counted_from_the_last_authentication(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """E8: what is due looks at the session as it is by then."""
    person, authenticator = person_with_authenticator(ory)
    service.start("""
        sessions:
          - name: everyone
            max_age: 3s
        """)
    device = sign_in(person, authenticator=authenticator)
    first = authenticated_at(ory, device.session_id)
    stays_live(ory, device.session_id, seconds=1.5)
    device.browser.step_up()
    moved = authenticated_at(ory, device.session_id)
    assert moved - first > timedelta(seconds=1.5)
    cap = moved + timedelta(seconds=3)
    assert is_due(wait_until_ended(ory, device.session_id), cap)
    wait_until_dead(device)


def test_a_login_that_does_not_step_up_within_its_window_is_ended_and_one_that_does_is_not(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P18: the first step of a login is never refused, but it does not last."""
    late, prompt = person_with_authenticator(ory), person_with_authenticator(ory)
    service.start("""
        mfa:
          - name: two factors soon
            events: [kratos.login]
            require: {aal: aal2}
            step_up_within: 5s
        """)
    too_late = sign_in(late[0], authenticator=late[1])
    in_time = sign_in(prompt[0], authenticator=prompt[1])
    in_time.browser.step_up()
    window = authenticated_at(ory, too_late.session_id) + timedelta(seconds=5)
    assert is_due(wait_until_ended(ory, too_late.session_id, seconds=8), window)
    wait_until_dead(too_late)
    stays_live(ory, in_time.session_id)
    assert_untouched(in_time)


def test_a_session_found_past_its_cap_ends_at_once(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P22: refused at the hook, and then there is nothing left to refuse."""
    device = sign_in()
    other = sign_in(device.person)
    stays_live(ory, device.session_id, seconds=1)
    service.start(f"""
        sessions:
          - name: a moment
            when: client.id == "{device.client.id}"
            max_age: 1s
        """)
    assert device.refresh().status_code == 403
    wait_until_ended(ory, device.session_id)
    wait_until_dead(device)
    assert_untouched(other)
