"""A native app that signs people in through Kratos' API flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from ory.people import Person
from ory.totp import Authenticator

if TYPE_CHECKING:
    from ory.lab import Ory


@dataclass(frozen=True, slots=True)
class Session:
    """A session as an app holds it: the id, and the token that proves it."""

    id: str
    token: str


def login(ory: Ory, person: Person) -> Session:
    """Sign in with the password."""
    reply = try_login(ory, person)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    return Session(body["session"]["id"], body["session_token"])


def try_login(ory: Ory, person: Person) -> requests.Response:
    """Give the password in a new login flow and return Kratos' answer, whatever it is."""
    flow = begin(ory, "login")
    return submit(flow, _password(person))


def refresh(ory: Ory, session: Session, person: Person) -> requests.Response:
    """Give the password again in the session at hand."""
    flow = begin(ory, "login", session, refresh="true")
    return submit(flow, _password(person), session)


def step_up(
    ory: Ory, session: Session, authenticator: Authenticator, *, again: bool = False
) -> requests.Response:
    """Give a code of the authenticator app; ``again`` asks although one was given (F98)."""
    query = {"aal": "aal2", **({"refresh": "true"} if again else {})}
    flow = begin(ory, "login", session, **query)
    code = {"method": "totp", "totp_code": authenticator.code()}
    return submit(flow, code, session)


def enrol(ory: Ory, session: Session) -> Authenticator:
    """Add an authenticator app to the account; the session is aal2 from then on."""
    flow = begin(ory, "settings", session)
    secrets = [
        node["attributes"]["text"]["context"]["secret"]
        for node in flow["ui"]["nodes"]
        if node["attributes"].get("id") == "totp_secret_key"
    ]
    authenticator = Authenticator(secrets[0])
    code = {"method": "totp", "totp_code": authenticator.code()}
    reply = submit(flow, code, session)
    assert reply.status_code == 200, reply.text
    return authenticator


def enrol_authenticator(ory: Ory, person: Person) -> Authenticator:
    """Add an authenticator app to the account, leaving no session behind.

    Enrolling takes a session and makes it aal2. Its row is removed with all others of the
    person: left there, it would be one more session that a token could belong to (F30).
    """
    authenticator = enrol(ory, login(ory, person))
    ory.people.forget_sessions(person)
    return authenticator


def whoami(ory: Ory, session: Session) -> requests.Response:
    """Ask Kratos whether the session's token is good."""
    address = f"{ory.kratos_public_url}/sessions/whoami"
    return requests.get(address, headers=_proof(session), timeout=10)


def begin(ory: Ory, kind: str, session: Session | None = None, **query: str) -> dict[str, Any]:
    """Begin a flow: always with GET (F99)."""
    address = f"{ory.kratos_public_url}/self-service/{kind}/api"
    reply = requests.get(address, params=query, headers=_proof(session), timeout=10)
    assert reply.status_code == 200, reply.text
    flow: dict[str, Any] = reply.json()
    return flow


def submit(
    flow: Mapping[str, Any],
    body: Mapping[str, object],
    session: Session | None = None,
    *,
    seconds: float = 60,
) -> requests.Response:
    """Send a flow's form and return Kratos' answer, whatever it is; wait so long at the most."""
    # The verification flow of an app, too, is answered with a redirect to all who accept one.
    headers = {"Accept": "application/json", **_proof(session)}
    return requests.post(flow["ui"]["action"], json=body, headers=headers, timeout=seconds)


def _password(person: Person) -> dict[str, str]:
    return {"method": "password", "identifier": person.email, "password": person.password}


def _proof(session: Session | None) -> dict[str, str]:
    return {} if session is None else {"X-Session-Token": session.token}
