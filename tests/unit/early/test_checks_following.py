"""What follows from a check: extensions, caps, endings; and what is remembered meanwhile."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from unit.checking import SESSION, SUBJECT, at_work, consented, forget
from unit.workbench import NOW, Bench, BenchMaker

from webhook_service.early.asking import _pause
from webhook_service.effects.effect import (
    Cause,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    NewEffect,
    RevokeTokens,
    unkept,
)
from webhook_service.sessions import Session

MINUTE = timedelta(minutes=1)
SLIDING = """
sessions:
  - {name: stays signed in, extend: {when_left: 12h}, max_age: 90d}
"""
ALWAYS = """
sessions:
  - {name: always, extend: true, max_age: unlimited}
"""
CAPPED = """
sessions:
  - {name: a day, max_age: 24h}
"""


def ending(args: EndSession | EndSessions | RevokeTokens, kind: Kind) -> Effect:
    new = NewEffect("key", kind, "lane", args, NOW, NOW, NOW + timedelta(days=1))
    return unkept(new, NOW)


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


def test_a_session_past_its_age_is_refused_and_ended(make_bench: BenchMaker) -> None:
    bench = make_bench("sessions:\n  - {name: a day, max_age: 20h}")
    token = at_work(bench)
    answer = bench.check(session_token=token)
    assert (answer.status_code, answer.json["reason"]) == (401, "session.past_max_age")
    assert answer.json["browser"]["url"].endswith("/self-service/login/browser?refresh=true")
    args = bench.effects.only().args
    assert isinstance(args, EndSession)
    assert (args.session_id, args.cause) == (SESSION, Cause.PAST_MAX_AGE)


def test_a_cap_is_kept_once_and_where_it_is_not_nobody_passes(make_bench: BenchMaker) -> None:
    """E1, E2."""
    bench = make_bench(CAPPED)
    token = at_work(bench)
    for _ in range(3):
        assert bench.check(session_token=token).status_code == 200
    args = bench.effects.only().args
    assert isinstance(args, EndSession)
    assert args.at == NOW + timedelta(hours=4)
    kept = [record.get("effects") for record in bench.lines() if record["message"] == "decision"]
    assert [bool(one) for one in kept] == [True, False, False]
    bench.effects.away = True
    assert bench.check(session_token=token).status_code == 200
    forget(bench)
    answer = bench.check(session_token=token)
    assert answer.status_code == 503
    assert answer.json["error"]["id"] == "service.store_unavailable"
    assert answer.headers["Cache-Control"] == "no-store"
    assert bench.record()["status"] == 503


def test_who_waits_too_long_for_anothers_commit_does_not_pass(make_bench: BenchMaker) -> None:
    """E1: a commit that has not ended is none."""
    bench = make_bench(CAPPED, hook_deadline=timedelta(milliseconds=300), check_cache=MINUTE)
    token = at_work(bench)
    real, begun, ended = bench.effects.accept, threading.Event(), threading.Event()

    def accept(effects: tuple[NewEffect, ...], seconds: float) -> frozenset[str]:
        begun.set()
        ended.wait(10)
        return real(effects, seconds)

    bench.effects.accept = accept  # type: ignore[method-assign]  # one that takes its time
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(bench.check, session_token=token)
        assert begun.wait(10)
        assert bench.check(session_token=token).status_code == 503
        ended.set()
        assert first.result().status_code == 200


def test_in_shadow_nothing_follows_and_only_a_live_session_counts(make_bench: BenchMaker) -> None:
    bench = make_bench(SLIDING + "mfa:\n  - {name: strict, require: {aal: aal2}}", mode="shadow")
    assert bench.check(session_token=at_work(bench)).status_code == 200
    assert patches(bench) == 0
    assert bench.effects.accepted == []
    assert bench.check(session_token="ory_st_of_nobody").status_code == 401


class TestRemembering:
    def test_facts_are_and_verdicts_are_not(self, make_bench: BenchMaker) -> None:
        bench = make_bench("""
        deny:
          - {name: closing time, when: 'now >= timestamp("2026-11-25T12:00:03Z")'}
        """)
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        bench.clock.advance(seconds=3)
        assert bench.check(session_token=token).status_code == 403

    def test_a_session_that_ran_out_meanwhile_is_over(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench, left=timedelta(seconds=2))
        assert bench.check(session_token=token).status_code == 200
        bench.clock.advance(seconds=2)
        assert bench.check(session_token=token).status_code == 401

    def test_a_revocation_is_seen_once_they_are_forgotten(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        bench.ory.kratos.sessions[SESSION].revoked = True
        assert bench.check(session_token=token).status_code == 200
        forget(bench)
        assert bench.check(session_token=token).status_code == 401

    def test_with_the_cache_off_every_check_asks(self, make_bench: BenchMaker) -> None:
        bench = make_bench(check_cache=timedelta(0))
        token = at_work(bench)
        for _ in range(3):
            bench.check(session_token=token)
        assert bench.calls() == ["GET /sessions/whoami"] * 3

    def test_what_is_unknown_to_kratos_is_asked_each_time(self, make_bench: BenchMaker) -> None:
        """Who signs in must not be told that nobody is there; and guesses fill no memory."""
        bench = make_bench()
        for _ in range(3):
            bench.check(session_token="ory_st_of_nobody")
        assert len(bench.calls()) == 3

    def test_the_identity_and_the_client_are_remembered_as_well(
        self, make_bench: BenchMaker
    ) -> None:
        bench = make_bench("""
        deny:
          - {name: banned, events: [check], when: identity.metadata_admin.banned == true}
          - {name: closed, events: [hydra.token], when: client.name == "Closed"}
        """)
        token = at_work(bench)
        bench.ory.hydra.add_client("web", name="Open")
        for _ in range(3):
            assert bench.check(session_token=token).status_code == 200
            assert bench.check(session_token=token, client_id="web").status_code == 200
        assert sorted(call.partition("?")[0] for call in bench.calls()) == [
            "GET /admin/clients/web",
            f"GET /admin/identities/{SUBJECT}",
            "GET /sessions/whoami",
        ]

    def test_two_credentials_never_share_an_entry(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        assert bench.check(session_cookie=token).status_code == 200
        assert bench.check(session_id=SESSION, subject=SUBJECT).status_code == 200
        assert bench.check(session_id=SESSION, subject=SESSION).status_code == 401
        assert len(bench.calls()) == 4


class TestEndings:
    """E7: until it is done, it is already true."""

    def pending(self, at: datetime = NOW) -> Effect:
        return ending(EndSessions(SUBJECT, spared_id=None, before=at), kind=Kind.END_ALL_SESSIONS)

    def test_a_session_that_is_being_ended_is_refused(self, make_bench: BenchMaker) -> None:
        bench = make_bench(CAPPED)
        token = at_work(bench)
        bench.effects.pending.append(self.pending())
        answer = bench.check(session_token=token)
        assert (answer.status_code, answer.json["reason"]) == (401, "session.ending")
        assert answer.json["browser"]["url"].endswith("?refresh=true")

    def test_one_that_is_spared_passes(self, make_bench: BenchMaker) -> None:
        bench = make_bench(CAPPED)
        token = at_work(bench)
        spared = EndSessions(SUBJECT, spared_id=SESSION, before=NOW)
        bench.effects.pending.append(ending(spared, Kind.END_OTHER_SESSIONS))
        assert bench.check(session_token=token).status_code == 200

    def test_the_store_is_read_once_for_what_is_remembered(self, make_bench: BenchMaker) -> None:
        bench = make_bench(CAPPED)
        token = at_work(bench)
        for _ in range(3):
            bench.check(session_token=token)
        assert bench.effects.reads == 1

    def test_and_not_at_all_where_nothing_ends(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        bench.check(session_token=at_work(bench))
        assert bench.effects.reads == 0

    def test_an_ending_that_this_process_accepts_is_seen_by_the_next_check(
        self, make_bench: BenchMaker, recorded: Any
    ) -> None:
        bench = make_bench("""
        revoke:
          - {name: a new password, events: [kratos.settings], revoke: [all_sessions]}
        """)
        body = recorded.body("kratos.settings-password.api")
        subject = body["identity"]["id"]
        token = at_work(bench)
        bench.ory.kratos.identities[subject] = bench.ory.kratos.identities[SUBJECT]
        bench.ory.kratos.identities[subject].id = subject
        bench.ory.kratos.sessions[SESSION].identity_id = subject
        assert bench.check(session_token=token).status_code == 200
        assert bench.settings(body).status_code == 204
        bench.effects.pending.append(unkept(bench.effects.only(), NOW))
        assert bench.check(session_token=token).json["reason"] == "session.ending"
        # Done, the session is over: not alive again out of somebody's memory.
        bench.effects.pending.clear()
        bench.ory.kratos.sessions[SESSION].revoked = True
        assert bench.check(session_token=token).json["reason"] == "session.not_active"

    def test_without_the_store_a_check_that_needs_no_effect_passes(
        self, make_bench: BenchMaker
    ) -> None:
        bench = make_bench("revoke:\n  - {name: r, events: [kratos.login], revoke: [tokens]}")
        bench.effects.away = True
        assert bench.check(session_token=at_work(bench)).status_code == 200
        assert "service.store_unavailable" in bench.record()["notes"]

    @pytest.mark.parametrize("before", [NOW, NOW + timedelta(hours=1)])
    def test_tokens_that_are_being_revoked_concern_an_access_token_and_no_session(
        self, make_bench: BenchMaker, before: datetime
    ) -> None:
        bench = make_bench()
        bench.effects.may_end = True
        token = at_work(bench)
        access_token = consented(bench)
        revocation = RevokeTokens(SUBJECT, client_id=None, before=before)
        bench.effects.pending.append(ending(revocation, Kind.REVOKE_TOKENS))
        assert bench.check(session_token=token).status_code == 200
        # Issued at NOW, to the second: one that was issued before the event is refused.
        refused = bench.check(access_token=access_token).status_code == 401
        assert refused is (before > NOW)

    def test_the_client_that_a_token_is_judged_for_begins_a_chain_of_its_own(
        self, make_bench: BenchMaker
    ) -> None:
        """What is being revoked are the tokens from before."""
        bench = make_bench()
        bench.effects.may_end = True
        token = at_work(bench)
        revocation = RevokeTokens(SUBJECT, client_id=None, before=NOW)
        bench.effects.pending.append(ending(revocation, Kind.REVOKE_TOKENS))
        assert bench.check(session_token=token, client_id="web").status_code == 200
        later = replace(revocation, before=NOW + timedelta(hours=1))
        bench.effects.pending[:] = [ending(later, Kind.REVOKE_TOKENS)]
        forget(bench)
        answer = bench.check(session_token=token, client_id="web")
        assert answer.json["reason"] == "session.ending"
