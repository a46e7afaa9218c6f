"""A native app in which people register, change their settings, recover and verify."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import requests
from ory.native import Session, begin, submit
from ory.people import PASSWORD, Person, new_address

if TYPE_CHECKING:
    from ory.lab import Ory


def register(ory: Ory, traits: Mapping[str, object] | None = None) -> tuple[Person, Session]:
    """Register somebody, who is signed in at once (F80)."""
    email = new_address()
    reply = try_register(ory, email, traits)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    session = Session(body["session"]["id"], body["session_token"])
    return Person(body["identity"]["id"], email, PASSWORD), session


def try_register(
    ory: Ory, email: str, traits: Mapping[str, object] | None = None
) -> requests.Response:
    """Register with a password and return Kratos' answer, whatever it is."""
    form = {
        "method": "password",
        "password": PASSWORD,
        "traits": {"email": email, **(traits or {})},
    }
    return submit(begin(ory, "registration"), form)


def change_password(ory: Ory, session: Session, person: Person) -> Person:
    """Set another password; return the person with it."""
    changed = replace(person, password=secrets.token_urlsafe(16))
    reply = try_change_password(ory, session, changed.password)
    assert reply.status_code == 200, reply.text
    return changed


def try_change_password(ory: Ory, session: Session, password: str) -> requests.Response:
    """Set another password and return Kratos' answer, whatever it is."""
    form = {"method": "password", "password": password}
    return submit(begin(ory, "settings", session), form, session)


def give_up_changing_password(ory: Ory, session: Session, person: Person, seconds: float) -> Person:
    """Set another password, and close the connection before the answer comes (F75)."""
    changed = replace(person, password=secrets.token_urlsafe(16))
    form = {"method": "password", "password": changed.password}
    flow = begin(ory, "settings", session)
    try:
        submit(flow, form, session, seconds=seconds)
    except requests.ReadTimeout:
        return changed
    raise AssertionError(f"the answer came within {seconds} s")


def change_traits(ory: Ory, session: Session, person: Person, **traits: object) -> None:
    """Set traits other than the address."""
    form = {"method": "profile", "traits": {"email": person.email, **traits}}
    reply = submit(begin(ory, "settings", session), form, session)
    assert reply.status_code == 200, reply.text


def recover(ory: Ory, person: Person) -> Session:
    """Get in with a code that was sent by letter, without the password."""
    reply = try_recover(ory, person)
    assert reply.status_code == 200, reply.text
    tokens = [
        step["ory_session_token"]
        for step in reply.json().get("continue_with") or []
        if step["action"] == "set_ory_session_token"
    ]
    assert len(tokens) == 1, reply.text
    proof = {"X-Session-Token": tokens[0]}
    address = f"{ory.kratos_public_url}/sessions/whoami"
    found = requests.get(address, headers=proof, timeout=10)
    assert found.status_code == 200, found.text
    return Session(found.json()["id"], tokens[0])


def try_recover(ory: Ory, person: Person) -> requests.Response:
    """Give the recovery code and return Kratos' answer, whatever it is."""
    asked = _ask_for_code(begin(ory, "recovery"), person)
    code = ory.app.mailbox.recovery_code(person.email)
    return submit(asked, {"method": "code", "code": code})


def verify(ory: Ory, person: Person) -> requests.Response:
    """Give a code that proves the address, and return Kratos' answer, whatever it is."""
    asked = _ask_for_code(begin(ory, "verification"), person)
    code = ory.app.mailbox.verification_code(person.email)
    return submit(asked, {"method": "code", "code": code})


def _ask_for_code(flow: Mapping[str, Any], person: Person) -> dict[str, Any]:
    reply = submit(flow, {"method": "code", "email": person.email})
    assert reply.status_code == 200, reply.text
    asked: dict[str, Any] = reply.json()
    return asked
