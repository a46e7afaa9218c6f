"""The stand-in's consents and logins against the recorded answers of 2.3.0, and as of 26.2."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from webhook_service.ory.fake import FakeOry

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
ADA = "ba86de81-632c-4c14-85f6-259d83986bf8"
CONSENTS = "/admin/oauth2/auth/sessions/consent"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def recorded(case: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((API / f"{case}.json").read_text())
    return answer


@pytest.fixture
def old() -> FakeOry:
    return FakeOry(clock=lambda: NOON, revokes_chains=False)


def test_a_consent_is_told_as_the_recorded_one_is(old: FakeOry) -> None:
    old.hydra.add_client("web")
    old.hydra.consents.consent(old.hydra.consents.log_in(ADA), "web")
    real = recorded("hydra.consent-sessions.list")
    mine = old.handle("hydra", "GET", real["request"]["path"])
    assert mine.status == real["status"]
    assert mine.headers["X-Total-Count"] == real["headers"]["X-Total-Count"]
    (one,), (other,) = json.loads(mine.body), real["body"]
    assert one.keys() == other.keys()
    assert one["consent_request"].keys() == other["consent_request"].keys()
    assert {type(value) for value in one.values()} == {type(value) for value in other.values()}


@pytest.mark.parametrize(
    "case",
    [
        "hydra.consent-sessions.list.none",
        "hydra.consent-sessions.revoke.all",
        "hydra.consent-sessions.revoke.by-consent-request-id",
        "hydra.consent-sessions.revoke.no-scope",
        "hydra.login-sessions.revoke.by-sid-unknown",
        "hydra.login-sessions.revoke.by-subject",
    ],
)
def test_what_is_recorded_is_answered_to_the_letter(old: FakeOry, case: str) -> None:
    real = recorded(case)
    mine = old.handle("hydra", real["request"]["method"], real["request"]["path"])
    body = json.loads(mine.body) if mine.body else ""
    assert (mine.status, body) == (real["status"], real["body"])
    assert mine.headers.keys() == real["headers"].keys()


def test_a_token_is_active_until_its_chain_is_revoked(old: FakeOry) -> None:
    """As the recorded introspection tells it, of either token."""
    chain = old.hydra.consents.consent(old.hydra.consents.log_in(ADA), "web")
    real = recorded("hydra.introspect.active")["body"]

    def introspect(token: str) -> dict[str, Any]:
        body = urlencode({"token": token}).encode()
        answer: dict[str, Any] = json.loads(
            old.handle("hydra", "POST", "/admin/oauth2/introspect", body).body
        )
        return answer

    told = introspect(chain.access_token)
    assert told.keys() <= real.keys()
    assert (told["sub"], told["client_id"], told["token_use"]) == (ADA, "web", "access_token")
    assert introspect(chain.refresh_token)["token_use"] == "refresh_token"
    old.handle("hydra", "DELETE", f"{CONSENTS}?subject={ADA}&client=web")
    assert introspect(chain.access_token) == {"active": False}
    assert introspect("") == {"active": False}


def test_of_the_newer_version_a_chain_has_an_id_of_its_own_name_and_is_revoked_by_it(
    fake: FakeOry,
) -> None:
    """F69, F101."""
    login = fake.hydra.consents.log_in(ADA)
    one, other = (fake.hydra.consents.consent(login, "web") for _ in range(2))
    told = json.loads(fake.handle("hydra", "GET", f"{CONSENTS}?subject={ADA}").body)
    assert {chain["consent_request_id"] for chain in told} == {one.id, other.id}
    both = f"{CONSENTS}?consent_request_id={one.id}&subject={ADA}"
    assert fake.handle("hydra", "DELETE", both).status == 400
    assert fake.handle("hydra", "DELETE", f"{CONSENTS}?consent_request_id={one.id}").status == 204
    assert list(fake.hydra.consents.chains) == [other.id]
