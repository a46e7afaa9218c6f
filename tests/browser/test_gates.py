"""People at the service's gates, in a real browser and at the real servers.

Nothing of the operator's is there but Kratos' own pages: what is asked of whom, the policy says.
"""

from __future__ import annotations

import pytest
from browser.gate_visits import (
    BANK,
    BLOG,
    SECOND_FACTOR,
    begin,
    bound,
    person_with_backup_codes,
    person_with_totp,
)
from browser.lab import Lab
from browser.visitor import Visitor
from ory.service import Service

pytestmark = pytest.mark.usefixtures("gates")


def test_one_password_and_one_code_bring_tokens_and_the_next_client_asks_for_neither(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.sign_in(person)
    visitor.give_code(authenticator)
    tokens = bank.tokens(visitor)
    assert tokens.id_claims["amr"] == ["password", "totp"]
    session = visitor.session()
    assert session is not None
    assert bound(lab, tokens.access) == session["id"]
    for metadata in (BLOG, BANK):
        another = begin(lab, metadata)
        visitor.open(another.address)
        assert bound(lab, another.tokens(visitor).access) == session["id"]


def test_another_client_costs_the_password_only_and_the_bank_the_code_alone(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """F61: with a session the login gate asks for the second factor, and for nothing else."""
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    blog = begin(lab, BLOG)
    visitor.open(blog.address)
    visitor.sign_in(person)
    assert blog.tokens(visitor).id_claims["amr"] == ["password"]
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.give_code(authenticator)
    assert bank.tokens(visitor).id_claims["amr"] == ["password", "totp"]


def test_a_session_at_kratos_spares_the_password(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """F83: Hydra remembers nothing, the gate accepts in Kratos' place."""
    service.start(SECOND_FACTOR, **lab.service_settings)
    visitor.begin("login")
    visitor.sign_in(lab.ory.people.create())
    blog = begin(lab, BLOG)
    visitor.open(blog.address)
    assert blog.tokens(visitor).id_claims["amr"] == ["password"]


def test_who_asks_for_a_new_login_gets_one_and_is_asked_for_it_once(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """Settled question 1. The step-up in its course does not ask for the password again."""
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    visitor.begin("login")
    visitor.sign_in(person)
    bank = begin(lab, BANK, prompt="login")
    visitor.open(bank.address)
    assert visitor.address == f"{lab.ui_url}/login"
    visitor.give_code(authenticator)
    assert bank.tokens(visitor).id_claims["amr"] == ["password", "totp"]


def test_inside_the_grace_nobody_is_sent_to_enrol(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR + "    enrolment: {grace: 7d}\n", **lab.service_settings)
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.sign_in(lab.ory.people.create())
    assert bank.tokens(visitor).id_claims["amr"] == ["password"]


def test_after_the_grace_a_person_enrols_on_the_way_and_arrives(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR, **lab.service_settings)
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.heading == "Account settings"
    visitor.enrol_authenticator()
    assert bank.tokens(visitor).id_claims["amr"] == ["password", "totp"]


def test_a_factor_that_is_too_old_is_asked_for_again_and_then_it_is_young(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """F98: the session is aal2 already."""
    service.start(
        SECOND_FACTOR.replace("aal: aal2", "aal: aal2, max_age: 6s"), **lab.service_settings
    )
    person, authenticator = person_with_totp(lab)
    visitor.begin("login")
    visitor.sign_in(person)
    visitor.begin("login", aal="aal2")
    visitor.give_code(authenticator)
    visitor.page.wait_for_timeout(6_000)
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.give_code(authenticator)
    assert bank.tokens(visitor).id_claims["amr"] == ["password", "totp", "totp"]


def test_a_rule_that_what_was_given_does_not_satisfy_ends_on_a_page_and_can_be_tried_again(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """Kratos lets the person choose, and the policy wants one of the two."""
    service.start(
        SECOND_FACTOR.replace("aal: aal2", "aal: aal2, methods: [lookup_secret]"),
        **lab.service_settings,
    )
    person, authenticator, codes = person_with_backup_codes(lab)
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.sign_in(person)
    visitor.give_code(authenticator)
    assert visitor.address == f"{service.url}/oauth2/login"
    assert visitor.heading == "What you confirmed is not what is asked for here"
    assert "The bank needs your second step." in visitor.page.content()
    visitor.press(visitor.page.get_by_role("link", name="Try again"))
    visitor.send("lookup_secret", lookup_secret=codes[0])
    assert bank.tokens(visitor).id_claims["amr"] == ["password", "totp", "lookup_secret"]
