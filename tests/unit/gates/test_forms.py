"""Forms of our own pages: only from the page that this browser was shown, for its challenge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from unit.gates.visitor import ADA, Visitor, token_on

from webhook_service.web.page_forms import FormKeys

MakeVisitor = Callable[..., Visitor]

OLD, NEW = b"an old key" * 4, b"a new key!" * 4


@pytest.fixture
def asked(visit: MakeVisitor) -> tuple[Visitor, str, str]:
    """A visitor who is shown a page: with its challenge and its token."""
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_consent("blog", ADA)
    return visitor, challenge, token_on(visitor.go("consent", challenge))


def refused(visitor: Visitor, challenge: str, **form: str) -> None:
    page = visitor.send("consent", challenge, decision="allow", **form)
    assert page.status_code == 403
    assert "cannot be used any more" in page.text
    assert visitor.is_unanswered(challenge)


def test_a_form_without_a_token_is_refused(asked: tuple[Visitor, str, str]) -> None:
    visitor, challenge, _ = asked
    refused(visitor, challenge)


def test_a_form_of_another_challenge_is_refused(asked: tuple[Visitor, str, str]) -> None:
    visitor, _, token = asked
    refused(visitor, visitor.flows.add_consent("bank", ADA), token=token)


def test_a_form_from_another_browser_is_refused(asked: tuple[Visitor, str, str]) -> None:
    visitor, challenge, token = asked
    visitor.bench.client.delete_cookie("__Host-webhook_service", domain="localhost")
    refused(visitor, challenge, token=token)


def test_a_cookie_that_the_service_did_not_sign_is_refused(asked: tuple[Visitor, str, str]) -> None:
    visitor, challenge, token = asked
    visitor.bench.client.set_cookie("__Host-webhook_service", "mine.mine", domain="localhost")
    refused(visitor, challenge, token=token)


def test_a_token_of_one_page_is_none_for_the_other(visit: MakeVisitor) -> None:
    keys = FormKeys.of((NEW,))
    cookie = keys.cookie(None)
    assert keys.fits(cookie, "consent", "a", keys.token(cookie, "consent", "a"))
    assert not keys.fits(cookie, "logout", "a", keys.token(cookie, "consent", "a"))


def test_a_refusal_needs_the_token_too(asked: tuple[Visitor, str, str]) -> None:
    visitor, challenge, _ = asked
    page = visitor.send("consent", challenge, decision="refuse", token="guessed")
    assert page.status_code == 403
    assert visitor.is_unanswered(challenge)


def test_two_tabs_do_not_take_each_others_page_away(asked: tuple[Visitor, str, str]) -> None:
    visitor, first, token = asked
    second = visitor.flows.add_consent("bank", ADA)
    page = visitor.go("consent", second)
    assert "Set-Cookie" not in page.headers
    for challenge, of_page in ((second, token_on(page)), (first, token)):
        visitor.send("consent", challenge, decision="allow", token=of_page)
        assert visitor.answered(challenge)[0] == "accept"


def test_the_cookie_is_for_this_host_over_https_and_for_no_script(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    cookie = visitor.go("consent", visitor.flows.add_consent("blog", ADA)).headers["Set-Cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-webhook_service=")
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_plain_http_the_cookie_claims_no_more_than_it_can(visit: MakeVisitor) -> None:
    visitor = visit(public_url="http://127.0.0.1:8080")
    visitor.sign_in()
    cookie = visitor.go("consent", visitor.flows.add_consent("blog", ADA)).headers["Set-Cookie"]
    assert cookie.startswith("webhook_service=")
    assert "Secure" not in cookie


def test_pages_that_are_open_stay_good_while_a_key_is_rotated() -> None:
    before, during = FormKeys.of((OLD,)), FormKeys.of((NEW, OLD))
    cookie = before.cookie(None)
    token = before.token(cookie, "consent", "a")
    assert during.fits(cookie, "consent", "a", token)
    assert during.cookie(cookie) == cookie
    assert not FormKeys.of((NEW,)).fits(cookie, "consent", "a", token)


@pytest.mark.parametrize("odd", ["", ".", "é", "\ud800", "a.b.c"])
def test_any_text_may_come_as_a_cookie_or_a_token(odd: str) -> None:
    keys = FormKeys.of((NEW,))
    assert not keys.fits(odd, "consent", "a", odd)
    assert keys.cookie(odd) != odd


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"token=a", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a" * 4097, 413),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b&" * 17 + b"a=b", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"\xff", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"", 403),
    ],
)
def test_what_is_no_form_of_ours_is_refused(
    visit: MakeVisitor, headers: dict[str, str], data: bytes, status: int
) -> None:
    client: Any = visit().bench.client
    sent = client.post("/oauth2/consent?consent_challenge=a", data=data, headers=headers)
    assert sent.status_code == status


@pytest.mark.parametrize("gate", ["login", "consent", "logout"])
def test_each_answer_is_kept_by_nobody_and_shows_its_address_to_nobody(
    visit: MakeVisitor, gate: str
) -> None:
    answer = visit().go(gate, "long-gone")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_page_holds_no_script_and_nothing_from_elsewhere(
    asked: tuple[Visitor, str, str],
) -> None:
    visitor, challenge, _ = asked
    html = visitor.go("consent", challenge).text
    assert not [word for word in ("<script", "<link", "src=", "href=", "url(") if word in html]


def test_only_the_pages_that_hold_a_form_take_one(visit: MakeVisitor) -> None:
    visitor = visit()
    assert visitor.send("login", "a").status_code == 405


@pytest.mark.parametrize(
    "missing", ["public_url", "kratos_public_url", "kratos_admin_url", "hydra_admin_url"]
)
def test_without_an_address_that_they_need_there_are_no_gates(
    visit: MakeVisitor, missing: str
) -> None:
    more = {"check_keys": ()} if missing.startswith("kratos") else {}
    visitor = visit(**{missing: None, **more})
    for gate in ("login", "consent", "logout"):
        assert visitor.go(gate, "a").status_code == 404
