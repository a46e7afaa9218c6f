"""What a claims rule puts into the tokens, and what a refresh must never lose (P30, P31).

Hydra wipes what an answer does not repeat (F14) and lays what consent set over the answer
to a code exchange (F16): only its own tokens show whether both came out right.
"""

from __future__ import annotations

from typing import Any

import pytest
from ory import oauth
from ory.claims import CONSENTED, HOW, JWT, NAMED, among, seconds, told_by_kratos
from ory.configuration import Setup
from ory.device import Device, SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return JWT


def hook_claims(ory: Ory, device: Device) -> tuple[dict[str, Any], dict[str, Any]]:
    """Refresh past the service and return both claim sets of the hook's body."""
    ory.receiver.reset()
    assert device.refresh().status_code == 200
    (call,) = ory.receiver.calls("/hooks/hydra/token")
    session = call.body["session"]
    return session["extra"], session["id_token"]["id_token_claims"]["ext"]


def test_the_first_tokens_say_how_the_person_signed_in(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F18: at the top level of a JWT where Hydra lets them stand there, and under ``ext``."""
    service.start(HOW)
    device = sign_in()
    truth = told_by_kratos(device)
    assert (truth["acr"], truth["amr"]) == ("aal1", ["password"])
    access = device.tokens.access_claims
    assert among(access) == truth
    assert access["ext"] == {**truth, "kratos_session_id": device.session_id}
    assert device.tokens.id_claims["level"] == "aal1"
    assert "second_factor_at" not in device.tokens.id_claims
    assert service.last("hydra.token")["status"] == 200


def test_a_refresh_after_a_step_up_shows_it_and_three_refreshes_lose_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    person, authenticator = person_with_authenticator(ory)
    ory.app.extra_claims = CONSENTED
    service.start(HOW)
    device = sign_in(person, authenticator=authenticator)
    first, sid = device.tokens.access_claims, device.tokens.id_claims["sid"]
    assert first["acr"] == "aal1"

    device.browser.step_up()
    truth = told_by_kratos(device)
    assert (truth["acr"], truth["amr"]) == ("aal2", ["password", "totp"])
    factors = ory.people.session(device.session_id)["authentication_methods"]
    in_access = {
        **truth,
        "kratos_session_id": device.session_id,
        "tenant": "acme",
        "limits": {"rows": 5},
    }
    in_id = {
        "sid": sid,
        "email": "ana@example.org",
        "tenant": "acme",
        "level": "aal2",
        "second_factor_at": seconds(factors[-1]["completed_at"]),
    }
    for _ in range(3):
        assert device.refresh().status_code == 200
        access = device.tokens.access_claims
        assert access["ext"] == in_access
        assert among(access, (*NAMED, "tenant")) == {**truth, "tenant": "acme"}
        assert among(device.tokens.id_claims, tuple(in_id)) == in_id
    # What already stands in the token is not set again: a 204 can lose nothing at all.
    service.last("hydra.token", after=3)
    statuses = [record["status"] for record in service.records("hydra.token")]
    assert statuses == [200, 200, 204, 204]

    service.stop()
    assert hook_claims(ory, device) == (in_access, in_id)


def test_a_rule_that_does_not_match_any_more_leaves_its_claims_as_they_were(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """P31 speaks of matching rules: who wants a claim gone says null for it."""
    service.start("""
        claims:
          - name: only at a sign-in
            when: token.grant == "authorization_code"
            access_token: {tenant: '"acme"'}
        """)
    device = sign_in()
    assert device.refresh().status_code == 200
    assert device.tokens.access_claims["tenant"] == "acme"


def test_a_code_exchange_adds_only_what_consent_did_not_set(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F16: Hydra lays consent over the answer there; at a refresh the policy has its way."""
    ory.app.extra_claims = {
        "access_token": {"acr": "set by consent", "tenant": "acme"},
        "id_token": {"level": "set by consent"},
    }
    service.start("""
        claims:
          - name: how the person signed in
            access_token: {acr: session.aal, amr: session.methods, tenant: "null"}
            id_token: {level: session.aal, methods: session.methods}
        """)
    device = sign_in()
    assert device.tokens.access_claims["ext"] == {
        "kratos_session_id": device.session_id,
        "acr": "set by consent",
        "tenant": "acme",
        "amr": ["password"],
    }
    assert among(device.tokens.id_claims, ("level", "methods")) == {
        "level": "set by consent",
        "methods": ["password"],
    }

    assert device.refresh().status_code == 200
    assert device.tokens.access_claims["ext"] == {
        "kratos_session_id": device.session_id,
        "acr": "aal1",
        "amr": ["password"],
    }
    assert device.tokens.id_claims["level"] == "aal1"


def test_claims_of_any_shape_that_no_rule_names_come_through_unchanged(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    odd: dict[str, object] = {
        "whole": 9007199254740991,
        "wholly": 2.0,
        "ratio": 0.1,
        "small": 1e-9,
        "negative": -3,
        "text": 'Zo\u00eb \u2028 <&> "\\" \U0001f511',
        "empty": "",
        "nothing": None,
        "flags": [True, False, [], {}],
        "deep": {"er": {"still": [{"a": 1}, None]}},
        "a.b/c:d": "names too",
    }
    ory.app.extra_claims = {"access_token": odd, "id_token": {"odd": odd}}
    device = sign_in()
    consented = oauth.introspect(ory, device.tokens.access)["ext"]
    in_id = device.tokens.id_claims["odd"]
    service.start(HOW)
    for _ in range(3):
        assert device.refresh().status_code == 200
        introspected = oauth.introspect(ory, device.tokens.access)["ext"]
        assert introspected == {**consented, **told_by_kratos(device)}
        assert device.tokens.access_claims["ext"] == introspected
        assert device.tokens.id_claims["odd"] == in_id
    assert service.records("hydra.token")[0]["status"] == 200


def test_a_policy_that_says_something_else_changes_the_claim_at_the_next_refresh(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    plan = """
        claims:
          - name: what was bought
            access_token: {{tenant: '"{0}"'}}
            id_token: {{plan: '"{0}"'}}
        """

    def plans() -> tuple[str, str]:
        return device.tokens.access_claims["tenant"], device.tokens.id_claims["plan"]

    service.start(plan.format("gold"))
    device = sign_in()
    assert plans() == ("gold", "gold")
    service.start(plan.format("silver"))
    assert device.refresh().status_code == 200
    assert plans() == ("silver", "silver")
    service.start("")
    assert device.refresh().status_code == 200
    assert plans() == ("silver", "silver"), "a claim that no rule names any more is kept"


def test_a_later_rule_wins_and_a_shadow_rule_says_nothing(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    service.start("""
        claims:
          - name: first
            access_token: {tenant: '"first"', amr: '["first"]'}
          - name: second
            access_token: {tenant: '"second"'}
          - name: not yet
            mode: shadow
            access_token: {tenant: '"third"', acr: '"third"'}
        """)
    device = sign_in()
    for _ in range(2):
        assert among(device.tokens.access_claims, ("tenant", "amr", "acr")) == {
            "tenant": "second",
            "amr": ["first"],
        }
        assert device.refresh().status_code == 200


def test_a_machines_token_gets_the_claims_that_need_no_person(ory: Ory, service: Service) -> None:
    """P19: no session stands behind it, and nobody is asked for one."""
    client = oauth.machine_client(ory, metadata={"tenant": "acme"})
    service.start("""
        claims:
          - name: whose machine
            access_token: {tenant: client.metadata.tenant, acr: session.aal, robot: client.id}
        """)
    reply = oauth.client_credentials(ory, client)
    assert reply.status_code == 200, reply.text
    claims = oauth.jwt_claims(reply.json()["access_token"])
    assert claims["tenant"] == "acme"
    assert claims["ext"] == {"tenant": "acme", "robot": client.id}
    calls = [call["call"] for call in service.last("hydra.token")["upstream"]]
    assert calls == ["hydra.client"]
