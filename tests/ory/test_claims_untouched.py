"""An allowed event is answered 204, which loses no claim (F13, F14)."""

from __future__ import annotations

from datetime import timedelta

from ory import database, oauth
from ory.device import SignIn
from ory.lab import Ory
from ory.service import Service

EXTEND_ALWAYS = """
sessions:
  - name: always
    extend: true
    max_age: 30d
"""

OWN_TIMES = {"iat", "exp", "nbf", "jti", "at_hash", "rat"}
"""Claims that are a token's own and differ from one to the next."""


def test_refreshes_keep_every_claim_that_consent_and_hydra_put_in(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    ory.app.extra_claims = {
        "access_token": {"tenant": "acme", "limits": {"rows": 5}},
        "id_token": {"given_name": "Ana", "tenant": "acme"},
    }
    service.start(EXTEND_ALWAYS)
    device = sign_in()
    access, identity = oauth.introspect(ory, device.tokens.access), device.tokens.id_claims
    assert access["ext"] == {
        "kratos_session_id": device.session_id,
        "tenant": "acme",
        "limits": {"rows": 5},
    }
    assert identity["given_name"] == "Ana"
    assert identity["sid"]
    for _ in range(3):
        database.leave(ory, device.session_id, timedelta(minutes=10))
        assert device.refresh().status_code == 200
        assert lasting(oauth.introspect(ory, device.tokens.access)) == lasting(access)
        assert lasting(device.tokens.id_claims) == lasting(identity)


def test_the_hook_after_a_refresh_still_carries_session_id_and_sid(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    device = sign_in()
    (exchange,) = ory.receiver.calls("/hooks/hydra/token")
    service.start(EXTEND_ALWAYS)
    assert device.refresh().status_code == 200
    service.stop()
    assert device.refresh().status_code == 200
    _, refresh = ory.receiver.calls("/hooks/hydra/token")
    assert refresh.body["session"]["extra"] == exchange.body["session"]["extra"]
    claims = [call.body["session"]["id_token"]["id_token_claims"] for call in (exchange, refresh)]
    assert claims[0]["ext"] == claims[1]["ext"] != {}


def lasting(claims: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name not in OWN_TIMES}
