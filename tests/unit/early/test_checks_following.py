"""What follows from a check: the session is extended, and the browser gets its cookie."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import requests
from hypothesis import given
from hypothesis import strategies as st
from unit.checking import SESSION, at_work
from unit.workbench import NOW, Bench, BenchMaker

from webhook_service.early.asking import _pause
from webhook_service.effects.effect import ExtendSession, Kind
from webhook_service.sessions import Session

SLIDING = """
sessions:
  - {name: stays signed in, extend: {when_left: 12h}, max_age: 90d}
"""
ALWAYS = """
sessions:
  - {name: always, extend: true, max_age: unlimited}
"""


def patches(bench: Bench) -> int:
    return sum(call.startswith("PATCH") for call in bench.calls())


def test_a_session_in_use_is_extended_and_the_answer_says_so(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING)
    token = at_work(bench)
    answer = bench.check(session_token=token)
    assert answer.status_code == 200
    assert answer.json["extended"] is True
    assert answer.json["session"]["expires_at"] == "2026-11-26T12:00:00.000Z"
    assert bench.record()["effects"]["extend_session"] == {
        "result": "extended",
        "expires_at": "2026-11-26T12:00:00.000Z",
    }
    after = bench.check(session_token=token).json
    assert after["extended"] is False
    assert after["session"]["expires_at"] == "2026-11-26T12:00:00.000Z"
    assert patches(bench) == 1


def test_the_browsers_new_cookie_comes_along_at_once(make_bench: BenchMaker) -> None:
    """F57: the next request may come after the old cookie's end."""
    bench = make_bench(SLIDING)
    at_work(bench)
    cookie = bench.ory.kratos_public.cookie_of(SESSION)
    answer = bench.check(session_cookie=cookie)
    line = answer.json["set_cookie"]
    assert line.startswith("ory_kratos_session=MTc5")
    assert line.endswith(
        "; Path=/; Expires=Thu, 26 Nov 2026 12:00:00 GMT; Max-Age=86400; HttpOnly; SameSite=Lax"
    )
    assert "Set-Cookie" not in answer.headers
    assert [one["call"] for one in bench.record()["upstream"]] == [
        "kratos.whoami",
        "kratos.extend",
        "kratos.whoami",
    ]
    fresh = line.partition("=")[2].partition(";")[0]
    assert "set_cookie" not in bench.check(session_cookie=fresh).json
    assert fresh not in bench.log.getvalue().decode()


def test_a_gateway_gets_it_as_a_header(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING)
    at_work(bench)
    answer = bench.at_gateway(Cookie=bench.cookie_of(SESSION))
    assert answer.headers["Set-Cookie"].startswith("ory_kratos_session=")
    assert "set_cookie" not in answer.json


def test_a_cookie_that_kratos_renews_by_itself_is_handed_on_and_never_remembered(
    make_bench: BenchMaker,
) -> None:
    """A token hook has extended the session meanwhile."""
    bench = make_bench()
    at_work(bench)
    header = bench.cookie_of(SESSION)
    bench.ory.kratos.sessions[SESSION].expires_at += timedelta(hours=9)
    assert "Set-Cookie" in bench.at_gateway(Cookie=header).headers
    assert "Set-Cookie" not in bench.at_gateway(Cookie=header).headers


def test_who_is_refused_is_not_kept_signed_in(make_bench: BenchMaker) -> None:
    bench = make_bench("mfa:\n  - {name: strict, require: {aal: aal2}}" + SLIDING)
    at_work(bench)
    header = bench.cookie_of(SESSION)
    bench.ory.kratos.sessions[SESSION].expires_at += timedelta(hours=1)
    answer = bench.at_gateway(Cookie=header)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert patches(bench) == 0


def test_a_rule_that_always_extends_does_so_once_a_while(make_bench: BenchMaker) -> None:
    bench = make_bench(ALWAYS)
    token = at_work(bench)
    for second in range(64):
        bench.clock.now = NOW + timedelta(seconds=second)
        assert bench.check(session_token=token).status_code == 200
    assert patches(bench) == 1
    assert bench.record()["effects"]["extend_session"]["result"] == "repeated"
    bench.clock.now = NOW + timedelta(seconds=64)
    bench.check(session_token=token)
    assert patches(bench) == 2


