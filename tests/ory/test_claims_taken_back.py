"""Claims that go from the tokens again: a refresh must not keep a level that nobody can show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from ory import database
from ory.claims import CONSENTED, HOW, JWT, NAMED, among, told_by_kratos, without
from ory.configuration import Setup
from ory.device import Device, SignIn
from ory.lab import Ory
from ory.line import Line
from ory.service import Service

WHILE_IT_LIVES = """
claims:
  - name: how the person signed in, while the session lives
    access_token:
      acr: "session.active ? session.aal : null"
      amr: "session.active ? session.methods : null"
      auth_time: "session.active ? session.authenticated_at : null"
    id_token:
      level: "session.active ? session.aal : null"
"""


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return JWT


def gone(device: Device) -> None:
    device.ory.people.forget_sessions(device.person)


def deleted(device: Device) -> None:
    device.ory.people.delete(device.person)


@pytest.mark.parametrize("end", [gone, deleted])
def test_a_level_goes_from_the_tokens_once_the_session_is_gone(
    ory: Ory, service: Service, sign_in: SignIn, end: Callable[[Device], None]
) -> None:
    """No rule demands a live session: the token is given, and claims no level any more."""
    service.start(HOW)
    ory.app.extra_claims = CONSENTED
    device = sign_in()
    kept = without(device.tokens.access_claims["ext"], *NAMED)
    end(device)
    for _ in range(2):
        assert device.refresh().status_code == 200
        access, identity = device.tokens.access_claims, device.tokens.id_claims
        assert among(access) == {}
        assert access["ext"] == kept
        assert "level" not in identity
        assert identity["email"] == "ana@example.org"
        assert identity["sid"]


def expired(device: Device) -> None:
    database.leave(device.ory, device.session_id, timedelta(seconds=-5))


def revoked(device: Device) -> None:
    device.ory.people.revoke(device.session_id)


def signed_out(device: Device) -> None:
    device.browser.logout()


def disabled(device: Device) -> None:
    device.ory.people.disable(device.person)


ENDS = [expired, revoked, signed_out, disabled]


@pytest.mark.parametrize("end", ENDS)
def test_a_rule_that_asks_for_a_live_session_takes_the_level_back_when_it_ends(
    ory: Ory, service: Service, sign_in: SignIn, end: Callable[[Device], None]
) -> None:
    service.start(WHILE_IT_LIVES)
    device = sign_in()
    assert among(device.tokens.access_claims) == told_by_kratos(device)
    assert device.tokens.id_claims["level"] == "aal1"
    end(device)
    assert device.refresh().status_code == 200
    assert among(device.tokens.access_claims) == {}
    assert device.tokens.access_claims["ext"] == {"kratos_session_id": device.session_id}
    assert "level" not in device.tokens.id_claims


@pytest.mark.parametrize("end", ENDS)
def test_a_rule_that_does_not_ask_tells_of_the_ended_session_how_it_was(
    ory: Ory, service: Service, sign_in: SignIn, end: Callable[[Device], None]
) -> None:
    """Kratos keeps the row (F56), so its facts are known: not null, and not unknown."""
    service.start(HOW)
    device = sign_in()
    end(device)
    assert device.refresh().status_code == 200
    assert among(device.tokens.access_claims) == told_by_kratos(device)


@pytest.mark.parametrize("fail", [Line.cut, Line.freeze], ids=["refused", "silent"])
def test_a_level_that_cannot_be_read_goes_from_the_token_and_comes_back_with_kratos(
    ory: Ory,
    service: Service,
    sign_in: SignIn,
    line_to_kratos: Line,
    fail: Callable[[Line], None],
) -> None:
    service.start(HOW, KRATOS_ADMIN_URL=line_to_kratos.url)
    ory.app.extra_claims = CONSENTED
    device = sign_in()
    truth, sid = told_by_kratos(device), device.tokens.id_claims["sid"]
    kept = without(device.tokens.access_claims["ext"], *NAMED)
    fail(line_to_kratos)
    assert device.refresh().status_code == 200
    assert among(device.tokens.access_claims) == {}
    assert device.tokens.access_claims["ext"] == kept
    assert among(device.tokens.id_claims, ("sid", "email", "level")) == {
        "sid": sid,
        "email": "ana@example.org",
    }

    line_to_kratos.restore()
    assert device.refresh().status_code == 200
    assert device.tokens.access_claims["ext"] == {**kept, **truth}
    assert device.tokens.id_claims["level"] == "aal1"


def test_a_rule_whose_condition_cannot_be_decided_takes_its_claims_back(
    ory: Ory, service: Service, sign_in: SignIn, line_to_kratos: Line
) -> None:
    service.start(
        """
        claims:
          - name: staff
            when: identity.traits.department == "staff"
            access_token: {tenant: '"staff"'}
        """,
        KRATOS_ADMIN_URL=line_to_kratos.url,
    )
    device = sign_in(ory.people.create({"department": "staff"}))
    assert device.tokens.access_claims["tenant"] == "staff"
    line_to_kratos.cut()
    assert device.refresh().status_code == 200
    assert "tenant" not in device.tokens.access_claims
    assert device.tokens.access_claims["ext"] == {"kratos_session_id": device.session_id}
