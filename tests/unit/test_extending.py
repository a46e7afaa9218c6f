"""The extension inside the token hook, with the whole service around it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from unit.workbench import BenchMaker, Recorded
from unit.world import LOGIN, NOW, SLIDING, named, person, session


def test_outside_the_window_a_refresh_costs_one_call(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, left=timedelta(hours=13))
    assert bench.token(refresh).status_code == 204
    assert bench.calls() == [f"GET /admin/sessions/{session_id}?expand=identity"]
    assert "effects" not in bench.record() or "extend_session" not in bench.record()["effects"]


def test_inside_the_window_it_costs_two_and_the_session_lives_on(
    make_bench: BenchMaker, refresh: Any
) -> None:
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    one = session(bench.ory, session_id, subject, left=timedelta(hours=4))
    answer = bench.token(refresh)
    assert answer.status_code == 204
    assert answer.headers["X-Session-Extended"] == "2026-11-26T12:00:00.000Z"
    assert bench.calls() == [
        f"GET /admin/sessions/{session_id}?expand=identity",
        f"PATCH /admin/sessions/{session_id}/extend",
    ]
    assert one.expires_at == NOW + timedelta(hours=24)
    record = bench.record()
    assert record["effects"]["extend_session"] == {
        "result": "extended",
        "expires_at": "2026-11-26T12:00:00.000Z",
    }
    assert [call["call"] for call in record["upstream"]] == ["kratos.session", "kratos.extend"]


def test_with_faster_session_extend_the_third_call_verifies(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """F54: 204 says nothing of what was done."""
    bench = make_bench(SLIDING)
    bench.ory.kratos.faster_session_extend = True
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject)
    assert bench.token(refresh).headers["X-Session-Extended"]
    assert len(bench.calls()) == 3
    assert bench.record()["effects"]["extend_session"]["result"] == "extended"


def test_the_same_event_three_times_extends_once(make_bench: BenchMaker, refresh: Any) -> None:
    """bad-inputs row 42: the answer is the same each time."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject)
    bench.ory.kratos.earliest_possible_extend = timedelta(days=400)
    bench.ory.kratos.lifespan = timedelta(hours=6)  # so that the window stays open
    answers = [bench.token(refresh).status_code for _ in range(3)]
    assert answers == [204, 204, 204]
    assert sum(call.startswith("PATCH") for call in bench.calls()) == 1
    assert bench.record()["effects"]["extend_session"] == {"result": "repeated"}


def test_kratos_own_window_is_no_failure(make_bench: BenchMaker, refresh: Any) -> None:
    """F54: earliest_possible_extend leaves the session as it is, with 200."""
    bench = make_bench(SLIDING)
    bench.ory.kratos.earliest_possible_extend = timedelta(hours=1)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    one = session(bench.ory, session_id, subject)
    answer = bench.token(refresh)
    assert "X-Session-Extended" not in answer.headers
    assert one.expires_at == NOW + timedelta(hours=4)
    assert bench.record()["effects"]["extend_session"]["result"] == "unchanged"
    assert "extend.failed" not in bench.record().get("notes", [])


@pytest.mark.parametrize("what", ["expired", "revoked", "disabled", "capped"])
def test_a_session_that_is_over_is_never_extended(
    make_bench: BenchMaker, refresh: Any, what: str
) -> None:
    """bad-inputs rows 34 to 36: Kratos itself would revive an expired one (F55)."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    identity = person(bench.ory, subject)
    one = session(bench.ory, session_id, subject)
    if what == "expired":
        one.expires_at = NOW - timedelta(seconds=1)
    elif what == "revoked":
        one.revoked = True
    elif what == "disabled":
        identity.state = "inactive"
    else:
        one.authenticated_at = NOW - timedelta(days=90)
    before = one.expires_at
    assert bench.token(refresh).status_code == (403 if what == "capped" else 204)
    assert not any(call.startswith("PATCH") for call in bench.calls())
    assert one.expires_at == before


def test_a_session_in_its_last_instant_is_let_go(make_bench: BenchMaker, refresh: Any) -> None:
    """Between the look and the extension it could expire, and be brought back to life."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, left=timedelta(milliseconds=100))
    assert bench.token(refresh).status_code == 204
    assert not any(call.startswith("PATCH") for call in bench.calls())
    assert bench.record()["effects"]["extend_session"]["result"] == "ending"


def test_a_slow_look_at_a_session_in_its_last_instant_revives_nothing(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """F55: what counts is the end of the hook's time, not what the look has left of it."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, left=timedelta(milliseconds=350))
    answer = bench.ory.handle

    def slow(upstream: Any, method: str, target: str, body: bytes = b"") -> Any:
        time.sleep(0.3)
        return answer(upstream, method, target, body)

    bench.ory.handle = slow  # type: ignore[method-assign]  # stands in for the stand-in
    assert bench.token(refresh).status_code == 204
    assert not any(call.startswith("PATCH") for call in bench.calls())
    assert bench.record()["effects"]["extend_session"]["result"] == "ending"


def test_when_kratos_is_down_the_token_is_given_and_the_extension_deferred(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """P17, example 03."""
    bench = make_bench(SLIDING)
    bench.fail("GET", requests.ConnectionError("refused"))
    assert bench.token(refresh).status_code == 204
    record = bench.record()
    assert record["effects"]["extend_session"] == {"result": "deferred"}
    assert record["unknown"] == {"kratos.session": "upstream.unreachable"}


def test_a_window_and_a_cap_are_kept_before_the_login_is_answered(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """P18, P22."""
    bench = make_bench("""
    mfa:
      - name: within ten minutes
        events: [kratos.login]
        require: {aal: aal2}
        step_up_within: 10m
    sessions:
      - name: a day
        events: [kratos.login]
        max_age: 24h
    """)
    body = recorded.body(LOGIN)
    bench.clock.now = datetime(2026, 11, 24, 23, 25, 31, 300_000, tzinfo=UTC)
    subject = body["identity"]["id"]
    person(bench.ory, subject, second_factors={"totp"})
    assert bench.login(body).status_code == 204
    cap, window = bench.record()["effects"]["kept"]
    assert window == {
        "kind": "end_session",
        "cause": "step_up_within",
        "rule": "within ten minutes",
        "at": "2026-11-24T23:35:31.300Z",
        "result": "accepted",
    }
    assert cap["cause"] == "max_age"
    assert cap["rule"] == "a day"
    assert cap["at"].startswith("2026-11-25T23:25:31")
    assert [effect.kind for effect in bench.effects.accepted] == ["end_session", "end_session"]
