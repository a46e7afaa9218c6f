"""The facts a rule may read (section 5), and the facts known of one event.

``FACTS`` is the one table: the loader checks conditions against it, the gatherer reads
from it which call would bring what is missing, and the documentation prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from webhook_service.policy.conditions.types import (
    BOOL,
    FREE,
    STRING,
    STRINGS,
    TIMESTAMP,
    UNKNOWN,
    FactType,
    Type,
    Value,
)


class EventName(StrEnum):
    """Everything that can happen (P7)."""

    HYDRA_TOKEN = "hydra.token"  # noqa: S105  an event's name, no secret
    HYDRA_REFRESH_TOKEN = "hydra.refresh_token"  # noqa: S105  the same
    KRATOS_LOGIN = "kratos.login"
    KRATOS_REGISTRATION = "kratos.registration"
    KRATOS_SETTINGS = "kratos.settings"
    KRATOS_RECOVERY = "kratos.recovery"
    KRATOS_VERIFICATION = "kratos.verification"
    CHECK = "check"


class Source(StrEnum):
    """An upstream call that holds facts (section 5, ``unavailable`` in section 7)."""

    KRATOS_SESSION = "kratos.session"
    KRATOS_IDENTITY = "kratos.identity"
    HYDRA_CLIENT = "hydra.client"
    HYDRA_LOGIN_REQUEST = "hydra.login_request"


FACT_ROOTS: Final = ("event", "session", "identity", "client", "token", "flow", "request", "now")

HYDRA: Final = frozenset({EventName.HYDRA_TOKEN, EventName.HYDRA_REFRESH_TOKEN})
WITH_SESSION: Final = frozenset({EventName.KRATOS_LOGIN, EventName.KRATOS_SETTINGS})
WITHOUT_SESSION: Final = frozenset(
    {EventName.KRATOS_REGISTRATION, EventName.KRATOS_RECOVERY, EventName.KRATOS_VERIFICATION}
)
KRATOS: Final = WITH_SESSION | WITHOUT_SESSION
CHECK: Final = frozenset({EventName.CHECK})

AALS: Final = frozenset({"aal0", "aal1", "aal2"})
METHODS: Final = frozenset(
    "password oidc saml code totp webauthn passkey lookup_secret profile link"
    " link_recovery code_recovery".split()
)
GRANT_PREFIX: Final = "urn:ietf:params:oauth:grant-type:"
CLIENT_CREDENTIALS: Final = "client_credentials"
JWT_BEARER: Final = GRANT_PREFIX + "jwt-bearer"
GRANTS_WITHOUT_USER: Final = (CLIENT_CREDENTIALS, JWT_BEARER)
"""Grants without a person behind them: their subject is no identity (F6, F7, P19)."""

GRANTS: Final = frozenset(
    {
        "authorization_code",
        "refresh_token",
        CLIENT_CREDENTIALS,
        JWT_BEARER,
        GRANT_PREFIX + "device_code",
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its type, and per event where its value comes from.

    ``source[event]`` is ``None`` where the payload holds it; an event that is not a key
    does not have the fact.
    """

    name: str
    type: Type
    source: Mapping[EventName, Source | None]
    words: frozenset[str] | None = None

    @property
    def fact_type(self) -> FactType:
        """What the condition parser needs to know."""
        return FactType(self.type, self.words)


def _where(
    *,
    hydra: Source | bool = False,
    with_session: Source | bool = False,
    without_session: Source | bool = False,
    check: Source | bool = False,
) -> dict[EventName, Source | None]:
    """Spell one row of the table in section 5: ``True`` payload, ``False`` not there."""
    columns = (
        (HYDRA, hydra),
        (WITH_SESSION, with_session),
        (WITHOUT_SESSION, without_session),
        (CHECK, check),
    )
    return {
        event: where if isinstance(where, Source) else None
        for events, where in columns
        if where is not False
        for event in events
    }


