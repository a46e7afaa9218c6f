"""The policy in force in a real browser."""

from __future__ import annotations

import re

from browser.operator_page import NARROW, OperatorPage, assert_accessible, until_heading
from playwright.sync_api import expect


def test_rules_show_what_they_said_and_lead_to_the_decisions(operator_page: OperatorPage) -> None:
    operator_page.open("/rules")
    page = operator_page.page
    row = page.get_by_role("row").filter(has_text="from far away")
    expect(row).to_contain_text("shadow")
    expect(row).to_contain_text("would have refused")
    row.get_by_role("link").first.click()
    until_heading(page, "Decisions")
    expect(page).to_have_url(re.compile("rule=from"))
    assert page.locator("#rows tr").count() >= 1


def test_a_rule_that_never_matched_is_visible_as_such(operator_page: OperatorPage) -> None:
    operator_page.open("/rules")
    row = operator_page.page.get_by_role("row").filter(has_text="retired clients")
    expect(row).to_contain_text("never matched")


def test_rules_are_accessible(operator_page: OperatorPage) -> None:
    operator_page.open("/rules")
    assert_accessible(operator_page.page)


def test_rules_fit_a_telephone_and_scroll_in_their_frame(operator_page: OperatorPage) -> None:
    page = operator_page.page
    page.set_viewport_size({"width": 360, "height": NARROW["height"]})
    operator_page.open("/rules")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    frame = page.get_by_role("region", name="What they say")
    frame.focus()
    frame.evaluate(
        "frame => { window.scrolled = new Promise("
        "done => frame.addEventListener('scroll', () => done(frame.scrollLeft), {once: true})); }"
    )
    page.keyboard.press("ArrowRight")
    # Not by polling a text of JavaScript: the page's own policy forbids to evaluate one.
    assert page.evaluate("window.scrolled") > 0
