"""Effects in a real browser: found, watched, retried, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from browser.operator_page import NARROW, OperatorPage, assert_accessible, opened, until_heading
from playwright.sync_api import Browser, Page, expect
from server.running import Service

from webhook_service import sandbox
from webhook_service.effects.effect import Kind, NewEffect, RevokeTokens, lane_of_endings
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.sql_store import SqlStore

HOUR = timedelta(hours=1)

_numbers = count(1)


class Effects:
    """The effects of a running service, behind its back."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def accept(self, *, due_in: timedelta = timedelta(), lasts: timedelta = HOUR) -> int:
        """Keep a revocation; return its number."""
        now = datetime.now(UTC)
        key = f"key {next(_numbers)}"
        self._store.accept(
            [
                NewEffect(
                    key=key,
                    kind=Kind.REVOKE_TOKENS,
                    lane=lane_of_endings(key),
                    args=RevokeTokens(sandbox.SUBJECT, None, now),
                    due=now + due_in,
                    counts_from=now + due_in,
                    deadline=now + due_in + lasts,
                )
            ]
        )
        (found,) = (one.seq for one in self._store.list() if one.key == key)
        return found

    def accept_hopeless(self) -> int:
        """Keep one whose deadline has passed: the engine lets it fail."""
        return self.accept(lasts=-HOUR)


@pytest.fixture
def effects(operator_service: Service) -> Iterator[Effects]:
    url = f"sqlite:///{operator_service.folder / 'webhook-service.db'}"
    engine = open_engine(url)
    yield Effects(SqlStore(engine, lambda: datetime.now(UTC)))
    engine.dispose()


def state(page: Page) -> str:
    return page.locator("#effect .chip").inner_text()


def test_a_failed_effect_is_retried_and_done_by_the_engine(
    operator_page: OperatorPage, effects: Effects
) -> None:
    page = operator_page.page
    seq = effects.accept_hopeless()
    operator_page.open(f"/effects/{seq}")
    expect(page.locator("#effect .chip")).to_have_text("failed")
    expect(page.locator("main")).to_contain_text("deadline passed before its first try")
    page.get_by_role("button", name="Retry now").click()
    expect(page.get_by_role("status")).to_have_text(f"Effect {seq} is due now.")
    # The page looks again by itself.
    expect(page.locator("#effect .chip")).to_have_text("done")
    expect(page.locator("main")).to_contain_text("The tokens were revoked.")
    expect(page.get_by_role("button", name="Retry now")).to_have_count(0)


def test_all_of_it_can_be_done_with_the_keyboard(
    operator_page: OperatorPage, effects: Effects
) -> None:
    page = operator_page.page
    seq = effects.accept_hopeless()
    operator_page.open("/effects")
    page.get_by_label("State", exact=True).focus()
    page.keyboard.press("f")  # failed
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/effects?state=failed**")
    # What asks again by itself takes the focus from nobody.
    page.locator(f"#effect-{seq}").focus()
    with page.expect_response("**/effects?state=failed"):
        pass
    expect(page.locator(f"#effect-{seq}")).to_be_focused()
    page.keyboard.press("Enter")
    until_heading(page, f"Effect {seq}: revoke_tokens")
    page.locator("#retry").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#effect .chip")).to_have_text("done")


def test_an_effect_comes_and_is_counted_without_a_reload(
    operator_page: OperatorPage, effects: Effects
) -> None:
    page = operator_page.page
    operator_page.open("/effects?state=pending")
    page.evaluate("document.body.dataset.mark = 'here'")
    seq = effects.accept(due_in=HOUR)
    expect(page.locator(f"#effect-{seq}")).to_be_visible()
    assert page.evaluate("document.body.dataset.mark") == "here"


def test_nothing_comes_while_it_is_paused(operator_page: OperatorPage) -> None:
    page = operator_page.page
    operator_page.open("/effects")
    page.get_by_role("button", name="Pause").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4500)  # two turns of the page's own clock
    assert asked == []


def test_an_effect_is_cancelled_after_a_second_look(
    operator_page: OperatorPage, effects: Effects
) -> None:
    page = operator_page.page
    seq = effects.accept(due_in=HOUR)
    operator_page.open(f"/effects/{seq}")
    page.get_by_role("link", name="Cancel…").click()
    until_heading(page, f"Cancel effect {seq}?")
    assert_accessible(page)
    page.get_by_role("link", name="Leave it as it is").click()
    assert state(page) == "pending"
    page.get_by_role("link", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the effect").click()
    expect(page.get_by_role("status")).to_have_text(f"Effect {seq} is cancelled.")
    assert state(page) == "cancelled"


def test_pages_of_effects_are_accessible(operator_page: OperatorPage, effects: Effects) -> None:
    failed, waiting = effects.accept_hopeless(), effects.accept(due_in=HOUR)
    for path in (
        "/effects",
        "/effects?state=cancelled&subject=nobody",
        f"/effects?state=x&kind=y&subject={'z' * 300}",
        f"/effects/{failed}",
        f"/effects/{waiting}?left=retry",
    ):
        operator_page.open(path)
        assert_accessible(operator_page.page)


def test_effects_need_no_script(
    _chromium: Browser,  # noqa: PT019  its value is used
    operator_service: Service,
    effects: Effects,
) -> None:
    seq = effects.accept(due_in=HOUR)
    with opened(_chromium, operator_service, java_script_enabled=False) as operator:
        operator.sign_in(path=f"/effects/{seq}")
        operator.page.get_by_role("button", name="Retry now").click()
        expect(operator.page.get_by_role("status")).to_have_text(f"Effect {seq} is due now.")


def test_effects_fit_a_telephone(operator_page: OperatorPage, effects: Effects) -> None:
    seq = effects.accept(due_in=HOUR)
    operator_page.page.set_viewport_size({"width": 360, "height": NARROW["height"]})
    for path in ("/effects", f"/effects/{seq}", f"/effects/{seq}/cancel"):
        operator_page.open(path)
        width = operator_page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path
