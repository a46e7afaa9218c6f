"""What the pictures of the operator's page show: people, a policy, and a busy hour of calls.

Every call is one that Kratos or Hydra sent and that was recorded (tests/payloads), about one of
the people here. The stand-in of the sandbox answers for Kratos and Hydra.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from webhook_service.ory.fake import FakeOry
from webhook_service.ory.fake.people import FakeIdentity, FakeSession

POLICY: Final = """
conditions:
  billing: client.id == "billing" || "billing:write" in token.scopes
deny:
  - name: contractors keep to the portal
    when: client.id == "back-office" && identity.schema_id == "contractor"
    message: Please use the partner portal.
  - name: billing takes no assertions
    when: billing && token.grant == "urn:ietf:params:oauth:grant-type:jwt-bearer"
  - name: new accounts begin with a passkey
    mode: shadow
    events: [kratos.registration]
    when: event.method == "password"
mfa:
  - name: billing needs a fresh second factor
    when: billing
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
    message: Use your authenticator app or security key to continue.
  - name: the mobile app needs a second factor
    mode: shadow
    when: client.id == "mobile" && token.grant == "refresh_token"
    require: {aal: aal2}
sessions:
  - name: the web app stays signed in while it is used
    when: client.id in ["web", "mobile"] && token.grant == "refresh_token"
    extend: {when_left: 12h}
    max_age: unlimited
  - name: staff sign in every morning
    when: identity.schema_id == "staff"
    max_age: 11h
    counted_from: authenticated_at
revoke:
  - name: a new password ends the other sessions
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions, tokens]
claims:
  - name: tell the API who is staff
    when: client.id == "web"
    access_token:
      kind: identity.schema_id
"""

FACTS: Final = """\
session:
  factors:
    - {method: password, aal: aal1, completed_at: now-2h}
    - {method: totp, aal: aal2, completed_at: now-2h}
  authenticated_at: now-2h
  expires_at: now+6h
identity: {schema_id: staff, second_factors: [totp]}
"""
"""What the simulation is told."""

PEOPLE: Final = 23
CALLS: Final = 170

HYDRA: Final = "hydra/token"
REFRESH: Final = "hydra.token.refresh_token.consent-claims"

_SCHEMAS: Final = ("person", "staff", "person", "contractor", "staff")
_CHANCE_CLIENTS: Final = (("web", 46), ("mobile", 26), ("billing", 14), ("back-office", 14))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one session. ``aal2_ago`` is when the second factor was given, if it was."""

    id: str
    session: str
    schema: str
    signed_in_ago: timedelta
    aal2_ago: timedelta | None
    left: timedelta


def people(chance: random.Random) -> list[Person]:
    """Return the people: some with a second factor in use, some just signed in."""
    found = []
    for number in range(PEOPLE):
        ago = timedelta(minutes=chance.randrange(20, 670))
        fresh = timedelta(minutes=chance.randrange(1, 12))
        found.append(
            Person(
                id=_uuid(chance),
                session=_uuid(chance),
                schema=_SCHEMAS[number % len(_SCHEMAS)],
                signed_in_ago=ago,
                aal2_ago=(None, ago, fresh)[number % 3],
                left=timedelta(hours=chance.choice((2, 6, 18, 23))),
            )
        )
    return found


def stand_in(everybody: list[Person]) -> FakeOry:
    """Return a Kratos that knows them, and a Hydra."""
    ory = FakeOry(lifespan=timedelta(hours=24), earliest_possible_extend=timedelta(hours=23))
    now = datetime.now(UTC)
    for number, one in enumerate(everybody):
        address = f"person-{number}@example.org"
        ory.kratos.identities[one.id] = FakeIdentity(
            one.id,
            created_at=now - timedelta(days=400),
            traits={"email": address},
            schema_id=one.schema,
            addresses={address: True},
            second_factors={"totp"} if number % 5 else set(),
        )
        signed_in = now - one.signed_in_ago
        factors = [("password", "aal1", signed_in)]
        if one.aal2_ago is not None:
            factors.append(("totp", "aal2", now - one.aal2_ago))
        ory.kratos.sessions[one.session] = FakeSession(
            one.session,
            one.id,
            issued_at=signed_in,
            authenticated_at=signed_in,
            expires_at=now + one.left,
            factors=factors,
        )
    return ory


def calls(
    everybody: list[Person],
    recorded: Any,  # noqa: ANN401  the tests' own
    chance: random.Random,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calls: to which hook, and with what body.

    Args:
        everybody: whom they are about.
        recorded: finds recorded bodies by their case.
        chance: what decides who does what.
    """
    *others, late = everybody
    for number in range(CALLS):
        person = chance.choice(others)
        what = chance.random()
        if what < 0.7:  # noqa: PLR2004  most of what comes are tokens
            names, weights = zip(*_CHANCE_CLIENTS, strict=True)
            (client,) = chance.choices(names, weights)
            yield HYDRA, _token(recorded.body(REFRESH), person, client, number)
        elif what < 0.78:  # noqa: PLR2004  and some are machines'
            yield HYDRA, {**recorded.body("hydra.token.client_credentials"), "number": number}
        elif what < 0.9:  # noqa: PLR2004  people sign in
            yield "kratos/login/password", _flow(recorded, "kratos.login.api.aal1", person, number)
        elif what < 0.96:  # noqa: PLR2004  and up
            case = "kratos.registration-password.api.before-persist"
            yield "kratos/registration/password", {**recorded.body(case), "number": number}
        elif what < 0.98:  # noqa: PLR2004  and change their password now and then
            case = "kratos.settings-password.browser"
            yield "kratos/settings/password", _flow(recorded, case, person, number)
        else:
            yield "kratos/recovery", _flow(recorded, "kratos.recovery.api", person, number)
    # What is looked at: a token for which the second factor was used too long ago. Nothing else
    # has happened to this session.
    yield HYDRA, _token(recorded.body(REFRESH), late, "billing", CALLS)


def _token(body: dict[str, Any], person: Person, client: str, number: int) -> dict[str, Any]:
    """Return a refresh of somebody's token for a client, told apart from others by a number."""
    body = copy.deepcopy(body)
    scopes = ["openid", "offline"] + (["billing:write"] if client == "billing" else [])
    body["request"] |= {
        "client_id": client,
        "requested_scopes": scopes,
        "granted_scopes": scopes,
    }
    body["session"]["client_id"] = client
    body["session"]["extra"]["kratos_session_id"] = person.session
    token = body["session"]["id_token"]
    token["subject"] = token["id_token_claims"]["sub"] = person.id
    return {**body, "number": number}


def _flow(recorded: Any, case: str, person: Person, number: int) -> dict[str, Any]:  # noqa: ANN401  the tests' own
    """Return somebody's recorded flow, told apart from others by a number."""
    body = copy.deepcopy(recorded.body(case))
    for holder in (body, body.get("session") or {}):
        if isinstance(holder.get("identity"), dict):
            holder["identity"]["id"] = person.id
    return {**body, "number": number}


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
