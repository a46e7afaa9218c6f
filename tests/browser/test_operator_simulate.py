"""Simulating in a real browser."""

from __future__ import annotations

import json

from browser.operator_page import NARROW, OperatorPage, assert_accessible, opened
from playwright.sync_api import Browser, Page, expect
from server.running import Service
from unit.workbench import Recorded

FACTS = "session: {factors: [{method: password, aal: aal1, completed_at: now-2h}]}\nidentity: {}"
CLOSED = "version: 1\ndeny:\n  - name: closed\n    events: [hydra.token]\n"


def token(client: str) -> str:
    """Return a recorded refresh of a client."""
    body = Recorded().body("hydra.token.refresh_token.consent-claims")
    body["request"]["client_id"] = client
    return json.dumps(body, indent=2, ensure_ascii=False)


def paste(page: Page, document: str, facts: str = "", policy: str = "") -> None:
    """Fill in the form, and send it."""
    page.get_by_label("Event", exact=True).fill(document)
    page.get_by_label("Facts").fill(facts)
    page.get_by_label("Another policy").fill(policy)
    page.get_by_role("button", name="Simulate").click()
    expect(page.locator("#result")).to_be_visible()


def test_a_recorded_call_is_decided_with_every_rules_outcome(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/simulate")
    paste(page, token("mobile"), FACTS)
    result = page.locator("section")
    expect(result).to_contain_text("a hook call of hydra.token, by its shape")
    expect(result).to_contain_text("HTTP 403")
    expect(result).to_contain_text("Use your authenticator app to go on.")
    expect(result.get_by_role("row").filter(has_text="require aal2")).to_contain_text("aal1")
    assert page.url == f"{operator_page.url}/simulate"
    # What is sent once more is what was pasted, to the letter.
    assert page.get_by_label("Event", exact=True).input_value() == token("mobile")
    paste(page, token("web"), FACTS)
    expect(result).not_to_contain_text("HTTP 403")


def test_all_of_it_can_be_done_with_the_keyboard(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/simulate")
    page.keyboard.press("Tab")  # to the way past the navigation
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "document"
    page.keyboard.insert_text(token("mobile"))
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "facts"
    page.keyboard.insert_text(FACTS)
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Simulate"
    page.keyboard.press("Enter")
    expect(page.locator("section")).to_contain_text("HTTP 403")


def test_another_policy_is_compared(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/simulate")
    paste(page, token("web"), FACTS, CLOSED)
    expect(page.get_by_role("status")).to_have_text("The two policies differ:")
    expect(page.get_by_role("listitem").filter(has_text="verdict: allow → deny")).to_be_visible()
    assert_accessible(page)


def test_what_cannot_be_read_is_said_beside_its_field(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/simulate")
    page.get_by_label("Event", exact=True).fill('{"a": 1,\n "b" 2}')
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("alert")).to_contain_text("line 2, column 6: not JSON")
    assert_accessible(page)


def test_the_form_and_a_result_are_accessible(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/simulate")
    assert_accessible(page)
    paste(page, token("mobile"), FACTS)
    assert_accessible(page)


def test_a_result_fits_a_telephone(operator_page: OperatorPage) -> None:
    page = operator_page.page
    page.set_viewport_size({"width": 360, "height": NARROW["height"]})
    operator_page.open("/simulate")
    paste(page, token("mobile"), FACTS, CLOSED)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_simulating_needs_no_script(
    _chromium: Browser,  # noqa: PT019  its value is used
    operator_service: Service,
) -> None:
    with opened(_chromium, operator_service, java_script_enabled=False) as operator:
        operator.sign_in(path="/simulate")
        paste(operator.page, token("mobile"), FACTS)
        expect(operator.page.locator("section")).to_contain_text("HTTP 403")
