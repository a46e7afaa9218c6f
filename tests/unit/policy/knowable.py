"""What the service can come to know of an event, drawn at random."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import FACTS, HYDRA, KRATOS, EventName, Facts, Source, source_of
from webhook_service.policy.known import (
    NO_IDENTITY,
    NO_SESSION,
    identity_facts,
    payload_identity_facts,
    session_facts,
)
from webhook_service.sessions import Factor, Identity, Session

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
WORDS = st.sampled_from(["password", "totp", "oidc", "code"])
FACTOR = st.builds(Factor, WORDS, st.sampled_from(["aal1", "aal2"]), st.none() | TIMES)
IDENTITY = st.builds(
    Identity,
    id=st.just("aea95835-aeaf-4997-bd01-d04160cc4ddc"),
    schema_id=st.none() | st.just("person"),
    state=st.sampled_from([None, "active", "inactive"]),
    created_at=st.none() | TIMES,
    traits=st.just({"mail": "somebody"}),
    verified_addresses=st.just(("somebody",)),
    email_verified=st.booleans(),
    second_factors=st.none() | st.lists(WORDS).map(tuple),
)
SESSION = st.builds(
    Session,
    id=st.just("a1daf59b-bb36-40b2-9ae7-e3eab04e223d"),
    active=st.booleans(),
    aal=st.sampled_from(["aal1", "aal2"]),
    factors=st.lists(FACTOR, max_size=3).map(tuple),
    methods=st.lists(WORDS, max_size=3).map(tuple),
    authenticated_at=st.none() | TIMES,
    issued_at=st.none() | TIMES,
    expires_at=st.none() | TIMES,
    second_factor_at=st.none() | TIMES,
    identity=st.none(),
)
PAYLOAD = {
    "event.method": WORDS,
    "token.grant": st.sampled_from(["refresh_token", "client_credentials"]),
    "token.scopes": st.lists(WORDS, max_size=2),
    "token.audience": st.lists(WORDS, max_size=2),
    "token.acr": WORDS,
    "token.amr": st.lists(WORDS, max_size=2),
    "token.auth_time": TIMES,
    "flow.type": st.sampled_from(["browser", "api"]),
    "flow.requested_aal": st.sampled_from(["aal1", "aal2"]),
    "flow.refresh": st.booleans(),
    "flow.oauth2": st.booleans(),
}


@st.composite
def known(draw: st.DrawFn) -> Facts:
    """Return what the service can come to know of an event."""
    event = draw(st.sampled_from(EventName))
    values: dict[str, Value] = {
        name: draw(st.none() | strategy)
        for name, strategy in PAYLOAD.items()
        if event in FACTS[name].source and (event in KRATOS or name != "event.method")
    }
    answered, failed = set(), {}
    if values.get("flow.oauth2") is False:
        answered.add(Source.HYDRA_LOGIN_REQUEST)
    session, identity = draw(SESSION), draw(IDENTITY)
    if event in HYDRA:
        values["token.subject"] = identity.id
    if source_of("session.aal", event) is None:
        values |= session_facts(session) if event in FACTS["session.aal"].source else {}
        values |= payload_identity_facts(identity)
    else:
        match draw(st.sampled_from(["found", "not found", "failed", "not asked"])):
            case "found":
                values |= session_facts(session) | payload_identity_facts(identity)
                answered.add(Source.KRATOS_SESSION)
            case "not found":
                values |= NO_SESSION
                answered.add(Source.KRATOS_SESSION)
            case "failed":
                failed[Source.KRATOS_SESSION] = "upstream.timeout"
    match draw(st.sampled_from(["found", "not found", "failed", "not asked"])):
        case "found":
            values |= identity_facts(identity)
            answered.add(Source.KRATOS_IDENTITY)
        case "not found" if not values.get("identity.found"):
            values |= NO_IDENTITY
            answered.add(Source.KRATOS_IDENTITY)
        case "failed":
            failed[Source.KRATOS_IDENTITY] = "upstream.busy"
    return Facts(event, values, frozenset(answered), failed)
