"""What a claims rule puts into the tokens, and what a refresh must never lose (P30, P31).

Hydra wipes what an answer does not repeat (F14) and lays what consent set over the answer
to a code exchange (F16): only its own tokens show whether both came out right.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from ory import database, oauth
from ory.configuration import Setup
from ory.device import Device, SignIn, person_with_authenticator
from ory.lab import Ory
from ory.line import Line
from ory.service import Service

HOW = """
claims:
  - name: how the person signed in
    access_token:
      acr: session.aal
      amr: session.methods
      auth_time: session.authenticated_at
    id_token:
      level: session.aal
      second_factor_at: session.second_factor_at
"""

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

NAMED = ("acr", "amr", "auth_time")

CONSENTED: dict[str, dict[str, object]] = {
    "access_token": {"tenant": "acme", "limits": {"rows": 5}},
    "id_token": {"email": "ana@example.org", "tenant": "acme"},
}


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(jwt_access_tokens=True, top_level_claims=(*NAMED, "tenant"))


def told_by_kratos(device: Device) -> dict[str, Any]:
    """Return what the rules above must say of the device's session."""
    session = device.ory.people.session(device.session_id)
    return {
        "acr": session["authenticator_assurance_level"],
        "amr": [factor["method"] for factor in session["authentication_methods"]],
        "auth_time": seconds(session["authenticated_at"]),
    }


def seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def among(claims: dict[str, Any], names: tuple[str, ...] = NAMED) -> dict[str, Any]:
    return {name: claims[name] for name in names if name in claims}


def without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


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
