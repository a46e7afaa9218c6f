"""Signing out at the gate, in a real browser and at the real servers."""

from __future__ import annotations

import pytest
from browser.gate_visits import (
    BLOG,
    begin,
)
from browser.lab import Lab
from browser.visitor import Visitor
from ory import oauth
from ory.service import Service

pytestmark = pytest.mark.usefixtures("gates")


def test_a_person_who_signs_out_is_signed_out_of_kratos_too(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    blog = begin(lab, BLOG)
    visitor.open(blog.address)
    visitor.sign_in(lab.ory.people.create())
    tokens = blog.tokens(visitor)
    session = visitor.session()
    assert session is not None
    visitor.open(f"{lab.ory.hydra_public_url}/oauth2/sessions/logout")
    assert visitor.heading == "Do you want to sign out?"
    assert visitor.session() is not None
    visitor.press(visitor.page.get_by_role("button", name="Sign out"))
    assert visitor.session() is None
    assert not lab.ory.people.is_live(session["id"])
    assert oauth.introspect(lab.ory, tokens.access)["active"]


def test_a_client_that_shows_the_id_token_signs_its_person_out_at_once(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """F72."""
    service.start("", **lab.service_settings)
    blog = begin(lab, BLOG)
    visitor.open(blog.address)
    visitor.sign_in(lab.ory.people.create())
    hint = blog.tokens(visitor).id
    visitor.open(f"{lab.ory.hydra_public_url}/oauth2/sessions/logout?id_token_hint={hint}")
    assert not visitor.address.startswith(service.url)
    assert visitor.session() is None
