"""Signing in to the operator's page, in Chromium."""

from __future__ import annotations

import pytest
import requests
from browser.operator_page import (
    NARROW,
    OperatorPage,
    assert_accessible,
    opened,
    until_heading,
)
from playwright.sync_api import Browser, Route, expect
from server.running import Service
from unit.workbench import OPERATOR_KEY

CHAT = "http://chat.example.org/"
"""Another site, which Playwright answers for: nothing of it leaves the browser."""


def chat_with_link(operator: OperatorPage, path: str) -> None:
    """Show a page of another site that links to one of ours."""
    html = f'<!doctype html><title>Chat</title><a href="{operator.url}{path}">Look at this</a>'
    operator.page.route(
        f"{CHAT}**", lambda route: route.fulfill(body=html, content_type="text/html")
    )
    operator.page.goto(CHAT)


def test_a_key_opens_the_page_that_was_asked_for(operator_tab: OperatorPage) -> None:
    operator_tab.sign_in(path="/effects?state=failed")
    assert operator_tab.page.url == f"{operator_tab.url}/effects?state=failed"
    assert operator_tab.heading == "Effects"


def test_a_wrong_key_is_told_beside_the_form_and_the_right_one_goes_on_from_there(
    operator_tab: OperatorPage,
) -> None:
    operator_tab.sign_in("a-wrong-key-" + "w" * 24, path="/rules")
    page = operator_tab.page
    assert "OPERATOR_KEYS" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Operator key").input_value() == ""
    assert_accessible(page)
    page.get_by_label("Operator key").fill(OPERATOR_KEY)
    page.keyboard.press("Enter")
    until_heading(page, "Rules")
    assert page.url == f"{operator_tab.url}/rules"


def test_the_key_is_in_no_address_and_no_script_reads_the_cookie(
    operator_page: OperatorPage,
) -> None:
    [cookie] = operator_page.context.cookies()
    assert cookie["name"] == "__Host-webhook_service_operator"
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert operator_page.page.evaluate("document.cookie") == ""
    assert OPERATOR_KEY not in operator_page.page.url
    assert OPERATOR_KEY not in operator_page.page.content()


def test_a_link_of_another_site_needs_no_second_sign_in(operator_page: OperatorPage) -> None:
    chat_with_link(operator_page, "/effects?state=failed")
    operator_page.page.get_by_role("link").click()
    until_heading(operator_page.page, "Effects")
    assert operator_page.page.url == f"{operator_page.url}/effects?state=failed"


def test_a_link_of_another_site_asks_whoever_is_not_signed_in_for_a_key(
    operator_tab: OperatorPage,
) -> None:
    chat_with_link(operator_tab, "/effects?state=failed")
    operator_tab.page.get_by_role("link").click()
    until_heading(operator_tab.page, "Sign in")
    operator_tab.page.get_by_label("Operator key").fill(OPERATOR_KEY)
    operator_tab.page.get_by_role("button", name="Sign in").click()
    until_heading(operator_tab.page, "Effects")
    assert operator_tab.page.url == f"{operator_tab.url}/effects?state=failed"


def test_a_browser_that_keeps_no_cookie_is_told_so(operator_tab: OperatorPage) -> None:
    """As with plain http, where a browser drops a cookie that is for https only."""

    def without_cookie(route: Route) -> None:
        sent = route.request
        if sent.method != "POST":
            return route.fallback()
        answer = requests.post(
            sent.url, sent.post_data, headers=sent.headers, allow_redirects=False, timeout=10
        )
        assert answer.headers["Set-Cookie"]
        return route.fulfill(
            status=answer.status_code, headers={"Location": answer.headers["Location"]}
        )

    operator_tab.page.route(f"{operator_tab.url}/sign-in*", without_cookie)
    operator_tab.sign_in(path="/rules")
    until_heading(operator_tab.page, "You are not signed in")
    assert "https://" in operator_tab.page.locator("main").inner_text()
    assert_accessible(operator_tab.page)


def test_who_signs_out_is_asked_for_a_key_again(operator_page: OperatorPage) -> None:
    operator_page.page.get_by_role("button", name="Sign out").click()
    until_heading(operator_page.page, "Sign in")
    assert operator_page.context.cookies() == []
    operator_page.open("/rules")
    assert operator_page.heading == "Sign in"


def test_all_of_it_can_be_done_with_the_keyboard(operator_tab: OperatorPage) -> None:
    operator_tab.open("/rules")
    page = operator_tab.page
    # The field gets the focus by itself, in a moment.
    expect(page.get_by_label("Operator key")).to_be_focused()
    page.keyboard.type(OPERATOR_KEY)
    page.keyboard.press("Enter")
    until_heading(page, "Rules")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "Sign out":
            break
    page.keyboard.press("Enter")
    until_heading(page, "Sign in")


@pytest.mark.parametrize("path", ["/sign-in", "/rules", "/effects", "/rules/nothing"])
def test_a_page_is_accessible(operator_page: OperatorPage, path: str) -> None:
    if path == "/sign-in":
        operator_page.context.clear_cookies()
    operator_page.open(path)
    assert_accessible(operator_page.page)


def test_pages_need_no_script(
    _chromium: Browser,  # noqa: PT019  its value is used
    operator_service: Service,
) -> None:
    with opened(_chromium, operator_service, java_script_enabled=False) as operator:
        operator.sign_in(path="/rules")
        assert operator.heading == "Rules"


def test_nothing_is_wider_than_a_telephone(operator_page: OperatorPage) -> None:
    operator_page.page.set_viewport_size({"width": 360, "height": NARROW["height"]})
    for path in ("/", "/effects", "/rules", "/simulate"):
        operator_page.open(path)
        width = operator_page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path
