"""The one path: what one event makes the service ask of Kratos and Hydra."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from unit.workbench import BenchMaker, Recorded
from unit.world import LIVE, LOGIN, MACHINE, NAMELESS, NOW, SECOND_FACTOR, named, person, session


def test_a_rule_that_does_not_match_asks_nobody(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench(SECOND_FACTOR)
    assert bench.token(recorded.body(NAMELESS)).status_code == 204
    assert bench.calls() == []


def test_a_machine_is_judged_without_a_call(make_bench: BenchMaker, recorded: Recorded) -> None:
    """bad-inputs row 39."""
    bench = make_bench(LIVE + SECOND_FACTOR.replace('client.id == "web"', "true"))
    assert bench.token(recorded.body(MACHINE)).status_code == 204
    assert bench.calls() == []
    assert "subject.none" in bench.record()["notes"]


def test_one_call_brings_session_and_traits(make_bench: BenchMaker, refresh: Any) -> None:
    """F100: a rule for a group reads both from the session."""
    bench = make_bench("""
    sessions:
      - name: staff
        when: identity.traits.staff == true
        max_age: 8h
    """)
    session_id, subject = named(refresh)
    person(bench.ory, subject, traits={"staff": True})
    session(bench.ory, session_id, subject, began=NOW - timedelta(hours=8))
    answer = bench.token(refresh)
    assert answer.json["reason"] == "session.past_max_age"
    assert bench.calls() == [f"GET /admin/sessions/{session_id}?expand=identity"]
    (kept,) = bench.record()["effects"]["kept"]
    assert (kept["cause"], kept["rule"], kept["result"]) == ("past_max_age", "staff", "accepted")


def test_a_rule_on_the_person_alone_asks_for_the_person_alone(
    make_bench: BenchMaker, refresh: Any
) -> None:
    """P27: no rule reads the session, so none is read."""
    bench = make_bench("""
    deny:
      - name: banned
        when: identity.metadata_admin.banned == true
        events: [hydra.token]
    """)
    subject = named(refresh)[1]
    person(bench.ory, subject, metadata_admin={"banned": True})
    assert bench.token(refresh).json["reason"] == "rule.denied"
    assert bench.calls() == [f"GET /admin/identities/{subject}?include_credential=webauthn"]


def test_a_clients_metadata_is_one_call_away(make_bench: BenchMaker, refresh: Any) -> None:
    bench = make_bench("""
    deny:
      - name: retired
        when: client.metadata.retired == true
        events: [hydra.token]
    """)
    bench.ory.hydra.add_client("web", metadata={"retired": True})
    assert bench.token(refresh).json["reason"] == "rule.denied"
    assert bench.calls() == ["GET /admin/clients/web"]


def test_the_client_behind_a_login_is_asked_of_hydra(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """F37; the challenge is a secret and stays out of the log."""
    bench = make_bench("""
    deny:
      - name: not this way
        when: client.id == "web"
        events: [kratos.login]
    """)
    body = recorded.body("kratos.login.browser.aal1.oauth2")
    challenge = body["flow"]["oauth2_login_challenge"]
    bench.ory.hydra.add_client("web")
    bench.ory.hydra.flows.add_login("web", challenge=challenge)
    assert bench.login(body).status_code == 403
    assert bench.record()["client"] == "web"
    assert challenge[:40] not in bench.log.getvalue().decode()


def test_a_login_that_is_no_oauth_has_no_client_and_asks_nobody(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench("""
    deny:
      - name: clients only
        when: client.id == null
        events: [kratos.login]
    """)
    assert bench.login(recorded.body(LOGIN)).status_code == 403
    assert bench.calls() == []
