"""Caps on the age of a session hold at every refresh, by the count the policy names (P22)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ory import database
from ory.device import SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service

EIGHT_HOURS = """
sessions:
  - name: staff sign in every morning
    when: identity.traits.staff == true
    extend: true
    max_age: 8h
    counted_from: {counted_from}
"""


def age(moment: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(moment)


def about(length: timedelta) -> object:
    return pytest.approx(length, abs=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("counted_from", "status"), [("issued_at", 403), ("authenticated_at", 200)]
)
def test_a_step_up_moves_the_cap_that_is_counted_from_the_last_authentication_only(
    ory: Ory, service: Service, sign_in: SignIn, counted_from: str, status: int
) -> None:
    """F97: Kratos writes "now" into authenticated_at at each step, issued_at never moves."""
    person, authenticator = person_with_authenticator(ory, {"staff": True})
    service.start(EIGHT_HOURS.format(counted_from=counted_from))
    device = sign_in(person, authenticator=authenticator)
    database.make_older(ory, device.session_id, timedelta(hours=7))
    device.browser.step_up()
    assert device.refresh().status_code == 200
    database.make_older(ory, device.session_id, timedelta(hours=2))
    session = ory.people.session(device.session_id)
    assert age(session["issued_at"]) == about(timedelta(hours=9))
    assert age(session["authenticated_at"]) == about(timedelta(hours=2))

    assert device.refresh().status_code == status
    record = service.last("hydra.token", after=2)
    assert record["reason"] == ("session.past_max_age" if status == 403 else None)


def test_past_the_cap_no_step_up_brings_the_session_back(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """The login hook knows the age too: by its oldest factor, whatever issued_at says (F97)."""
    person, authenticator = person_with_authenticator(ory, {"staff": True})
    service.start(EIGHT_HOURS.format(counted_from="issued_at"))
    device = sign_in(person, authenticator=authenticator)
    database.make_older(ory, device.session_id, timedelta(hours=9))
    page = device.browser.go(f"{ory.kratos_public_url}/self-service/login/browser?aal=aal2")
    assert page.path == "/login"
    assert len(page.messages) == 1
    assert service.last("kratos.login", after=1)["reason"] == "session.past_max_age"
    assert ory.people.session(device.session_id)["authenticator_assurance_level"] == "aal1"
    assert device.refresh().status_code == 403


def test_a_session_past_its_cap_is_refused_and_not_extended(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(EIGHT_HOURS.format(counted_from="authenticated_at"))
    device = sign_in(ory.people.create({"staff": True}))
    database.make_older(ory, device.session_id, timedelta(hours=8))
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 403
    assert device.expiry == end
    record = service.last("hydra.token", after=1)
    assert (record["verdict"], record["reason"]) == ("deny", "session.past_max_age")


def test_a_cap_holds_for_those_that_its_condition_names_only(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start(EIGHT_HOURS.format(counted_from="issued_at"))
    device = sign_in(ory.people.create({"staff": False}))
    database.make_older(ory, device.session_id, timedelta(hours=9))
    assert device.refresh().status_code == 200


def test_a_capped_sessions_refresh_token_does_not_come_back_once_the_session_has_ended(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P24: past the cap is past the cap, live or not."""
    service.start(EIGHT_HOURS.format(counted_from="issued_at"))
    device = sign_in(ory.people.create({"staff": True}))
    database.make_older(ory, device.session_id, timedelta(hours=9))
    ory.people.revoke(device.session_id)
    assert device.refresh().status_code == 403
    assert service.last("hydra.token", after=1)["reason"] == "session.past_max_age"
