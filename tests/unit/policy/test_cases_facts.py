"""Section 7: what is known of an event that a test of a policy file states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from unit.policy.file_with_a_test import NOW, SIGNED_IN, differences, file_with

from webhook_service.policy.cases import facts_of, read_moment
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.known import FACTORS
from webhook_service.sessions import Factor


def given_facts(facts: str, event: str = "hydra.token", unavailable: str = "") -> Facts:
    _, test = file_with(
        f"event: {event}\n    facts: {{{facts}}}\n    unavailable: [{unavailable}]\n"
        "    expect: {verdict: allow}"
    )
    return facts_of(test)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("now-15m", NOW - timedelta(minutes=15)),
        ("now+2d", NOW + timedelta(days=2)),
        ("now+0s", NOW),
        ("2026-12-01T00:00:00+01:00", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        ("now-15", None),
        ("now15m", None),
        ("tomorrow", None),
    ],
)
def test_times_are_relative_or_absolute(text: str, moment: datetime | None) -> None:
    assert read_moment(text, NOW) == moment


def test_a_time_beyond_the_calendar_is_its_end() -> None:
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    assert read_moment("now+1d", last) == last
    assert read_moment("now-1d", first) == first


def test_factors_give_what_follows_from_them() -> None:
    facts = given_facts(
        "session: {factors: [{method: password, aal: aal1, completed_at: now-2h},"
        " {method: totp, aal: aal2, completed_at: now-1h},"
        " {method: password, aal: aal1, completed_at: null}]}"
    )
    one, two = NOW - timedelta(hours=1), NOW - timedelta(hours=2)
    assert facts.values[FACTORS] == (
        Factor("password", "aal1", two),
        Factor("totp", "aal2", one),
        Factor("password", "aal1", None),
    )
    assert facts.value("session.aal") == "aal2"
    assert facts.value("session.methods") == ("password", "totp", "password")
    assert facts.value("session.authenticated_at") == one
    assert facts.value("session.issued_at") == two
    assert facts.value("session.second_factor_at") == one


def test_what_is_stated_beats_what_follows_from_factors() -> None:
    facts = given_facts(
        "session: {aal: aal1, issued_at: now-9h,"
        " factors: [{method: totp, aal: aal2, completed_at: now}]}"
    )
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.issued_at") == NOW - timedelta(hours=9)
    assert facts.value("session.authenticated_at") == NOW


def test_a_level_is_never_higher_than_the_factors_prove() -> None:
    facts = given_facts(
        "session: {factors: [{method: code, aal: aal1, completed_at: now},"
        " {method: code, aal: aal2, completed_at: now}]}"
    )
    assert facts.value("session.aal") == "aal1"


def test_no_factor_gives_no_time() -> None:
    facts = given_facts("session: {factors: []}")
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.authenticated_at") is None


def test_a_stated_session_or_identity_is_there_and_active() -> None:
    facts = given_facts("session: {}, identity: {}")
    assert facts.value("session.found") is True
    assert facts.value("session.active") is True
    assert facts.value("identity.found") is True
    assert facts.value("identity.state") == "active"
    assert facts.value("identity.second_factors") == ()


def test_a_session_stated_as_not_found_is_not_active() -> None:
    assert given_facts("session: {found: false}").value("session.active") is False


def test_what_is_not_stated_is_absent() -> None:
    facts = given_facts("session: {factors: null}")
    assert facts.value("session.expires_at") is None
    assert facts.value("session.aal") is None
    assert facts.value("identity.found") is None
    assert facts.value("client.name") is None


def test_what_is_unavailable_is_unknown_though_stated() -> None:
    facts = given_facts(
        f"{SIGNED_IN}, identity: {{traits: {{a: 1}}}}", unavailable="kratos.session, hydra.client"
    )
    assert facts.value("session.found") is UNKNOWN
    assert facts.value("session.aal") is UNKNOWN
    assert FACTORS not in facts.values
    assert facts.value("client.name") is UNKNOWN
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.failed.keys() == {Source.KRATOS_SESSION, Source.HYDRA_CLIENT}
    assert facts.answered == {Source.KRATOS_IDENTITY, Source.HYDRA_LOGIN_REQUEST}


def test_a_session_brings_its_identity_where_that_source_is_down() -> None:
    stated = f"{SIGNED_IN}, identity: {{traits: {{a: 1}}, metadata_admin: {{b: 2}}}}"
    facts = given_facts(stated, unavailable="kratos.identity")
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.value("identity.created_at") is None
    assert facts.value("identity.metadata_admin") is UNKNOWN
    assert facts.value("identity.second_factors") is UNKNOWN


def test_without_a_session_the_identity_is_unknown_too() -> None:
    stated = "session: {found: false}, identity: {traits: {a: 1}}"
    assert given_facts(stated, unavailable="kratos.identity").value("identity.traits") is UNKNOWN


def test_at_a_login_the_payload_is_known_whatever_is_down() -> None:
    facts = given_facts(
        f"{SIGNED_IN}, identity: {{traits: {{a: 1}}}}",
        "kratos.login",
        "kratos.session, kratos.identity, hydra.login_request",
    )
    assert facts.event is EventName.KRATOS_LOGIN
    assert facts.value("session.aal") == "aal1"
    assert facts.value("identity.traits") == {"a": 1}
    assert facts.value("client.id") is UNKNOWN


def test_stated_facts_override_the_payloads() -> None:
    payload = {
        "client.id": "other",
        "session.found": True,
        "session.active": False,
        "session.aal": "aal2",
        "session.expires_at": NOW,
    }
    _, test = file_with(
        f"event: kratos.login\n    facts: {{client: {{id: web}}, {SIGNED_IN}}}\n"
        "    expect: {verdict: allow}"
    )
    facts = facts_of(test, payload)
    assert facts.value("client.id") == "web"
    assert facts.value("session.aal") == "aal1"
    assert facts.value("session.active") is False
    assert facts.value("session.expires_at") == NOW


def test_the_payload_alone_is_decided_on() -> None:
    assert differences("", "verdict: deny", payload={"client.id": "blocked"}) == []
