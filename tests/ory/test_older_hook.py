"""Hydra's older refresh_token_hook, configured alone, decides refreshes as the newer one does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ory import database
from ory.configuration import Setup
from ory.device import SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(token_hook=False, refresh_token_hook=True)


POLICY = """
mfa:
  - name: everyone uses two factors
    events: [hydra.refresh_token]
    require: {aal: aal2}
sessions:
  - name: stays signed in
    events: [hydra.refresh_token]
    extend: true
    max_age: 30d
"""


def test_the_older_hook_refuses_extends_and_loses_no_claim(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    person, authenticator = person_with_authenticator(ory)
    service.start(POLICY)
    device = sign_in(person, authenticator=authenticator)
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 403
    assert device.expiry == end
    assert service.last("hydra.refresh_token")["reason"] == "mfa.aal_too_low"

    device.browser.step_up()
    sid = device.tokens.id_claims["sid"]
    end = database.leave(ory, device.session_id, timedelta(minutes=10))
    assert device.refresh().status_code == 200
    assert device.expiry > end
    assert device.tokens.id_claims["sid"] == sid
    assert service.records("hydra.token") == []
