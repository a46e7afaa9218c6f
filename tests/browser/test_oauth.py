"""OAuth clients at the real Hydra, which a person uses in a real browser."""

from __future__ import annotations

from browser import authorization
from browser.lab import Lab
from browser.visitor import Visitor
from ory import native, oauth


def test_a_person_signs_in_allows_the_client_and_comes_back_with_a_code(
    lab: Lab, visitor: Visitor
) -> None:
    asked = authorization.begin(lab.ory, oauth.public_client(lab.ory))
    visitor.open(asked.address)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.heading == "Allow access?"
    visitor.allow()
    tokens = asked.tokens(visitor)
    assert tokens.id_claims["amr"] == ["password"]
    session = visitor.session()
    assert session is not None
    bound = oauth.introspect(lab.ory, tokens.access)["ext"]["kratos_session_id"]
    assert bound == session["id"]


def test_a_person_who_refuses_comes_back_with_the_refusal(lab: Lab, visitor: Visitor) -> None:
    asked = authorization.begin(lab.ory, oauth.public_client(lab.ory))
    visitor.open(asked.address)
    visitor.sign_in(lab.ory.people.create())
    visitor.press(visitor.page.get_by_role("button", name="Refuse"))
    assert visitor.address == asked.client.redirect_uri
    assert visitor.query["error"] == "access_denied"


def test_a_client_whose_login_asks_for_a_second_factor_costs_one_password_and_one_code(
    lab: Lab, visitor: Visitor
) -> None:
    """F61, by the tests' own login app: what the login gate does by policy."""
    person = lab.ory.people.create()
    authenticator = native.enrol_authenticator(lab.ory, person)
    client = oauth.public_client(lab.ory)
    visitor.begin("login")
    visitor.sign_in(person)
    lab.ory.app.second_factor_clients.add(client.id)
    asked = authorization.begin(lab.ory, client)
    visitor.open(asked.address)
    visitor.give_code(authenticator)
    visitor.allow()
    assert asked.tokens(visitor).id_claims["amr"] == ["password", "totp"]


def test_a_session_at_kratos_alone_spares_nobody_the_password(lab: Lab, visitor: Visitor) -> None:
    """Hydra remembers no login, and Kratos asks again for it: what the login gate changes."""
    person = lab.ory.people.create()
    visitor.begin("login")
    visitor.sign_in(person)
    asked = authorization.begin(lab.ory, oauth.public_client(lab.ory))
    visitor.open(asked.address)
    assert visitor.heading == "Sign in"
    assert visitor.messages == ["Please confirm this action by verifying that it is you."]
    visitor.sign_in(person)
    visitor.allow()
    assert asked.tokens(visitor).id_claims["amr"] == ["password", "password"]


def test_without_a_login_a_silent_authorization_is_refused(lab: Lab, visitor: Visitor) -> None:
    asked = authorization.begin(lab.ory, oauth.public_client(lab.ory), prompt="none")
    visitor.open(asked.address)
    assert visitor.address == asked.client.redirect_uri
    assert visitor.query["error"] == "login_required"
