"""The one path: what is answered, done and recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from unit.workbench import BenchMaker, Recorded
from unit.world import LIVE, LOGIN, NAMELESS, NOW, SECOND_FACTOR, SLIDING, named, person, session


def test_an_extension_that_fails_blocks_no_token(make_bench: BenchMaker, refresh: Any) -> None:
    """P29; bad-inputs row 54: a 404 is looked at once more, then it is a failure."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject)
    bench.fail("PATCH", 404)
    assert bench.token(refresh).status_code == 204
    record = bench.record()
    assert record["verdict"] == "allow"
    assert record["effects"]["extend_session"]["result"] == "failed"
    assert record["effects"]["extend_session"]["reason"] == "upstream.busy"
    assert "extend.failed" in record["notes"]
    assert [call["call"] for call in record["upstream"]] == [
        "kratos.session",
        "kratos.extend",
        "kratos.session",
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.ConnectionError("refused"), "upstream.unreachable"),
        (requests.ReadTimeout(TimeoutError()), "upstream.timeout"),
    ],
)
def test_when_kratos_is_down_a_rule_that_must_know_answers_503(
    make_bench: BenchMaker, refresh: Any, error: Exception, reason: str
) -> None:
    """F22, F24: Hydra tries again on 503; a 403 would be final."""
    bench = make_bench(SECOND_FACTOR)
    bench.fail("GET", error)
    answer = bench.token(refresh)
    assert answer.status_code == 503
    assert answer.json["reason"] == "policy.unknown"
    assert "Retry-After" not in answer.headers
    assert bench.record()["unknown"]["kratos.session"] == reason


