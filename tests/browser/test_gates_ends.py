"""Where ways through the gates end: no loop, no foreign address, an answer that can be read."""

from __future__ import annotations

import pytest
from browser import authorization
from browser.gate_visits import (
    BANK,
    BLOG,
    SECOND_FACTOR,
    begin,
    bound,
    person_with_totp,
)
from browser.lab import Lab
from browser.visitor import Visitor
from ory.service import Service

pytestmark = pytest.mark.usefixtures("gates")


def test_whom_a_rule_denies_goes_back_to_the_client_with_the_message(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(
        """
        deny:
          - name: closed
            when: client.metadata.tier == "bank"
            events: [hydra.token]
            message: The bank is closed.
        """,
        **lab.service_settings,
    )
    bank = begin(lab, BANK)
    visitor.open(bank.address)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.address == bank.client.redirect_uri
    assert visitor.query["error"] == "access_denied"
    assert visitor.query["error_description"] == "The bank is closed. (rule.denied)"
    assert visitor.query["state"] == bank.state


def test_a_silent_renewal_is_answered_without_any_page(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    """Hydra lets a client renew silently only where a consent of it is remembered."""
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, _ = person_with_totp(lab)
    blog = begin(lab, {**BLOG, "remember_consent": True})
    visitor.open(blog.address)
    visitor.sign_in(person)
    assert blog.tokens(visitor)
    silently = authorization.begin(lab.ory, blog.client, prompt="none")
    visitor.open(silently.address)
    tokens = silently.tokens(visitor)
    session = visitor.session()
    assert session is not None
    assert bound(lab, tokens.access) == session["id"]
    bank = begin(lab, BANK, prompt="none")
    visitor.open(bank.address)
    assert visitor.address == bank.client.redirect_uri
    assert visitor.query["error"] == "interaction_required"
    lab.ory.people.forget_sessions(person)
    silently = authorization.begin(lab.ory, blog.client, prompt="none")
    visitor.open(silently.address)
    assert visitor.query["error"] == "login_required"


def test_the_back_button_leads_to_no_second_consent_and_to_no_loop(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    visitor.begin("login")
    visitor.sign_in(lab.ory.people.create())
    client = begin(lab, {})
    visitor.open(client.address)
    assert visitor.address == f"{service.url}/oauth2/consent"
    visitor.allow()
    assert client.tokens(visitor)
    visitor.page.go_back()
    assert visitor.address == f"{service.url}/oauth2/consent"
    visitor.allow()
    assert visitor.address == client.client.redirect_uri
    assert visitor.query["error"] in {"access_denied", "request_forbidden"}
    assert "code" not in visitor.query


def test_two_tabs_are_answered_each_for_itself(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    visitor.begin("login")
    visitor.sign_in(person)
    other = Visitor(lab, visitor.page.context.new_page())
    asked = begin(lab, {"tier": "bank"}), begin(lab, {})
    visitor.open(asked[0].address)
    other.open(asked[1].address)
    assert other.address == f"{service.url}/oauth2/consent"
    visitor.give_code(authenticator)
    assert visitor.address == f"{service.url}/oauth2/consent"
    other.allow()
    visitor.allow()
    assert asked[1].tokens(other)
    assert asked[0].tokens(visitor).id_claims["amr"] == ["password", "totp"]


def test_a_person_who_does_not_allow_it_goes_back_to_the_client(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    client = begin(lab, {})
    visitor.open(client.address)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.heading.startswith("Allow ")
    visitor.press(visitor.page.get_by_role("button", name="Do not allow"))
    assert visitor.address == client.client.redirect_uri
    assert visitor.query["error"] == "access_denied"


def test_a_challenge_of_nobody_is_told_of_on_a_page(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    for gate in ("login", "consent", "logout"):
        visitor.open(f"{service.url}/oauth2/{gate}?{gate}_challenge=of-nobody")
        assert visitor.heading == "This page is no longer valid"


def test_a_foreign_address_in_the_query_leads_nobody_away(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    foreign = "http://127.0.0.1:9/stolen"
    bank = begin(lab, BANK, return_to=foreign)
    visitor.page.on("request", lambda asked: seen.append(asked.url))
    seen: list[str] = []
    visitor.open(bank.address)
    visitor.open(f"{visitor.page.url}&return_to={foreign}")
    visitor.sign_in(person)
    visitor.give_code(authenticator)
    assert bank.tokens(visitor)
    assert not [url for url in seen if url.startswith(foreign)]


def test_the_pages_read_well_in_the_dark_and_for_a_screen_reader(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    complaints: list[str] = []
    visitor.page.on("console", lambda line: complaints.append(line.text))
    client = begin(lab, {})
    visitor.open(client.address)
    visitor.sign_in(lab.ory.people.create())
    page = visitor.page
    page.reload()
    papers = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        papers.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(255, 255, 255)", "rgb(23, 23, 26)"], "the style was not taken"
    assert page.get_by_role("main").get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("button").all_inner_texts() == ["Allow", "Do not allow"]
    assert page.get_by_role("listitem").count() == 3
    assert page.locator("html").get_attribute("lang") == "en"
    assert not [line for line in complaints if "Content Security Policy" in line]


def test_what_was_decided_at_the_gates_is_recorded_without_any_secret(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start(SECOND_FACTOR, **lab.service_settings)
    person, authenticator = person_with_totp(lab)
    bank = begin(lab, BANK)
    challenges: list[str] = []
    visitor.page.on("request", lambda asked: challenges.extend(asked.url.split("_challenge=")[1:]))
    visitor.open(bank.address)
    visitor.sign_in(person)
    visitor.give_code(authenticator)
    assert bank.tokens(visitor)
    decided = [
        (record["notes"][0], record["verdict"])
        for record in service.records("hydra.token")
        if record.get("notes")
    ]
    assert decided == [
        ("gate.consent", "step_up"),
        ("gate.login", "allow"),
        ("gate.consent", "allow"),
    ]
    log = service.log_text()
    assert challenges
    assert not [one for one in challenges if one[:40] in log]
    for cookie in visitor.page.context.cookies():
        assert cookie["value"][:24] not in log
