"""``/session/refresh``: for whoever holds a session, and for no page but the operator's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from unit.checking import SESSION, SUBJECT, at_work
from unit.workbench import NOW, ORIGIN, Bench, BenchMaker
from werkzeug.test import TestResponse

SLIDING = """
sessions:
  - {name: stays signed in, extend: {when_left: 12h}, max_age: 30h}
"""
CORS = {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"}


def refresh(bench: Bench, data: bytes | None = None, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    client = bench.app.test_client(use_cookies=False)
    return client.post("/session/refresh", data=data, headers=sent)


def test_a_browser_is_kept_signed_in_and_gets_its_new_cookie(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING)
    at_work(bench)
    answer = refresh(bench, Cookie=bench.cookie_of(SESSION), Origin=ORIGIN)
    assert answer.status_code == 200
    assert answer.json == {
        "verdict": "allow",
        "reason": None,
        "rule": None,
        "message": None,
        "subject": SUBJECT,
        "session": {
            "id": SESSION,
            "aal": "aal1",
            "methods": ["password"],
            "authenticated_at": "2026-11-24T16:00:00.000Z",
            "expires_at": "2026-11-26T12:00:00.000Z",
        },
        "extended": True,
        "ends_at": "2026-11-25T22:00:00.000Z",
        "next": {"seconds": 3600, "at": "2026-11-25T13:00:00.000Z"},
    }
    assert answer.headers["Set-Cookie"].startswith("ory_kratos_session=MTc5")
    assert answer.headers["Set-Cookie"].endswith(
        "Path=/; Expires=Thu, 26 Nov 2026 12:00:00 GMT; Max-Age=86400; HttpOnly; SameSite=Lax"
    )
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Vary"] == "Origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_app_is_kept_signed_in_and_gets_no_cookie(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING)
    answer = refresh(bench, X_Session_Token=at_work(bench))
    assert answer.status_code == 200
    assert answer.json["extended"] is True
    assert not {"Set-Cookie", *CORS} & set(answer.headers.keys())


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(10, 5), (1, 1), (0.5, 1), (3600, 1800), (72 * 3600, 3600)],
)
def test_the_next_call_is_due_when_half_of_what_is_left_is_over(
    make_bench: BenchMaker, left: float, seconds: int
) -> None:
    bench = make_bench()
    token = at_work(bench, left=timedelta(seconds=left))
    answer = refresh(bench, X_Session_Token=token)
    assert answer.json["next"]["seconds"] == seconds


def test_who_follows_the_answers_stays_signed_in_until_the_cap(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    sessions:
      - {name: for a minute, extend: {when_left: 15s}, max_age: 60s}
    """)
    bench.ory.kratos.lifespan = bench.ory.kratos.earliest_possible_extend = timedelta(seconds=20)
    token = at_work(bench, began=NOW, left=timedelta(seconds=20))
    calls = 0
    while (answer := refresh(bench, X_Session_Token=token)).status_code == 200:
        bench.clock.advance(seconds=answer.json["next"]["seconds"])
        calls += 1
    assert bench.clock.now == NOW + timedelta(seconds=60)
    assert answer.json["reason"] == "session.past_max_age"
    assert calls < 15


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "https://evil.example",
        f"{ORIGIN}.evil.example",
        f"{ORIGIN}:8443",
        "http://app.example.org",
        f"{ORIGIN}/",
    ],
)
def test_a_foreign_page_cannot_ask_with_the_cookie_of_whoever_looks_at_it(
    make_bench: BenchMaker, origin: str | None
) -> None:
    bench = make_bench(SLIDING)
    at_work(bench)
    sent = {"Cookie": bench.cookie_of(SESSION)} | ({} if origin is None else {"Origin": origin})
    answer = refresh(bench, **sent)
    assert answer.status_code == 403
    assert answer.json["error"]["id"] == "request.origin_not_allowed"
    assert not CORS & set(answer.headers.keys())
    assert bench.calls() == []


def test_a_page_reads_every_answer_that_it_may_ask_for(make_bench: BenchMaker) -> None:
    bench = make_bench("mfa:\n  - {name: strict, require: {aal: aal2}}")
    at_work(bench)
    cookie = bench.cookie_of(SESSION)
    step_up = refresh(bench, Cookie=cookie, Origin=ORIGIN)
    assert (step_up.status_code, step_up.json["reason"]) == (401, "mfa.aal_too_low")
    assert "next" not in step_up.json
    nobody = refresh(bench, Origin=ORIGIN)
    assert (nobody.status_code, nobody.json["reason"]) == (401, "session.not_active")
    too_large = refresh(bench, b"x" * 2000, Cookie=cookie, Origin=ORIGIN)
    assert too_large.status_code == 413
    for answer in (step_up, nobody, too_large):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_browser_may_ask_first_whether_a_page_may(make_bench: BenchMaker) -> None:
    client = make_bench().app.test_client()
    answer = client.options("/session/refresh", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Session-Token"
    foreign = client.options("/session/refresh", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert not CORS & set(foreign.headers.keys())


def test_nothing_that_is_remembered_will_do(make_bench: BenchMaker) -> None:
    bench = make_bench()
    token = at_work(bench)
    assert bench.check(session_token=token).status_code == 200
    bench.ory.kratos.sessions[SESSION].revoked = True
    assert refresh(bench, X_Session_Token=token).status_code == 401


def test_it_is_recorded_as_a_check_at_its_own_path(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    deny:
      - name: not here
        when: request.path == "/session/refresh" && request.host == "auth.example.org"
    """)
    token = at_work(bench)
    assert refresh(bench, X_Session_Token=token, Host="elsewhere.example").status_code == 200
    assert refresh(bench, X_Session_Token=token, Host="auth.example.org:443").status_code == 403
    assert bench.record()["event"] == "check"


def test_an_access_token_is_no_credential_here(make_bench: BenchMaker) -> None:
    bench = make_bench()
    at_work(bench)
    answer = refresh(bench, Authorization="Bearer ory_at_x", Origin=ORIGIN)
    assert answer.json["reason"] == "session.not_active"
    assert bench.calls() == []


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"{}", {"Content_Type": "application/json"}, 200),
        (b"x" * 1024, {}, 200),
        (b"x" * 1025, {}, 413),
        (b"x", {"Content_Encoding": "gzip"}, 415),
    ],
)
def test_a_body_is_not_needed_and_a_small_one_let_be(
    make_bench: BenchMaker, data: bytes, headers: Any, status: int
) -> None:
    bench = make_bench()
    answer = refresh(bench, data, X_Session_Token=at_work(bench), **headers)
    assert answer.status_code == status


@pytest.mark.parametrize("missing", ["kratos_public_url", "kratos_admin_url"])
def test_without_both_of_kratos_apis_there_is_no_such_route(
    make_bench: BenchMaker, missing: str
) -> None:
    bench = make_bench(check_keys=(), **{missing: None})
    assert refresh(bench, X_Session_Token="x").status_code == 404


def test_refused_requests_are_counted_as_a_browsers(make_bench: BenchMaker) -> None:
    bench = make_bench()
    refresh(bench, Origin="https://evil.example")
    (line,) = [one for one in bench.lines() if one["message"] == "request refused"]
    assert line["caller"] == "browser"