def test_a_session_that_ends_soon_is_extended_more_often(make_bench: BenchMaker) -> None:
    bench = make_bench(ALWAYS)
    bench.ory.kratos.lifespan = bench.ory.kratos.earliest_possible_extend = timedelta(seconds=20)
    token = at_work(bench, left=timedelta(seconds=15))
    for second in range(0, 60, 5):
        bench.clock.now = NOW + timedelta(seconds=second)
        answer = bench.check(session_token=token)
        assert answer.status_code == 200, second
        assert answer.json["extended"] is True


@given(st.floats(min_value=-10, max_value=1e9))
def test_the_pause_between_extensions_is_short_beside_what_is_left(left: float) -> None:
    """So nobody is signed out for having waited."""
    session = Session("a", active=True, expires_at=NOW + timedelta(seconds=left))
    pause = _pause(session, NOW)
    assert 1 <= pause <= 64
    assert pause <= max(left / 8, 1)
    assert math.log2(pause).is_integer()


def test_a_session_without_an_end_is_extended_once_a_minute() -> None:
    assert _pause(Session("a", active=True), NOW) == 64


def test_what_was_extended_lately_is_known_to_every_process(make_bench: BenchMaker) -> None:
    one = make_bench(ALWAYS)
    token = at_work(one)
    other = make_bench(ALWAYS, ory=one.ory)
    one.check(session_token=token)
    other.check(session_token=token)
    assert patches(one) == 1


def test_nothing_is_extended_on_what_is_remembered(make_bench: BenchMaker) -> None:
    """Kratos would extend a session that was ended meanwhile (F55)."""
    bench = make_bench("""
    sessions:
      - {name: at the desk, when: request.path == "/desk", extend: true, max_age: 90d}
    """)
    token = at_work(bench)
    assert bench.check(session_token=token, path="/").status_code == 200
    bench.ory.kratos.sessions[SESSION].revoked = True
    assert bench.check(session_token=token, path="/desk").json["reason"] == "session.not_active"
    assert patches(bench) == 0


def test_an_extension_that_fails_refuses_nobody_and_is_tried_again_later(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench(SLIDING)
    token = at_work(bench)
    bench.fail("PATCH", requests.ConnectionError("refused"))
    answer = bench.check(session_token=token)
    assert answer.status_code == 200
    assert answer.json["extended"] is False
    kept = [one for one in bench.effects.accepted if one.kind is Kind.EXTEND_SESSION]
    assert [one.args for one in kept if isinstance(one.args, ExtendSession)] == [kept[0].args]
    assert bench.check(session_token=token).status_code == 200
    assert len([one for one in bench.effects.accepted if one.kind is Kind.EXTEND_SESSION]) == 1


def test_what_could_not_be_decided_is_decided_later_and_once_for_a_crowd(
    make_bench: BenchMaker,
) -> None:
    """P17."""
    bench = make_bench("""
    sessions:
      - name: members stay signed in
        when: identity.metadata_admin.member == true
        extend: true
        max_age: 90d
    """)
    token = at_work(bench)
    bench.fail("GET", 503)
    for _ in range(3):
        assert bench.check(session_token=token).status_code == 200
    args = bench.effects.only().args
    assert isinstance(args, ExtendSession)
    assert args.session_id == SESSION
    assert args.record["event"] == "check"
    assert patches(bench) == 0


def test_a_cookie_that_could_not_be_fetched_comes_with_a_later_answer(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench(SLIDING)
    at_work(bench)
    header = bench.cookie_of(SESSION)
    real = bench.ory.kratos_public.handle
    asked: list[str] = []

    def handle(target: str, headers: Any) -> Any:
        asked.append(target)
        if len(asked) == 2:
            raise requests.ConnectionError("refused")
        return real(target, headers)

    bench.ory.kratos_public.handle = handle  # type: ignore[method-assign]  # stands in for it
    first = bench.at_gateway(Cookie=header)
    assert first.json["extended"] is True
    assert "Set-Cookie" not in first.headers
    assert "Set-Cookie" in bench.at_gateway(Cookie=header).headers


def test_in_shadow_nothing_follows_and_only_a_live_session_counts(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING + "mfa:\n  - {name: strict, require: {aal: aal2}}", mode="shadow")
    assert bench.check(session_token=at_work(bench)).status_code == 200
    assert patches(bench) == 0
    assert bench.effects.accepted == []
    assert bench.check(session_token="ory_st_of_nobody").status_code == 401
