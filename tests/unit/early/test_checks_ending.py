"""Sessions that a check ends, and sessions that are being ended."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from unit.checking import SESSION, SUBJECT, at_work, consented, forget
from unit.workbench import NOW, BenchMaker

from webhook_service.effects.effect import (
    Cause,
    Effect,
    EndSession,
    EndSessions,
    Kind,
    NewEffect,
    RevokeTokens,
    unkept,
)

MINUTE = timedelta(minutes=1)
CAPPED = """
sessions:
  - {name: a day, max_age: 24h}
"""


def ending(args: EndSession | EndSessions | RevokeTokens, kind: Kind) -> Effect:
    new = NewEffect("key", kind, "lane", args, NOW, NOW, NOW + timedelta(days=1))
    return unkept(new, NOW)


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
