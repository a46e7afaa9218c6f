"""What a decision record still tells (settled question 3)."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from unit.policy.knowable import known
from unit.workbench import BenchMaker, Recorded

from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import (
    FACTS,
    GRANTS_WITHOUT_USER,
    SESSION_BRINGS,
    EventName,
    Facts,
    Source,
    source_of,
)
from webhook_service.policy.known import FACTORS
from webhook_service.policy.recorded import (
    KEPT,
    NotARecordError,
    facts_for_record,
    facts_of_record,
    moment_of_record,
)
from webhook_service.sessions import Identity

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


def earlier(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as versions wrote it that did not keep facts yet."""
    return {name: value for name, value in record.items() if name not in {"facts", "answered"}}


# What is kept


def recorded_as(facts: Facts) -> dict[str, Any]:
    """Return the record of the facts, as it is read out of a log."""
    found = facts.values.get("identity.found")
    record = {
        "event": facts.event,
        "subject": facts.values.get("identity.id") if found else None,
        "session": facts.values.get("session.id"),
        "client": None,
        "unknown": facts.failed,
        "facts": facts_for_record(facts),
        "answered": sorted(facts.answered),
    }
    decoded: dict[str, Any] = json.loads(json.dumps(record))
    return decoded


def plain(value: Value) -> Value:
    return tuple(value) if isinstance(value, list) else value


@given(known())
def test_what_is_written_is_read_again(facts: Facts) -> None:
    [restored] = facts_of_record(recorded_as(facts))
    for name in KEPT:
        if facts.event in FACTS[name].source:
            assert plain(restored.value(name)) == plain(facts.value(name)), name
    assert restored.values.get(FACTORS, ()) == facts.values.get(FACTORS, ())
    assert (restored.answered, restored.failed) == (facts.answered, facts.failed)


@given(known())
def test_what_is_not_kept_is_unknown_or_right(facts: Facts) -> None:
    """No guess: of whoever is not there everything is absent, of others it is unknown."""
    [restored] = facts_of_record(recorded_as(facts))
    for name in FACTS.keys() - {"now", "event.name", *KEPT}:
        value = restored.value(name) if facts.event in FACTS[name].source else UNKNOWN
        if value is not UNKNOWN:
            assert value == facts.value(name), name


def test_the_identity_that_a_session_brought_is_known(refresh: dict[str, Any]) -> None:
    """F100: it was read without a call of its own."""
    kept = {"session.found": True, "identity.found": True, "identity.state": "active"}
    [facts] = facts_of_record({**refresh, "facts": kept, "answered": ["kratos.session"]})
    assert facts.value("identity.created_at") is None
    assert facts.value("identity.id") == refresh["subject"]
    assert {name for name in SESSION_BRINGS if facts.value(name) is UNKNOWN} == {
        "identity.traits",
        "identity.metadata_public",
        "identity.organization_id",
        "identity.verified_addresses",
        "identity.email_verified",
    }
    assert facts.is_pending(Source.KRATOS_IDENTITY)


def test_who_is_not_there_has_nothing_that_could_be_unknown(refresh: dict[str, Any]) -> None:
    record = {**refresh, "facts": {"session.found": False}, "answered": list(Source)}
    [facts] = facts_of_record(record)
    assert facts.value("session.id") is None
    assert facts.value("identity.traits") is None
    assert facts.value("client.metadata") is UNKNOWN


def test_a_login_without_oauth_has_no_client() -> None:
    record = {"event": "kratos.login", "client": None, "facts": {"flow.oauth2": False}}
    [facts] = facts_of_record({**record, "answered": ["hydra.login_request"]})
    assert facts.value("client.id") is facts.value("client.metadata") is None


def test_a_client_that_was_read_is_known_by_its_id() -> None:
    record = {"event": "kratos.login", "client": "web", "facts": {"flow.oauth2": True}}
    [facts] = facts_of_record({**record, "answered": ["hydra.login_request"]})
    assert facts.value("client.id") == "web"
    assert facts.value("client.metadata") is UNKNOWN


def test_a_grant_that_is_kept_leaves_nothing_open(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """P19."""
    bench = make_bench(MFA)
    bench.token(recorded.body("hydra.token.client_credentials"))
    [facts] = facts_of_record(bench.record())
    assert facts.value("token.grant") == "client_credentials"


@pytest.mark.parametrize(
    "wrong",
    [
        {"session.active": "yes"},
        {"session.aal": 2},
        {"session.methods": "totp"},
        {"session.methods": [1]},
        {"session.expires_at": "tomorrow"},
        {"session.expires_at": "2026-11-25T12:00:00"},
        {"session.expires_at": 1},
        {FACTORS: 1},
        {FACTORS: ["abc"]},
        {FACTORS: [["totp", "aal2"]]},
        {FACTORS: [["totp", 2, None]]},
        {FACTORS: [["totp", "aal2", 7]]},
    ],
    ids=str,
)
def test_facts_that_nobody_wrote_like_that_make_no_record(
    refresh: dict[str, Any], wrong: dict[str, Any]
) -> None:
    record = {**refresh, "facts": {"session.found": True, **wrong}}
    with pytest.raises(NotARecordError, match="facts that cannot be read"):
        facts_of_record(record)


@pytest.mark.parametrize("answered", [["nobody"], 7, "kratos.session", [[]]])
def test_a_source_that_there_is_not_makes_no_record(
    refresh: dict[str, Any], answered: object
) -> None:
    with pytest.raises(NotARecordError, match="facts that cannot be read"):
        facts_of_record({**refresh, "answered": answered})


def test_everything_that_is_not_kept_is_a_decision_of_ours() -> None:
    """P34: a fact that is new here must be put on one of the two sides."""
    identity = {f"identity.{one.name}" for one in fields(Identity)} & FACTS.keys()
    assert identity - {*KEPT} == {
        "identity.id",
        "identity.organization_id",
        "identity.traits",
        "identity.metadata_public",
        "identity.metadata_admin",
        "identity.verified_addresses",
        "identity.email_verified",
    }
    roots = {"client", "request"}
    assert not any(name.partition(".")[0] in roots for name in KEPT)
    assert not {"token.claims", "token.id_claims", "token.subject", "flow.transient"} & {*KEPT}


# Records of versions that kept no facts


def test_identifiers_are_known_and_nothing_else_of_the_payload_is(refresh: dict[str, Any]) -> None:
    [facts] = facts_of_record(earlier(refresh))
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
    [facts] = facts_of_record(earlier(refresh))
    assert facts.value("session.aal") is UNKNOWN
    assert facts.is_pending(Source.KRATOS_SESSION)


def test_a_call_that_failed_then_has_failed(refresh: dict[str, Any]) -> None:
    record = {**refresh, "unknown": {"kratos.session": "upstream.timeout", "no.source": "x"}}
    [facts] = facts_of_record(earlier(record))
    assert facts.failed == {Source.KRATOS_SESSION: "upstream.timeout"}


def test_a_login_tells_of_its_session_and_person(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench()
    bench.login(recorded.body("kratos.login.api.aal2.refresh"))
    record = earlier(bench.record())
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
    both = facts_of_record(earlier(bench.record()))
    assert [facts.value("token.grant") for facts in both] == list(GRANTS_WITHOUT_USER)


# The line


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
