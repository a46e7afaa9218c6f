"""The decisions in a real browser: as they are made, found again, and explained."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from browser.operator_page import NARROW, OperatorPage, assert_accessible, opened
from playwright.sync_api import Page, expect
from server.running import REFRESH

_numbers = count(100)


def decide(operator: OperatorPage, client: str = "web") -> None:
    """Let Hydra ask for a token that it has not asked for before."""
    body: dict[str, Any] = {**REFRESH, "number": next(_numbers)}
    body["request"] = {**body["request"], "client_id": client}
    assert operator.call("/hooks/hydra/token", body).status in {204, 403}


def rows(page: Page) -> Any:
    return page.locator("#rows tr")


def mark(page: Page) -> None:
    """Leave something on the page that does not survive its being loaded anew."""
    page.evaluate("document.body.dataset.mark = 'here'")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("document.body.dataset.mark === 'here'"))


def test_a_decision_appears_as_it_is_made_and_the_page_stays(operator_page: OperatorPage) -> None:
    page = operator_page.page
    mark(page)
    link = rows(page).nth(2).locator("a").first
    link.focus()
    seq = link.get_attribute("href")
    for client in ("one-client", "another-client"):
        decide(operator_page, client)
        expect(rows(page).first).to_contain_text(client)
        expect(page.get_by_role("status")).to_have_text("1 new decision")
    expect(rows(page).nth(1)).to_contain_text("one-client")
    assert is_marked(page)
    # Who is reading is not disturbed.
    assert page.evaluate("document.activeElement.getAttribute('href')") == seq


def test_an_open_page_keeps_the_newest_rows(operator_page: OperatorPage) -> None:
    page = operator_page.page
    expect(page.locator("#rows")).to_have_attribute("data-most", "200")
    page.evaluate("document.getElementById('rows').dataset.most = 4")
    decide(operator_page, "at-the-top")
    expect(rows(page).first).to_contain_text("at-the-top")
    expect(rows(page)).to_have_count(4)


def test_nothing_comes_in_while_it_is_paused(operator_page: OperatorPage) -> None:
    page = operator_page.page
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    decide(operator_page, "while-paused")
    page.wait_for_timeout(4500)  # two turns of the page's own clock
    assert asked == []
    pause.click()
    expect(rows(page).first).to_contain_text("while-paused")


def test_a_filter_is_a_page_with_an_address(operator_page: OperatorPage) -> None:
    page = operator_page.page
    page.get_by_label("Verdict").select_option("refused")
    page.get_by_label("Client").fill("mobile")
    page.get_by_label("Client").press("Enter")
    expect(page).to_have_url(re.compile(r"/\?verdict=refused&.*client=mobile"))
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("mfa.aal_too_low")
    mark(page)
    decide(operator_page, "not-asked-for")
    page.wait_for_timeout(3000)  # a turn of the page's own clock, and half a one
    expect(rows(page)).to_have_count(1)
    assert is_marked(page)
    page.get_by_role("link", name="Clear").click()
    expect(rows(page).filter(has_text="not-asked-for")).to_have_count(1)


def test_what_a_shadow_rule_would_have_refused_is_one_click_away(
    operator_page: OperatorPage,
) -> None:
    page = operator_page.page
    page.get_by_label("A shadow rule would refuse").check()
    page.get_by_role("button", name="Filter").click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text('would: deny by "from far away"')


def test_a_wrong_filter_is_said_beside_its_field(operator_page: OperatorPage) -> None:
    operator_page.open("/?since=soon")
    field = operator_page.page.get_by_label("Since")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(operator_page.page.locator("#since-wrong")).to_contain_text("is how long ago")
    assert_accessible(operator_page.page)


def test_a_refusal_says_why_and_what_was_answered(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/?reason=mfa.aal_too_low")
    rows(page).first.locator("a").first.click()
    assert "second factor asked for" in operator_page.heading
    main = page.locator("main")
    for text in (
        "Hydra refuses the token",
        "Use your authenticator app to go on.",
        "kratos.sessions",
        "in force",
        'client.id == "mobile"',
        "session.aal aal1",
    ):
        expect(main).to_contain_text(text)
    others = page.get_by_text("rules that did not match, or listen to other events")
    others.click()
    expect(page.get_by_role("region", name="Rules that had no say")).to_be_visible()
    page.get_by_text("The record", exact=True).click()
    expect(page.locator("pre")).to_contain_text('"verdict": "step_up"')
    assert_accessible(page)


def test_effects_and_the_other_decisions_of_a_person_are_one_click_away(
    operator_page: OperatorPage,
) -> None:
    page = operator_page.page
    operator_page.open("/?event=kratos.settings")
    rows(page).first.locator("a").first.click()
    expect(page.locator("main")).to_contain_text("end_other_sessions")
    page.get_by_role("link", name="effects of the subject").first.click()
    expect(page).to_have_url(re.compile(r"/effects\?subject="))
    page.go_back()
    page.get_by_role("link", name="decisions", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/\?subject="))
    expect(rows(page).first).to_be_visible()


def test_everything_can_be_reached_with_the_keyboard(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
        if str(seen[-1]).startswith("decision-"):
            break
    for name in ("verdict", "event", "subject", "client", "rule", "reason", "key", "since"):
        assert name in seen
    assert seen[-2] == "Decisions, newest first"  # which scrolls by the arrow keys
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/decisions/\d+$"))


def test_the_pages_are_accessible_and_fit_a_phone(operator_page: OperatorPage) -> None:
    page = operator_page.page
    for path in ("/", "/?client=nobody", "/decisions/1", "/decisions/999999"):
        operator_page.open(path)
        assert_accessible(page)
    for width in (NARROW["width"], 360):
        page.set_viewport_size({**NARROW, "width": width})
        for path in ("/", "/decisions/1"):
            operator_page.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert_accessible(page)


def test_a_name_that_is_a_script_is_a_name(operator_page: OperatorPage) -> None:
    page = operator_page.page
    name = "<img src=x onerror=alert(1)>\u202e" + "n" * 120
    dialogs: list[object] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
    decide(operator_page, name)
    expect(rows(page).first).to_contain_text("<img src=x onerror=alert(1)>\\u202e")
    rows(page).first.locator("a").first.click()
    expect(page.locator("dd").filter(has_text="<img src=x").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert dialogs == []


def test_without_scripts_a_page_is_loaded_by_hand(operator_tab: OperatorPage) -> None:
    browser = operator_tab.context.browser
    assert browser is not None
    with opened(browser, operator_tab.service, java_script_enabled=False) as operator:
        operator.sign_in()
        page = operator.page
        expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        page.get_by_label("Event", exact=True).select_option("kratos.verification")
        page.get_by_role("button", name="Filter").click()
        expect(rows(page)).to_have_count(1)
        rows(page).first.locator("a").first.click()
        assert "kratos.verification: allowed" in operator.heading
