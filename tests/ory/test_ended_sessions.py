"""A session that has ended stays ended, and its tokens with it where the policy says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from ory import database, native
from ory.device import Device, SignIn
from ory.lab import Ory
from ory.service import Service

EXTEND_ALWAYS = """
sessions:
  - name: always
    extend: true
    max_age: 30d
"""

LIVE_ONLY = """
sessions:
  - name: a refresh needs a live session
    when: token.grant == "refresh_token"
    must_be_active: true
    on_error: deny
"""


def expire(device: Device) -> None:
    database.leave(device.ory, device.session_id, timedelta(seconds=-5))


def revoke(device: Device) -> None:
    device.ory.people.revoke(device.session_id)


def sign_out(device: Device) -> None:
    device.browser.logout()


def disable(device: Device) -> None:
    device.ory.people.disable(device.person)


def delete(device: Device) -> None:
    device.ory.people.delete(device.person)


def forget(device: Device) -> None:
    device.ory.people.forget_sessions(device.person)


@pytest.mark.parametrize("end", [expire, revoke], ids=["expired", "revoked"])
def test_a_refresh_does_not_revive_a_session_that_has_ended(
    ory: Ory, service: Service, sign_in: SignIn, end: Callable[[Device], None]
) -> None:
    """F55: Kratos itself would. Without must_be_active the token is given all the same."""
    service.start(EXTEND_ALWAYS)
    device = sign_in()
    end(device)
    before = ory.people.session(device.session_id)
    assert not before["active"]
    assert device.refresh().status_code == 200
    assert ory.people.session(device.session_id) == before
    assert not device.browser.has_session
    assert "effects" not in service.last("hydra.token", after=1)


@pytest.mark.parametrize(
    "end",
    [expire, revoke, sign_out, disable, delete, forget],
    ids=["expired", "revoked", "signed out", "disabled", "deleted", "forgotten"],
)
def test_a_refresh_is_refused_once_the_session_or_its_person_has_gone(
    ory: Ory, service: Service, sign_in: SignIn, end: Callable[[Device], None]
) -> None:
    """F68, F72, F82: Hydra alone would go on giving tokens in every one of these cases."""
    service.start(LIVE_ONLY)
    device = sign_in()
    assert device.refresh().status_code == 200
    end(device)
    reply = device.refresh()
    assert (reply.status_code, reply.json()["error"]) == (403, "access_denied")
    record = service.last("hydra.token", after=2)
    assert (record["verdict"], record["reason"]) == ("deny", "session.not_active")


def test_ending_one_device_leaves_the_other_its_tokens(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(LIVE_ONLY)
    lost = sign_in()
    kept = sign_in(lost.person)
    revoke(lost)
    assert lost.refresh().status_code == 403
    assert kept.refresh().status_code == 200


def test_signing_in_again_gives_tokens_again(ory: Ory, service: Service, sign_in: SignIn) -> None:
    service.start(LIVE_ONLY)
    device = sign_in()
    sign_out(device)
    assert device.refresh().status_code == 403
    again = sign_in(device.person, device.client)
    assert again.refresh().status_code == 200
    assert device.refresh().status_code == 403


def test_a_session_id_of_somebody_else_proves_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """A consent app that binds the wrong session must not lend it."""
    service.start(LIVE_ONLY)
    other = native.login(ory, ory.people.create())
    ory.app.binds_session = False
    ory.app.extra_claims = {"access_token": {"kratos_session_id": other.id}}
    device = sign_in()
    assert device.refresh().status_code == 403
    record = service.last("hydra.token", after=1)
    assert record["reason"] == "session.not_active"
    assert "session.not_the_subjects" in record["notes"]
