"""What a decision record still tells (settled question 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from unit.workbench import BenchMaker, Recorded

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import FACTS, EventName, Source, source_of
from webhook_service.policy.recorded import (
    GRANTS_WITHOUT_USER,
    NotARecordError,
    facts_of_record,
    moment_of_record,
)

MFA = """
mfa:
  - name: second factor
    require: {aal: aal2}
"""


@pytest.fixture
def refresh(make_bench: BenchMaker, recorded: Recorded) -> dict[str, Any]:
    bench = make_bench(MFA)
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    return bench.record()


def test_identifiers_are_known_and_nothing_else_of_the_payload_is(refresh: dict[str, Any]) -> None:
    [facts] = facts_of_record(refresh)
    assert facts.event is EventName.HYDRA_TOKEN
    known = {
        name: facts.value(name)
        for name in FACTS
        if facts.event in FACTS[name].source
        and source_of(name, facts.event) is None
        and facts.value(name) is not UNKNOWN
    }
    assert known == {
        "now": None,
        "event.name": None,
        "event.method": None,
        "client.id": "web",
        "token.subject": refresh["subject"],
    }


def test_what_a_call_told_is_unknown(refresh: dict[str, Any]) -> None:
    [facts] = facts_of_record(refresh)
    assert facts.value("session.aal") is UNKNOWN
    assert facts.is_pending(Source.KRATOS_SESSION)


def test_a_call_that_failed_then_has_failed(refresh: dict[str, Any]) -> None:
    record = {**refresh, "unknown": {"kratos.session": "upstream.timeout", "no.source": "x"}}
    [facts] = facts_of_record(record)
    assert facts.failed == {Source.KRATOS_SESSION: "upstream.timeout"}


def test_a_login_tells_of_its_session_and_person(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench()
    bench.login(recorded.body("kratos.login.api.aal2.refresh"))
    record = bench.record()
    [facts] = facts_of_record(record)
    assert facts.value("identity.id") == record["subject"] is not None
    assert facts.value("session.id") == record["session"] is not None
    assert facts.value("session.found") is True
    assert facts.value("identity.found") is True
    assert facts.value("event.method") is UNKNOWN
    assert facts.value("identity.traits") is UNKNOWN
    assert facts.value("client.id") is UNKNOWN


def test_a_client_that_was_asked_for_is_known() -> None:
    [facts] = facts_of_record({"event": "kratos.login", "client": "web", "subject": None})
    assert facts.value("client.id") == "web"
    assert facts.value("identity.found") is UNKNOWN


def test_a_subject_that_is_not_recorded_is_unknown() -> None:
    """F5: only those that are UUIDs are."""
    [facts] = facts_of_record({"event": "hydra.token", "subject": None, "client": "web"})
    assert facts.value("token.subject") is UNKNOWN


def test_a_recovery_tells_of_its_person() -> None:
    [facts] = facts_of_record({"event": "kratos.recovery", "subject": "a", "session": None})
    assert facts.value("identity.id") == "a"


def test_a_check_has_no_method() -> None:
    [facts] = facts_of_record({"event": "check"})
    assert facts.value("event.method") is None
    assert facts.value("request.path") is UNKNOWN


def test_a_token_without_a_user_is_of_one_of_two_grants(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """P19."""
    bench = make_bench(MFA)
    bench.token(recorded.body("hydra.token.client_credentials"))
    both = facts_of_record(bench.record())
    assert [facts.value("token.grant") for facts in both] == list(GRANTS_WITHOUT_USER)


def test_the_time_is_the_records(refresh: dict[str, Any]) -> None:
    assert moment_of_record({"at": "2026-11-25T12:00:00.250Z"}) == datetime(
        2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC
    )
    for at in (None, "noon", 7):
        with pytest.raises(NotARecordError):
            moment_of_record({**refresh, "at": at})


@pytest.mark.parametrize("record", [{}, {"event": None}, {"event": "serving"}])
def test_a_line_without_an_event_is_no_record(record: dict[str, Any]) -> None:
    with pytest.raises(NotARecordError):
        facts_of_record(record)