def test_a_login_is_refused_with_words_when_a_fact_is_missing(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("""
    deny:
      - name: banned
        events: [kratos.login]
        when: identity.metadata_admin.banned == true
    """)
    bench.fail("GET", requests.ConnectionError("refused"))
    answer = bench.login(recorded.body(LOGIN))
    assert answer.status_code == 403
    message = answer.json["messages"][0]["messages"][0]
    assert message["context"]["reason"] == "policy.unknown"
    assert "again" in message["text"]


def test_one_service_refuses_the_other_way_round_too(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """The deny section at a login, with its own words."""
    bench = make_bench("""
    deny:
      - name: no interns
        when: identity.traits.department == "engineering"
        events: [kratos.login]
        message: Ask your lead.
    """)
    answer = bench.login(recorded.body(LOGIN))
    assert answer.status_code == 403
    assert answer.json["messages"][0]["messages"][0]["text"] == "Ask your lead."
    assert bench.calls() == []


def test_a_second_factor_is_judged_on_the_live_session_and_heals(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """F60: the token's own amr says totp; the session has a password only."""
    bench = make_bench(SECOND_FACTOR)
    session_id, subject = named(refresh)
    person(bench.ory, subject, second_factors={"totp"})
    session(bench.ory, session_id, subject)
    refused = bench.token(refresh)
    assert refused.status_code == 403
    assert refused.json["reason"] == "mfa.aal_too_low"
    bench.ory.kratos.add_factor(session_id, "totp")
    assert bench.token(refresh).status_code == 204


def test_who_has_no_second_factor_is_to_enrol(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench(SECOND_FACTOR)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject)
    assert bench.token(refresh).json["reason"] == "mfa.not_enrolled"
    assert len(bench.calls()) == 2


def test_a_session_of_somebody_else_is_no_session(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench(LIVE)
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    other = bench.ory.kratos.add_identity()
    session(bench.ory, session_id, other)
    answer = bench.token(refresh)
    assert answer.status_code == 403
    assert answer.json["reason"] == "session.not_active"
    assert "session.not_the_subjects" in bench.record()["notes"]


@pytest.mark.parametrize("gone", ["session", "identity"])
def test_what_kratos_does_not_know_is_not_there(
    make_bench: BenchMaker, refresh: Any, gone: str
) -> None:
    """bad-inputs row 33."""
    bench = make_bench(LIVE + SECOND_FACTOR)
    if gone == "session":
        person(bench.ory, named(refresh)[1])
    answer = bench.token(refresh)
    assert answer.status_code == 403
    assert answer.json["reason"] in {"session.not_active", "mfa.no_session"}


def test_a_token_that_names_no_session_finds_it_by_its_time(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """F30: two devices; the one whose factor was given at auth_time is extended."""
    bench = make_bench(SLIDING)
    body = recorded.body(NAMELESS)
    subject = body["session"]["id_token"]["subject"]
    person(bench.ory, subject)
    at = datetime(2026, 11, 24, 23, 25, 30, 400_000, tzinfo=UTC)
    mine = session(bench.ory, "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c01", subject, began=at)
    other = session(
        bench.ory, "0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c02", subject, began=at + timedelta(minutes=1)
    )
    assert bench.token(body).headers["X-Session-Extended"]
    assert mine.expires_at == NOW + timedelta(hours=24)
    assert other.expires_at == NOW + timedelta(hours=4)
    assert bench.calls()[0] == f"GET /admin/identities/{subject}/sessions?page_size=250"
    assert bench.record()["session"] == mine.id


def test_two_sessions_that_fit_are_unknown_and_never_guessed(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench(LIVE)
    body = recorded.body(NAMELESS)
    subject = body["session"]["id_token"]["subject"]
    person(bench.ory, subject)
    at = datetime(2026, 11, 24, 23, 25, 30, 400_000, tzinfo=UTC)
    for last in "12":
        session(bench.ory, f"0f4b7c55-6a0d-4f6e-9d55-0a4f1f3c6c0{last}", subject, began=at)
    answer = bench.token(body)
    assert answer.status_code == 503
    assert bench.record()["unknown"] == {"kratos.session": "session.ambiguous"}


def test_a_token_whose_user_has_no_session_at_all_has_none(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench(LIVE)
    answer = bench.token(recorded.body(NAMELESS))
    assert answer.status_code == 403
    assert answer.json["reason"] == "session.not_active"


def test_more_sessions_than_a_page_holds_are_unknown(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench(LIVE)
    body = recorded.body(NAMELESS)
    subject = body["session"]["id_token"]["subject"]
    person(bench.ory, subject)
    at = datetime(2026, 11, 24, 23, 25, 30, 400_000, tzinfo=UTC)
    for number in range(250):
        began = at - timedelta(minutes=number)
        session(bench.ory, f"0f4b7c55-6a0d-4f6e-9d55-{number:012x}", subject, began=began)
    assert bench.token(body).status_code == 503


def test_a_challenge_that_hydra_does_not_know_leaves_the_client_unknown(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("""
    deny:
      - name: not this way
        when: client.id == "web"
        events: [kratos.login]
    """)
    answer = bench.login(recorded.body("kratos.login.browser.aal1.oauth2"))
    assert answer.status_code == 403
    assert bench.record()["reason"] == "policy.unknown"


def test_shadow_mode_records_what_it_would_do_and_does_nothing(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """P26."""
    bench = make_bench(SECOND_FACTOR + SLIDING, mode="shadow")
    session_id, subject = named(refresh)
    person(bench.ory, subject, second_factors={"totp"})
    session(bench.ory, session_id, subject)
    assert bench.token(refresh).status_code == 204
    record = bench.record()
    assert record["verdict"] == "allow"
    assert record["shadow"][0]["reason"] == "mfa.aal_too_low"
    assert not any(call.startswith("PATCH") for call in bench.calls())


def test_the_record_has_every_field_and_no_trait(make_bench: BenchMaker, refresh: Any) -> None:
    """P34, and the design's list of what a record holds."""
    bench = make_bench(SLIDING)
    session_id, subject = named(refresh)
    person(bench.ory, subject, traits={"email": "secret@example.org"})
    session(bench.ory, session_id, subject)
    bench.token(refresh)
    record = bench.record()
    assert {
        "at",
        "level",
        "message",
        "event",
        "key",
        "subject",
        "client",
        "session",
        "verdict",
        "reason",
        "rule",
        "rules",
        "matched",
        "effects",
        "upstream",
        "status",
        "policy",
        "ms",
    } <= set(record)
    assert record["event"] == "hydra.token"
    assert record["subject"] == subject
    assert record["session"] == session_id
    assert record["rules"] == [{"rule": "stays signed in", "outcome": "matched"}]
    assert record["ms"] >= sum(call["ms"] for call in record["upstream"])
    log = bench.log.getvalue().decode()
    assert "secret@" not in log
    assert "tenant" not in log


def test_ory_refusing_our_own_call_is_loud(make_bench: BenchMaker, refresh: Any) -> None:
    """bad-inputs row 50."""
    bench = make_bench(SECOND_FACTOR)
    bench.fail("GET", 401)
    assert bench.token(refresh).status_code == 503
    assert any(line["level"] == "error" for line in bench.lines())
    assert bench.record()["unknown"]["kratos.session"] == "upstream.unauthorized"