def _table() -> dict[str, Fact]:
    everywhere = _where(hydra=True, with_session=True, without_session=True, check=True)
    session = _where(hydra=Source.KRATOS_SESSION, with_session=True, check=Source.KRATOS_SESSION)
    identity = _where(
        hydra=Source.KRATOS_IDENTITY,
        with_session=True,
        without_session=True,
        check=Source.KRATOS_IDENTITY,
    )
    admin_only = dict.fromkeys(EventName, Source.KRATOS_IDENTITY)
    login = EventName.KRATOS_LOGIN
    client = {**_where(hydra=True), login: Source.HYDRA_LOGIN_REQUEST}
    client_more = {
        **_where(hydra=Source.HYDRA_CLIENT),
        login: Source.HYDRA_LOGIN_REQUEST,
    }
    token = _where(hydra=True)
    flow = _where(with_session=True, without_session=True)
    request = _where(with_session=True, without_session=True, check=True)
    check = _where(check=True)
    rows: list[tuple[str, Type, Mapping[EventName, Source | None], frozenset[str] | None]] = [
        ("now", TIMESTAMP, everywhere, None),
        ("event.name", STRING, everywhere, frozenset(EventName)),
        ("event.method", STRING, everywhere, METHODS),
        ("session.found", BOOL, session, None),
        ("session.active", BOOL, session, None),
        ("session.id", STRING, session, None),
        ("session.aal", STRING, session, AALS),
        ("session.methods", STRINGS, session, METHODS),
        ("session.authenticated_at", TIMESTAMP, session, None),
        ("session.issued_at", TIMESTAMP, session, None),
        ("session.expires_at", TIMESTAMP, session, None),
        ("session.second_factor_at", TIMESTAMP, session, None),
        ("identity.found", BOOL, identity, None),
        ("identity.email_verified", BOOL, identity, None),
        ("identity.id", STRING, identity, None),
        ("identity.schema_id", STRING, identity, None),
        ("identity.state", STRING, identity, frozenset({"active", "inactive"})),
        ("identity.organization_id", STRING, identity, None),
        ("identity.created_at", TIMESTAMP, identity, None),
        ("identity.verified_addresses", STRINGS, identity, None),
        ("identity.traits", FREE, identity, None),
        ("identity.metadata_public", FREE, identity, None),
        ("identity.metadata_admin", FREE, admin_only, None),
        ("identity.second_factors", STRINGS, admin_only, METHODS),
        ("client.id", STRING, client, None),
        ("client.name", STRING, client_more, None),
        ("client.owner", STRING, client_more, None),
        ("client.scopes", STRINGS, client_more, None),
        ("client.metadata", FREE, client_more, None),
        ("token.grant", STRING, token, GRANTS),
        ("token.subject", STRING, token, None),
        ("token.acr", STRING, token, None),
        ("token.scopes", STRINGS, token, None),
        ("token.audience", STRINGS, token, None),
        ("token.amr", STRINGS, token, METHODS),
        ("token.auth_time", TIMESTAMP, token, None),
        ("token.claims", FREE, token, None),
        ("token.id_claims", FREE, token, None),
        ("flow.type", STRING, flow, frozenset({"browser", "api"})),
        ("flow.requested_aal", STRING, flow, AALS),
        ("flow.refresh", BOOL, flow, None),
        ("flow.oauth2", BOOL, flow, None),
        ("flow.transient", FREE, flow, None),
        ("request.ip", STRING, request, None),
        ("request.country", STRING, request, None),
        ("request.user_agent", STRING, request, None),
        ("request.headers", FREE, request, None),
        ("request.host", STRING, check, None),
        ("request.path", STRING, check, None),
        ("request.method", STRING, check, None),
    ]
    return {name: Fact(name, kind, source, words) for name, kind, source, words in rows}


FACTS: Final[Mapping[str, Fact]] = _table()

SESSION_BRINGS: Final = frozenset(
    name
    for name in FACTS
    if name.startswith("identity.")
    and name not in {"identity.metadata_admin", "identity.second_factors"}
)
"""The identity facts that a session read with ``expand=identity`` holds (F100)."""


def source_of(name: str, event: EventName) -> Source | None:
    """Return the call that holds the fact at this event; ``None`` where the payload does."""
    return FACTS[name].source.get(event)


_NOT_SAID: Final = object()
"""Stands for a fact of which nothing was said yet; null is an answer (P12)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one event. Implements ``Lookup``.

    Attributes:
        event: what happened.
        values: the facts that have a value, by name; a missing name is absent, or unknown
            while its source has not answered. ``UNKNOWN`` as a value: nobody can tell any
            more (a decision record does not hold it).
        answered: the sources that answered (a 404 is an answer: ``found`` is false).
        failed: the sources that were asked in vain, with the reason code
            (``upstream.timeout`` …). What they hold is unknown (P14).
    """

    event: EventName
    values: Mapping[str, Value]
    answered: frozenset[Source] = frozenset()
    failed: Mapping[Source, str] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """Return the fact's value, ``None`` where it is absent, ``UNKNOWN`` where unasked."""
        known = self.values.get(name, _NOT_SAID)
        if known is not _NOT_SAID:
            return known
        source = FACTS[name].source.get(self.event)
        if source is None or source in self.answered:
            return None
        return UNKNOWN

    def is_pending(self, source: Source) -> bool:
        """Whether asking the source could still bring something."""
        return source not in self.answered and source not in self.failed
