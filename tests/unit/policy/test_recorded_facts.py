"""What a decision record keeps of an event, written out and read again (settled question 3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import FACTS, SESSION_BRINGS, EventName, Facts, Source
from webhook_service.policy.known import FACTORS, identity_facts, session_facts
from webhook_service.policy.recorded import (
    NotARecordError,
    facts_for_record,
    facts_of_record,
    moment_of_record,
)
from webhook_service.sessions import Factor, Identity, Session

SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION_ID = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
PASSWORD_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
TOTP_AT = datetime(2026, 11, 24, 11, tzinfo=UTC)
ENDS = datetime(2026, 11, 25, 9, tzinfo=UTC)
CREATED = datetime(2026, 1, 1, tzinfo=UTC)

IDENTITY = Identity(
    id=SUBJECT,
    schema_id="person",
    state="active",
    created_at=CREATED,
    traits={"mail": "somebody"},
    second_factors=("totp",),
)
SESSION = Session(
    id=SESSION_ID,
    active=True,
    aal="aal2",
    factors=(
        Factor("password", "aal1", PASSWORD_AT),
        Factor("totp", "aal2", TOTP_AT),
        Factor("oidc", "aal1", None),
    ),
    methods=("password", "totp", "oidc"),
    authenticated_at=TOTP_AT,
    issued_at=PASSWORD_AT,
    expires_at=ENDS,
    second_factor_at=TOTP_AT,
)
TOKEN: dict[str, Value] = {
    "token.grant": "refresh_token",
    "token.scopes": ["openid"],
    "token.audience": [],
    "token.acr": None,
    "token.auth_time": PASSWORD_AT,
    "token.subject": SUBJECT,
    "token.claims": {"plan": "free"},
    "client.id": "web",
}
KNOWN = Facts(
    EventName.HYDRA_TOKEN,
    {**TOKEN, **session_facts(SESSION), **identity_facts(IDENTITY)},
    frozenset({Source.KRATOS_SESSION, Source.KRATOS_IDENTITY}),
    {Source.HYDRA_CLIENT: "upstream.timeout"},
)
KEPT = {
    "token.grant": "refresh_token",
    "token.scopes": ["openid"],
    "token.audience": [],
    "token.auth_time": "2026-11-24T09:00:00+00:00",
    "session.found": True,
    "session.active": True,
    "session.aal": "aal2",
    "session.methods": ["password", "totp", "oidc"],
    "session.authenticated_at": "2026-11-24T11:00:00+00:00",
    "session.issued_at": "2026-11-24T09:00:00+00:00",
    "session.expires_at": "2026-11-25T09:00:00+00:00",
    "session.second_factor_at": "2026-11-24T11:00:00+00:00",
    "identity.found": True,
    "identity.state": "active",
    "identity.schema_id": "person",
    "identity.created_at": "2026-01-01T00:00:00+00:00",
    "identity.second_factors": ["totp"],
    "session.factors": [
        ["password", "aal1", "2026-11-24T09:00:00+00:00"],
        ["totp", "aal2", "2026-11-24T11:00:00+00:00"],
        ["oidc", "aal1", None],
    ],
}
RECORD: dict[str, Any] = {
    "event": "hydra.token",
    "subject": SUBJECT,
    "session": SESSION_ID,
    "client": "web",
    "unknown": {"hydra.client": "upstream.timeout"},
    "facts": KEPT,
    "answered": ["kratos.identity", "kratos.session"],
}


def only(record: dict[str, Any]) -> Facts:
    [facts] = facts_of_record(record)
    return facts


def told(facts: Facts, root: str) -> dict[str, Value]:
    """Return what is known under a root, ``UNKNOWN`` where nobody can tell."""
    names = [n for n in FACTS if n.startswith(f"{root}.") and facts.event in FACTS[n].source]
    return {name.removeprefix(f"{root}."): facts.value(name) for name in names}


# Written


def test_a_record_keeps_how_and_when_somebody_signed_in_and_nothing_of_the_person() -> None:
    """P34."""
    assert json.loads(json.dumps(facts_for_record(KNOWN))) == KEPT


def test_a_record_of_nothing_is_empty() -> None:
    unknown = dict.fromkeys(("token.grant", "session.aal"), UNKNOWN)
    assert facts_for_record(Facts(EventName.CHECK, unknown)) == {}
    none = {"session.found": False, "session.aal": None, FACTORS: ()}
    assert facts_for_record(Facts(EventName.CHECK, none)) == {"session.found": False}


# Read


def test_what_is_read_is_what_was_written() -> None:
    facts = only(RECORD)
    assert (facts.event, facts.answered, facts.failed) == (
        EventName.HYDRA_TOKEN,
        KNOWN.answered,
        KNOWN.failed,
    )
    assert facts.values[FACTORS] == SESSION.factors
    assert told(facts, "session") == {
        "found": True,
        "active": True,
        "id": SESSION_ID,
        "aal": "aal2",
        "methods": ("password", "totp", "oidc"),
        "authenticated_at": TOTP_AT,
        "issued_at": PASSWORD_AT,
        "expires_at": ENDS,
        "second_factor_at": TOTP_AT,
    }
    assert told(facts, "token") == {
        "grant": "refresh_token",
        "subject": SUBJECT,
        "acr": None,
        "scopes": ("openid",),
        "audience": (),
        "amr": None,
        "auth_time": PASSWORD_AT,
        "claims": UNKNOWN,
        "id_claims": UNKNOWN,
    }
    assert told(facts, "client") == {
        "id": "web",
        "name": UNKNOWN,
        "owner": UNKNOWN,
        "scopes": UNKNOWN,
        "metadata": UNKNOWN,
    }


def test_of_a_person_the_record_tells_what_it_keeps_and_the_rest_is_unknown() -> None:
    assert told(only(RECORD), "identity") == {
        "found": True,
        "id": SUBJECT,
        "schema_id": "person",
        "state": "active",
        "created_at": CREATED,
        "second_factors": ("totp",),
        "organization_id": UNKNOWN,
        "traits": UNKNOWN,
        "metadata_public": UNKNOWN,
        "metadata_admin": UNKNOWN,
        "verified_addresses": UNKNOWN,
        "email_verified": UNKNOWN,
    }


def test_who_was_looked_for_and_not_found_has_no_facts() -> None:
    kept = {"session.found": False, "identity.found": False}
    facts = only({**RECORD, "subject": None, "session": None, "facts": kept})
    assert told(facts, "session") == {**dict.fromkeys(told(facts, "session")), "found": False}
    assert told(facts, "identity") == {**dict.fromkeys(told(facts, "identity")), "found": False}
    assert FACTORS not in facts.values


def test_a_session_that_was_not_looked_for_is_unknown() -> None:
    kept = {"token.grant": "refresh_token", "identity.found": True, "identity.state": "active"}
    facts = only({**RECORD, "facts": kept, "answered": ["kratos.identity"]})
    assert set(told(facts, "session").values()) == {UNKNOWN}
    assert facts.is_pending(Source.KRATOS_SESSION)
    assert facts.value("identity.id") == SUBJECT


def test_a_person_of_whom_nothing_was_told_is_unknown() -> None:
    kept = {"session.found": False}
    facts = only({**RECORD, "facts": kept, "answered": ["kratos.session"]})
    assert set(told(facts, "identity").values()) == {UNKNOWN}
    assert not facts.values.keys() & SESSION_BRINGS


def test_a_person_without_a_session_is_still_a_person() -> None:
    kept = {"session.found": False, "identity.found": True}
    facts = only({**RECORD, "facts": kept})
    assert facts.value("identity.traits") is UNKNOWN
    assert facts.value("identity.id") == SUBJECT


def test_a_session_whose_person_was_asked_for_in_vain_leaves_the_person_unknown() -> None:
    facts = only({**RECORD, "facts": {"session.found": True}})
    assert facts.value("identity.traits") is UNKNOWN
    assert facts.value("session.id") == SESSION_ID
    assert facts.values[FACTORS] == ()


def test_a_grant_that_is_left_open_is_tried_as_both_with_all_else_the_same() -> None:
    """P19."""
    record = {**RECORD, "notes": ["subject.none"]}
    del record["facts"]
    both = facts_of_record(record)
    assert [facts.values["token.grant"] for facts in both] == [
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ]
    for facts in both:
        assert (facts.event, facts.answered, facts.failed) == (
            EventName.HYDRA_TOKEN,
            frozenset(),
            {Source.HYDRA_CLIENT: "upstream.timeout"},
        )
        assert facts.value("client.id") == "web"


# Identifiers that are hashes


def test_no_rule_that_names_a_person_is_decided_by_a_hash() -> None:
    """``HASH_IDENTIFIERS``: the log must not tell whom a rule is about."""
    kept = {"session.found": True, "identity.found": True}
    told, hashed = only({**RECORD, "facts": kept}), only({**RECORD, "facts": kept, "hashed": True})
    assert (told.value("identity.id"), told.value("session.id")) == (SUBJECT, SESSION_ID)
    assert hashed.value("identity.id") is UNKNOWN
    assert hashed.value("session.id") is UNKNOWN
    assert hashed.value("token.subject") is UNKNOWN
    others = {"identity.id", "session.id", "token.subject"}
    assert {name: value for name, value in hashed.values.items() if name not in others} == {
        name: value for name, value in told.values.items() if name not in others
    }


def test_that_there_is_nobody_is_known_of_hashes_as_well() -> None:
    record = {**RECORD, "subject": None, "session": None, "notes": ["subject.none"]}
    for facts, as_it_is in zip(
        facts_of_record({**record, "hashed": True}), facts_of_record(record), strict=True
    ):
        assert facts.values == as_it_is.values


# What is no record


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({}, "a decision record without its event"),
        ({"event": "serving"}, "a decision record without its event"),
        (
            {**RECORD, "facts": {"session.active": "yes"}},
            "a decision record with facts that cannot be read",
        ),
    ],
    ids=["nothing", "another line", "facts of another kind"],
)
def test_what_is_no_record_is_called_so(record: dict[str, Any], said: str) -> None:
    with pytest.raises(NotARecordError) as caught:
        facts_of_record(record)
    assert str(caught.value) == said


@pytest.mark.parametrize("at", [None, "noon", "2026-11-25T12:00:00", "2026-11-25T12:00:00+01:00"])
def test_a_record_without_its_moment_is_called_so(at: object) -> None:
    with pytest.raises(NotARecordError) as caught:
        moment_of_record({"at": at})
    assert str(caught.value) == "a decision record without its time"
