"""What all pages of the operator's have in common."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from unit.operator_desk import Operator, sign_in
from unit.workbench import Bench, BenchMaker

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.web.operator.shell import Shell, Signed

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def shell_of(bench: Bench) -> Shell:
    shell: Shell = bench.app.extensions["error_pages"]
    return shell


def with_page(make_bench: BenchMaker, view: Any, method: str = "GET", **more: Any) -> Operator:
    """Give a service one page more, and sign in."""
    bench = make_bench()
    shell = shell_of(bench)
    add = shell.get if method == "GET" else shell.post
    add("/rules/trial", "trial", view, **more)
    return sign_in(bench)


@pytest.mark.parametrize("path", ["/sign-in", "/simulate", "/rules/nothing", "/effects"])
def test_a_page_runs_and_shows_nothing_but_our_own_and_is_kept_nowhere(
    make_bench: BenchMaker, path: str
) -> None:
    bench = make_bench()
    for operator in (Operator(bench), sign_in(bench)):
        answer = operator.get(path)
        if answer.status_code == 303:
            continue
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert " style=" not in answer.text
        assert " onclick=" not in answer.text
        assert "<style" not in answer.text


def test_the_page_that_is_shown_is_the_one_that_is_marked(make_bench: BenchMaker) -> None:
    def view(signed: Signed) -> Any:
        return shell_of(operator.bench).notice(signed, 200, "Trial", here="effects")

    operator = with_page(make_bench, view)
    entries = re.findall(
        r'<a href="([^"]+)"( aria-current="page")?>', operator.get("/rules/trial").text
    )
    assert entries == [
        ("/", ""),
        ("/effects", ' aria-current="page"'),
        ("/rules", ""),
        ("/simulate", ""),
    ]


def test_whoever_is_not_signed_in_is_asked_for_a_key_and_sees_no_navigation(
    make_bench: BenchMaker,
) -> None:
    operator = Operator(make_bench())
    answer = operator.get("/effects?state=failed&kind=x")
    assert answer.status_code == 401
    assert f'action="/sign-in?to={quote("/effects?state=failed&kind=x", safe="")}"' in answer.text
    assert "<nav" not in answer.text
    assert operator.bench.lines() == []


def test_a_link_of_another_site_goes_by_a_page_of_ours_once(make_bench: BenchMaker) -> None:
    """With SameSite=Strict the cookie comes along only from a page of our own."""
    operator = Operator(make_bench())
    passing = operator.get("/effects?state=failed", Sec_Fetch_Site="cross-site")
    on = "/sign-in?to=%2Feffects%3Fstate%3Dfailed"
    assert f'<meta http-equiv="refresh" content="0; url={on}">' in passing.text
    # A browser that goes on calling it another site's is asked for the key, not sent in circles.
    assert "http-equiv" not in operator.get(on, Sec_Fetch_Site="cross-site").text
    signed = sign_in(operator.bench)
    assert signed.get(on).headers["Location"] == "/effects?state=failed"
    assert signed.get("/simulate", Sec_Fetch_Site="cross-site").status_code == 200


def test_a_part_of_a_page_asks_to_load_the_page_anew_when_the_sign_in_has_ended(
    make_bench: BenchMaker,
) -> None:
    operator = Operator(make_bench())
    assert operator.get("/simulate", HX_Request="true").headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in operator.get("/simulate").headers


@pytest.mark.parametrize("token", [None, "", "x", "ü"])
def test_a_form_without_the_token_of_the_sign_in_does_nothing(
    make_bench: BenchMaker, token: str | None
) -> None:
    taken: list[object] = []
    operator = with_page(make_bench, lambda *given: taken.append(given), "POST")
    answer = operator.send("/rules/trial", {"x": "y"} if token is None else {"token": token})
    assert answer.status_code == 403
    assert "Reload the page" in answer.text
    assert taken == []


def test_a_form_of_somebody_whose_sign_in_has_ended_does_nothing(make_bench: BenchMaker) -> None:
    taken: list[object] = []
    operator = with_page(make_bench, lambda *given: taken.append(given), "POST")
    token = operator.token()
    operator.bench.clock.advance(hours=8)
    assert operator.send("/rules/trial", {"token": token}).status_code == 401
    assert taken == []


def test_a_form_is_as_large_as_the_page_says(make_bench: BenchMaker) -> None:
    lengths: list[int] = []

    def take(_: object, form: dict[str, str]) -> Any:
        lengths.append(len(form["text"]))
        return shell_of(operator.bench).see_other("/rules")

    operator = with_page(make_bench, take, "POST", limit=10_000)
    answer = operator.post("/rules/trial", {"text": "x" * 9000})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/rules")
    too_large = operator.post("/rules/trial", {"text": "x" * 10_000})
    assert too_large.status_code == 413
    assert "10000 bytes" in too_large.text
    assert lengths == [9000]


def test_a_redirect_leads_to_pages_of_ours_alone(make_bench: BenchMaker) -> None:
    shell = shell_of(make_bench())
    with pytest.raises(ValueError, match="of the page's own"):
        shell.see_other("//evil.example")


def test_where_the_database_is_away_the_page_says_so_and_what_to_do(make_bench: BenchMaker) -> None:
    def view(_: object) -> Any:
        raise StoreUnavailableError("no connection")

    answer = with_page(make_bench, view).get("/rules/trial")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    assert "no connection" in answer.text
    assert "docs/failures.md" in answer.text


def test_what_fails_in_a_page_tells_the_log_where_and_the_page_nothing(
    make_bench: BenchMaker,
) -> None:
    def view(_: object) -> Any:
        raise KeyError("a value of somebody's")

    operator = with_page(make_bench, view)
    answer = operator.get("/rules/trial")
    assert answer.status_code == 500
    assert answer.mimetype == "text/html"
    assert "somebody" not in answer.text
    assert "test_shell.py" in operator.bench.lines()[-2]["place"]


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/decisions/nothing", 404, "There is nothing here"),
        ("GET", "/effects/", 404, "There is nothing here"),
        ("POST", "/rules", 405, "accepted here: GET, HEAD"),
        ("DELETE", "/", 405, "accepted here"),
        ("POST", "/", 405, "accepted here"),  # where a hook was configured without its path
    ],
)
def test_an_error_at_one_of_the_pages_is_a_page(
    make_bench: BenchMaker, method: str, path: str, status: int, words: str
) -> None:
    operator = sign_in(make_bench())
    answer = operator.client.open(path, method=method, base_url="https://ops.example.org")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert words.lower() in answer.text.lower()
    assert "<nav" in answer.text
    assert ("Allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("path", ["/nothing", "/hooks/hydra/token", "/assets/none.css", "/metrics"])
def test_an_error_elsewhere_stays_json(make_bench: BenchMaker, path: str) -> None:
    answer = sign_in(make_bench()).get(path)
    assert answer.mimetype == "application/json"
    assert answer.json["error"]["code"] == answer.status_code


def test_what_somebody_types_into_an_address_is_text_on_the_page(make_bench: BenchMaker) -> None:
    answer = Operator(make_bench()).get('/effects?state="><script>alert(1)</script>')
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text
