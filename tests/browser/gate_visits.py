"""What tests of the gates begin with: policies, clients and people with second factors."""

from __future__ import annotations

from browser import authorization
from browser.authorization import Authorization
from browser.lab import Lab
from ory import native, oauth
from ory.people import Person
from ory.totp import Authenticator

BANK = {"tier": "bank", "first_party": True}
BLOG = {"first_party": True}

SECOND_FACTOR = """
mfa:
  - name: the bank needs a second factor
    when: client.metadata.tier == "bank"
    require: {aal: aal2}
    message: The bank needs your second step.
"""


def begin(lab: Lab, metadata: dict[str, object], **asked: str) -> Authorization:
    client = oauth.public_client(lab.ory, metadata=metadata)
    return authorization.begin(lab.ory, client, **asked)


def person_with_totp(lab: Lab) -> tuple[Person, Authenticator]:
    person = lab.ory.people.create()
    return person, native.enrol_authenticator(lab.ory, person)


def person_with_backup_codes(lab: Lab) -> tuple[Person, Authenticator, list[str]]:
    """Make somebody with an authenticator app and with codes on paper."""
    ory, person = lab.ory, lab.ory.people.create()
    session = native.login(ory, person)
    authenticator = native.enrol(ory, session)
    flow = native.begin(ory, "settings", session)
    anew = {"method": "lookup_secret", "lookup_secret_regenerate": True}
    shown = native.submit(flow, anew, session).json()
    codes = [
        secret["context"]["secret"]
        for node in shown["ui"]["nodes"]
        if node["attributes"].get("id") == "lookup_secret_codes"
        for secret in node["attributes"]["text"]["context"]["secrets"]
    ]
    confirmed = {"method": "lookup_secret", "lookup_secret_confirm": True}
    assert native.submit(flow, confirmed, session).ok
    ory.people.forget_sessions(person)
    return person, authenticator, codes


def bound(lab: Lab, access_token: str) -> str:
    session_id: str = oauth.introspect(lab.ory, access_token)["ext"]["kratos_session_id"]
    return session_id
