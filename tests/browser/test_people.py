"""People at the real Kratos in a real browser."""

from __future__ import annotations

from browser.lab import Lab
from browser.visitor import Visitor
from ory import native
from ory.browser_account import stranger


def levels(visitor: Visitor) -> tuple[str, list[str]]:
    """Return the assurance level of the browser's session, and how it got there."""
    session = visitor.session()
    assert session is not None, f"no session at {visitor.page.url}"
    methods = [method["method"] for method in session["authentication_methods"]]
    return session["authenticator_assurance_level"], methods


def test_a_person_registers_and_signs_in_with_the_password(lab: Lab, visitor: Visitor) -> None:
    person = stranger()
    visitor.begin("registration")
    visitor.register(person)
    assert visitor.session() is None
    visitor.begin("login")
    visitor.sign_in(person)
    assert visitor.address == f"{lab.ui_url}/"
    assert levels(visitor) == ("aal1", ["password"])


def test_a_wrong_password_is_told_on_the_same_page(lab: Lab, visitor: Visitor) -> None:
    person = lab.ory.people.create()
    visitor.begin("login")
    visitor.send("password", identifier=person.email, password="not the password")
    assert visitor.address == f"{lab.ui_url}/login"
    (message,) = visitor.messages
    assert "credentials are invalid" in message
    visitor.sign_in(person)
    assert levels(visitor) == ("aal1", ["password"])


def test_a_person_enrols_an_authenticator_and_signs_in_with_password_and_code(
    lab: Lab, visitor: Visitor
) -> None:
    person = lab.ory.people.create()
    visitor.begin("login")
    visitor.sign_in(person)
    visitor.begin("settings")
    authenticator = visitor.enrol_authenticator()
    assert visitor.messages == ["Your changes have been saved!"]
    visitor.page.context.clear_cookies()
    assert visitor.session() is None

    visitor.begin("login")
    visitor.sign_in(person)
    assert levels(visitor) == ("aal1", ["password"])
    visitor.begin("login", aal="aal2")
    visitor.give_code(authenticator)
    assert visitor.address == f"{lab.ui_url}/"
    assert levels(visitor) == ("aal2", ["password", "totp"])


def test_a_person_with_a_second_factor_gives_it_again_where_it_is_asked_for_again(
    lab: Lab, visitor: Visitor
) -> None:
    person = lab.ory.people.create()
    authenticator = native.enrol_authenticator(lab.ory, person)
    visitor.begin("login")
    visitor.sign_in(person)
    for query in ({"aal": "aal2"}, {"aal": "aal2", "refresh": "true"}):
        visitor.begin("login", **query)
        visitor.give_code(authenticator)
    assert levels(visitor) == ("aal2", ["password", "totp", "totp"])


def test_without_a_session_the_second_factor_ends_at_an_error_page(
    lab: Lab, visitor: Visitor
) -> None:
    """F59."""
    visitor.begin("login", aal="aal2")
    assert visitor.address == f"{lab.ui_url}/error"
    assert "session_aal1_required" in visitor.page.content()


def test_a_person_recovers_the_account_with_a_code(lab: Lab, visitor: Visitor) -> None:
    person = lab.ory.people.create()
    visitor.begin("recovery")
    visitor.send("code", email=person.email)
    visitor.send("code", "Continue", code=lab.ory.app.mailbox.recovery_code(person.email))
    assert visitor.heading == "Account settings"
    assert levels(visitor) == ("aal1", ["code_recovery"])
