"""Kratos' recovery and verification hooks (F33, F39, F48, F49)."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.hooks.calling import recorded_call
from unit.workbench import VERSIONS, BenchMaker, Recorded

from webhook_service.effects.effect import EndSessions, Kind

RECOVERY, VERIFICATION = "kratos.recovery.api", "kratos.verification.api"
every_version = pytest.mark.parametrize("version", VERSIONS)

FORGOTTEN = """
revoke:
  - name: a recovery ends everything else
    events: [kratos.recovery]
    when: event.method == "code"
    revoke: [other_sessions, tokens]
"""


@pytest.mark.recorded("kratos.recovery", "kratos.verification")
def test_no_recovery_and_no_verification_tells_of_a_session(recorded_path: Path) -> None:
    """Row 32: the session of a recovery is made after it."""
    _, body, event = recorded_call(recorded_path)
    assert event.subject == body["identity"]["id"]
    assert event.session_id is None
    assert not any(name.startswith("session.") for name in event.values)
    assert event.values["event.method"] == body["flow"]["active"] == "code"
    assert not event.before_storing


@every_version
def test_a_recovery_ends_the_persons_other_sessions_and_spares_the_one_it_makes(
    make_bench: BenchMaker, recorded: Recorded, version: str
) -> None:
    """F102, E3."""
    bench = make_bench(FORGOTTEN)
    body = recorded.body(RECOVERY, version)
    assert bench.post("/hooks/kratos/recovery", body).status_code == 204
    sessions, tokens = bench.effects.accepted
    assert (sessions.kind, tokens.kind) == (Kind.END_OTHER_SESSIONS, Kind.REVOKE_TOKENS)
    assert isinstance(sessions.args, EndSessions)
    assert sessions.args.subject == body["identity"]["id"]
    assert sessions.args.spares_recovery


def test_a_recovery_whose_consequences_cannot_be_kept_is_to_be_tried_again(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """E1, F48."""
    bench = make_bench(FORGOTTEN)
    bench.effects.away = True
    answer = bench.post("/hooks/kratos/recovery", recorded.body(RECOVERY))
    assert answer.status_code == 403
    [at] = answer.json["messages"]
    assert at["messages"][0]["context"]["reason"] == "service.store_unavailable"


@every_version
def test_a_verification_is_recorded_and_goes_on(
    make_bench: BenchMaker, recorded: Recorded, version: str
) -> None:
    bench = make_bench("deny:\n  - {name: nobody, when: 'true'}")
    body = recorded.body(VERIFICATION, version)
    assert bench.post("/hooks/kratos/verification", body).status_code == 204
    record = bench.record()
    assert record["event"] == "kratos.verification"
    assert record["subject"] == body["identity"]["id"]
    assert record["facts"]["event.method"] == "code"
    assert (record["verdict"], record["upstream"]) == ("allow", [])


@pytest.mark.parametrize("path", ["/hooks/kratos/recovery", "/hooks/kratos/verification"])
def test_their_method_is_in_the_body_and_not_in_the_url(make_bench: BenchMaker, path: str) -> None:
    """F34."""
    assert make_bench().post(f"{path}/code", {}).status_code == 404
