"""What Kratos tells, as facts (the table of section 5)."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from webhook_service.policy.facts import FACTS
from webhook_service.policy.known import (
    FACTORS,
    identity_facts,
    payload_identity_facts,
    request_facts,
    session_facts,
)
from webhook_service.sessions import Factor, Identity, Session

IDENTITY = Identity(
    id="aea95835-aeaf-4997-bd01-d04160cc4ddc",
    schema_id="person",
    state="active",
    organization_id="0f0e0d0c-0b0a-4090-8080-706050403020",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    traits={"staff": True},
    metadata_public={"level": 1},
    metadata_admin={"level": 2},
    verified_addresses=("somebody@example.org",),
    email_verified=True,
    second_factors=("totp",),
)
ADMIN_ONLY = {"identity.metadata_admin", "identity.second_factors"}
TOTP = Factor("totp", "aal2", datetime(2026, 11, 24, 11, tzinfo=UTC))
SESSION = Session(
    id="a1daf59b-bb36-40b2-9ae7-e3eab04e223d",
    active=True,
    aal="aal2",
    factors=(TOTP,),
    methods=("totp",),
    authenticated_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
    issued_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    expires_at=datetime(2026, 11, 25, 9, tzinfo=UTC),
    second_factor_at=datetime(2026, 11, 24, 11, tzinfo=UTC),
)


def of_identity(identity: Identity) -> dict[str, object]:
    """Return every fact of an identity, each called as the identity calls it."""
    told = {f"identity.{one.name}": getattr(identity, one.name) for one in fields(identity)}
    return {"identity.found": True, **told}


def test_every_identity_fact_is_told_by_the_identity_of_that_name() -> None:
    facts = identity_facts(IDENTITY)
    assert facts == of_identity(IDENTITY)
    assert facts.keys() == {name for name in FACTS if name.startswith("identity.")}


def test_a_hooks_body_tells_what_is_not_for_admins_only() -> None:
    """F100."""
    told = of_identity(IDENTITY)
    assert payload_identity_facts(IDENTITY) == {
        name: value for name, value in told.items() if name not in ADMIN_ONLY
    }


def test_every_session_fact_is_told_by_the_session_of_that_name() -> None:
    facts = session_facts(SESSION)
    apart = {"identity", "claimed_aal"}  # facts of its own, and what Kratos counts unproven
    told = {
        one.name: getattr(SESSION, one.name) for one in fields(SESSION) if one.name not in apart
    }
    assert facts == {"session.found": True, **{f"session.{name}": told[name] for name in told}}
    assert facts.keys() - {FACTORS} == {name for name in FACTS if name.startswith("session.")}


def test_a_session_tells_of_its_identity_too() -> None:
    """F100: read with ``expand=identity``."""
    facts = session_facts(replace(SESSION, identity=IDENTITY))
    assert facts == {**session_facts(SESSION), **payload_identity_facts(IDENTITY)}


HEADERS = {
    "User-Agent": ["Firefox", "another"],
    "True-Client-Ip": "192.0.2.1",
    "cf-IPCountry": ["KP"],
    "X-Empty": [],
    "X-Number": 7,
}


def test_the_headers_that_kratos_hands_over_are_facts() -> None:
    """F105: names in lower case, the first value of each."""
    facts = request_facts(HEADERS, ip_header="True-Client-IP", country_header="CF-IPCountry")
    assert facts == {
        "request.headers": {
            "user-agent": "Firefox",
            "true-client-ip": "192.0.2.1",
            "cf-ipcountry": "KP",
        },
        "request.user_agent": "Firefox",
        "request.ip": "192.0.2.1",
        "request.country": "KP",
    }


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    facts = request_facts({"X-A": "one", "x-a": "two"}, ip_header="X-A", country_header=None)
    assert facts["request.ip"] == "one"


@pytest.mark.parametrize("country_header", [None, "X-Country"])
def test_what_no_header_tells_is_absent(country_header: str | None) -> None:
    facts = request_facts({}, ip_header="True-Client-Ip", country_header=country_header)
    assert facts == {
        "request.headers": {},
        "request.user_agent": None,
        "request.ip": None,
        "request.country": None,
    }
