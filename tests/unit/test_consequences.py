"""What must follow is kept before the answer; what is being ended counts as ended (E1, E7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from unit.workbench import NOW, Bench, BenchMaker, Recorded
from unit.world import NAMELESS, REFRESH, SLIDING, named, person, session

from webhook_service.effects.effect import (
    Args,
    Cause,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    RevokeTokens,
    State,
)

OTHER = "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01"
CAPPED = """
sessions:
  - name: eight hours
    max_age: 8h
"""
NEW_PASSWORD = """
revoke:
  - name: a new password
    events: [kratos.settings]
    when: event.method == "password"
    revoke: [other_sessions, tokens]
"""
SETTINGS = "kratos.settings-password.api"


def pending(args: Args, kind: Kind = Kind.END_SESSION) -> Effect:
    return Effect(
        seq=1,
        key="k",
        kind=kind,
        lane="endings",
        args=args,
        state=State.PENDING,
        due=NOW,
        counts_from=NOW,
        deadline=NOW + timedelta(hours=24),
        attempts=3,
        created=NOW,
    )


def capped(bench: Bench, body: Any, *, age: timedelta) -> tuple[str, str]:
    session_id, subject = named(body)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, began=NOW - age)
    return session_id, subject


def ending(session_id: str | None, subject: str, **more: Any) -> Effect:
    args = EndSession(
        subject, session_id, more.get("signed_in_at"), Cause.MAX_AGE, "eight hours", NOW, NOW
    )
    return pending(args)


class TestKeeping:
    def test_a_cap_is_kept_with_the_token_and_written_once(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(CAPPED)
        session_id, _ = capped(bench, refresh, age=timedelta(hours=2))
        assert bench.token(refresh).status_code == 204
        assert bench.effects.only().due == NOW + timedelta(hours=6)
        assert bench.record()["effects"]["kept"][0]["result"] == "accepted"
        assert bench.token(refresh).status_code == 204
        assert bench.record()["effects"]["kept"][0]["result"] == "repeated"
        assert bench.record()["session"] == session_id

    def test_a_token_whose_cap_cannot_be_kept_is_asked_for_again(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        """E1, row 58: Hydra repeats a 503."""
        bench = make_bench(CAPPED)
        capped(bench, refresh, age=timedelta(hours=2))
        bench.effects.away = True
        answer = bench.token(refresh)
        assert answer.status_code == 503
        assert answer.json["error"]["id"] == "service.store_unavailable"
        assert bench.record()["effects"]["kept"][0]["result"] == "lost"
        assert "service.store_unavailable" in bench.record()["notes"]

    def test_an_event_that_needs_no_effect_is_answered_without_a_database(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(CAPPED)
        bench.effects.away = True
        assert bench.token(recorded.body("hydra.token.client_credentials")).status_code == 204

    def test_a_lost_extension_blocks_no_token(self, make_bench: BenchMaker, refresh: Any) -> None:
        """P29."""
        bench = make_bench(SLIDING.replace("max_age: 90d", "max_age: unlimited"))
        capped(bench, refresh, age=timedelta(hours=2))
        bench.fail("GET", 503)
        bench.effects.away = True
        assert bench.token(refresh).status_code == 204
        assert bench.record()["effects"]["kept"] == [{"kind": "extend_session", "result": "lost"}]

    def test_a_deferred_extension_is_kept_with_what_the_payload_told(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(SLIDING)
        session_id, subject = capped(bench, refresh, age=timedelta(hours=2))
        bench.fail("GET", 503)
        assert bench.token(refresh).status_code == 204
        args = bench.effects.only().args
        assert isinstance(args, ExtendSession)
        assert (args.subject, args.session_id) == (subject, session_id)
        assert args.record["event"] == "hydra.token"
        assert args.record["facts"]["token.grant"] == "refresh_token"
        assert not any(name.startswith("session.") for name in args.record["facts"])

    def test_the_commit_has_its_own_time(self, make_bench: BenchMaker, refresh: Any) -> None:
        bench = make_bench(CAPPED, hook_deadline=timedelta(seconds=2))
        capped(bench, refresh, age=timedelta(hours=2))
        bench.token(refresh)
        assert bench.effects.seconds == [0.15, 0.4]


class TestSettings:
    def test_before_a_change_is_stored_nothing_is_revoked(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        """F103."""
        bench = make_bench(NEW_PASSWORD)
        body = recorded.body(SETTINGS)
        body["flow"]["state"] = "show_form"
        assert bench.settings(body).status_code == 204
        assert bench.effects.accepted == []

    def test_a_session_that_the_body_names_stays(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        body = recorded.body(SETTINGS)
        assert bench.settings(body).status_code == 204
        others, tokens = bench.effects.accepted
        assert isinstance(others.args, EndSessions)
        assert others.args.spared_id == body["session"]["id"]
        assert tokens.kind is Kind.REVOKE_TOKENS
        assert "notes" not in bench.record()

    def test_where_it_is_not_named_the_record_says_that_all_end(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        body = {**recorded.body(SETTINGS), "session": None}
        assert bench.settings(body).status_code == 204
        assert bench.effects.accepted[0].kind is Kind.END_ALL_SESSIONS
        assert "revoke.all_sessions_instead" in bench.record()["notes"]

    def test_without_a_database_the_ending_is_tried_on_the_spot(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        """The tab may be closed, and then Kratos tries no second time (F75)."""
        bench = make_bench(NEW_PASSWORD)
        body = recorded.body(SETTINGS)
        subject = body["identity"]["id"]
        person(bench.ory, subject)
        session(bench.ory, body["session"]["id"], subject)
        other = session(bench.ory, OTHER, subject)
        bench.effects.away = True
        assert bench.settings(body).status_code == 204
        assert other.revoked
        assert not bench.ory.kratos.sessions[body["session"]["id"]].revoked
        assert {one["result"] for one in bench.record()["effects"]["kept"]} == {"done"}

    def test_without_database_and_kratos_the_hook_asks_for_another_try(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        bench.effects.away = True
        bench.fail("GET", 503)
        assert bench.settings(recorded.body(SETTINGS)).status_code == 503


class TestEnding:
    def test_a_session_whose_ending_is_under_way_gets_no_token(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(CAPPED.replace("max_age: 8h", 'when: client.id == "x"\n    max_age: 8h'))
        session_id, subject = capped(bench, refresh, age=timedelta(hours=9))
        assert bench.token(refresh).status_code == 204
        bench.effects.pending.append(ending(session_id, subject))
        answer = bench.token(refresh)
        assert answer.status_code == 403
        assert answer.json["reason"] == "session.ending"
        assert bench.record()["verdict"] == "deny"

    def test_an_ending_that_a_step_up_has_moved_does_not_count(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        """E8."""
        bench = make_bench(CAPPED)
        session_id, subject = capped(bench, refresh, age=timedelta(hours=1))
        bench.effects.pending.append(ending(session_id, subject))
        assert bench.token(refresh).status_code == 204

    def test_the_ending_of_another_session_is_no_matter_and_costs_no_call(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench("deny: []")
        _, subject = capped(bench, refresh, age=timedelta(hours=9))
        bench.effects.may_end = True
        bench.effects.pending.append(ending(OTHER, subject))
        assert bench.token(refresh).status_code == 204
        assert bench.calls() == []

    def test_the_session_of_a_fresh_login_is_known_by_its_factor(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(CAPPED.replace("8h", "9h"))
        session_id, subject = capped(bench, refresh, age=timedelta(hours=8))
        signed_in_at = bench.ory.kratos.sessions[session_id].authenticated_at
        mine = ending(None, subject, signed_in_at=signed_in_at)
        theirs = ending(None, subject, signed_in_at=signed_in_at - timedelta(minutes=1))
        bench.effects.pending.append(theirs)
        assert bench.token(refresh).status_code == 204
        bench.effects.pending.append(mine)
        assert bench.token(refresh).status_code == 204  # one hour is left by now
        bench.clock.advance(hours=1)
        assert bench.token(refresh).json["reason"] == "session.past_max_age"

    @pytest.mark.parametrize(("spared", "status"), [(None, 403), ("own", 204), (OTHER, 403)])
    def test_other_sessions_that_are_being_ended_get_no_token(
        self, make_bench: BenchMaker, refresh: Any, spared: str | None, status: int
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        session_id, subject = capped(bench, refresh, age=timedelta(hours=1))
        kept = session_id if spared == "own" else spared
        bench.effects.pending.append(
            pending(EndSessions(subject, kept, before=NOW), Kind.END_OTHER_SESSIONS)
        )
        assert bench.token(refresh).status_code == status

    def test_a_session_signed_in_since_is_spared(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        _, subject = capped(bench, refresh, age=timedelta(hours=1))
        before = NOW - timedelta(hours=2)
        bench.effects.pending.append(
            pending(EndSessions(subject, None, before), Kind.END_ALL_SESSIONS)
        )
        assert bench.token(refresh).status_code == 204

    def test_a_token_without_any_session_left_is_for_the_rules_to_judge(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        _, subject = named(refresh)
        bench.effects.pending.append(
            pending(EndSessions(subject, None, NOW), Kind.END_ALL_SESSIONS)
        )
        assert bench.token(refresh).status_code == 204

    def test_where_the_session_cannot_be_looked_at_the_token_waits(
        self, make_bench: BenchMaker, recorded: Recorded
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        body = recorded.body(NAMELESS)
        subject = body["session"]["id_token"]["subject"]
        bench.effects.pending.append(ending(OTHER, subject))
        bench.fail("GET", 503)
        answer = bench.token(body)
        assert answer.status_code == 503
        assert answer.json["reason"] == "policy.unknown"

    @pytest.mark.parametrize(
        ("asked", "client", "status"),
        [(-1, None, 403), (0, None, 204), (-1, "web", 403), (-1, "another", 204)],
    )
    def test_a_chain_that_is_being_revoked_gets_no_token(
        self, make_bench: BenchMaker, recorded: Recorded, asked: int, client: str, status: int
    ) -> None:
        """F84: a chain that was asked for after the event stays."""
        bench = make_bench("deny: []")
        body = recorded.body(REFRESH)
        claims = body["session"]["id_token"]["id_token_claims"]
        claims["rat"] = (NOW + timedelta(seconds=asked)).isoformat().replace("+00:00", "Z")
        _, subject = named(body)
        bench.effects.may_end = True
        args = RevokeTokens(subject, client, before=NOW)
        bench.effects.pending.append(pending(args, Kind.REVOKE_TOKENS))
        assert bench.token(body).status_code == status
        assert bench.calls() == []

    def test_nobody_is_asked_where_no_rule_ends_anything(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(SLIDING.replace("max_age: 90d", "max_age: unlimited"))
        capped(bench, refresh, age=timedelta(hours=1))
        bench.token(refresh)
        assert bench.effects.reads == 0

    def test_a_database_that_does_not_answer_refuses_no_token_that_needs_no_effect(
        self, make_bench: BenchMaker, refresh: Any
    ) -> None:
        bench = make_bench(NEW_PASSWORD)
        bench.effects.away = True
        assert bench.token(refresh).status_code == 204
        assert "service.store_unavailable" in bench.record()["notes"]
