"""A Kratos session and its identity, as every part of the service sees them.

The same JSON reaches us inside hook bodies and as answers of the admin API; the readers
here turn either into frozen values and raise ``marshmallow.ValidationError`` where the
shape is wrong. Their messages name fields and never repeat a value. Pure: no network, no
clock, no framework.

Three things are put right while reading, so that nobody else has to remember them:

- nil UUIDs and times of the year 1 are Kratos' way to say "none yet" (F35, F38);
- an assurance level is never higher than the factors prove;
- the ``issued_at`` of a login hook is not the session's (F97).

All times are aware and in UTC, cut to microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from marshmallow import ValidationError, fields

from webhook_service.wire import Flag, Time, WireSchema

Json: TypeAlias = Any
"""A value that Kratos hands on as it is: traits and metadata have no shape of ours."""

SESSION_CLAIM: Final = "kratos_session_id"
"""The claim in which a consent app names the Kratos session behind its tokens (F28)."""

NIL_UUID: Final = "00000000-0000-0000-0000-000000000000"
AAL1: Final = "aal1"
AAL2: Final = "aal2"

SENT_TO_AN_ADDRESS: Final = frozenset({"code", "code_recovery", "link", "link_recovery"})
"""Methods that prove one thing, the same each time: whoever signs in reads that mailbox."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One completed authentication step of a session.

    ``aal`` is what the step proves, ``aal1`` or ``aal2``. ``completed_at`` is ``None``
    where Kratos did not say.
    """

    method: str
    aal: str
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's account.

    ``second_factors`` are the enrolled ones among totp, lookup_secret and webauthn, and
    ``None`` where the credentials were not read: the identity inside a session has none
    (F100). ``metadata_admin`` is absent there as well.
    """

    id: str | None
    schema_id: str | None = None
    state: str | None = None
    organization_id: str | None = None
    created_at: datetime | None = None
    traits: Json = None
    metadata_public: Json = None
    metadata_admin: Json = None
    verified_addresses: tuple[str, ...] = ()
    email_verified: bool = False
    second_factors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as Kratos tells it (F52), with the three corrections named above.

    ``methods`` are those of the factors, in order, repeats kept. ``second_factor_at`` is
    when the newest aal2 factor was completed, ``None`` where there is none. ``identity``
    is ``None`` where the answer did not hold one. ``claimed_aal`` is the level that Kratos
    itself counts, proven or not: it decides whether Kratos would ask for a second factor (F98).
    """

    id: str | None
    active: bool
    aal: str = AAL1
    factors: tuple[Factor, ...] = ()
    methods: tuple[str, ...] = ()
    authenticated_at: datetime | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    second_factor_at: datetime | None = None
    identity: Identity | None = None
    claimed_aal: str = AAL1


def read_session(data: object) -> Session:
    """Read a session out of an admin API answer or the body of a settings hook.

    Raises:
        marshmallow.ValidationError: it has another shape than a session of Kratos.
    """
    return _session(_SESSION.load(_mapping(data)))


def read_session_of_login(data: object) -> Session:
    """Read the session out of the body of a login hook.

    Kratos writes "now" into ``issued_at`` there, at every step; the oldest factor's
    ``completed_at`` is the stored ``issued_at`` to the millisecond (F97).

    Raises:
        marshmallow.ValidationError: it has another shape than a session of Kratos.
    """
    session = read_session(data)
    completed = [factor.completed_at for factor in session.factors if factor.completed_at]
    return replace(session, issued_at=min(completed)) if completed else session


def read_listed_session(data: object) -> Session:
    """Read one session of a list of them, without its identity.

    The identity inside a list lacks its addresses: read as one, it would say that no
    address is verified.

    Raises:
        marshmallow.ValidationError: it has another shape than a session of Kratos.
    """
    return _session(_LISTED_SESSION.load(_mapping(data)))


def read_identity(data: object) -> Identity:
    """Read an identity out of a hook's body or an admin API answer.

    Raises:
        marshmallow.ValidationError: it has another shape than an identity of Kratos.
    """
    return _identity(_IDENTITY.load(_mapping(data)))


class _FactorSchema(WireSchema):
    method = fields.String(required=True)
    aal = fields.Raw(allow_none=True)
    completed_at = Time(allow_none=True)


class _AddressSchema(WireSchema):
    value = fields.String(required=True)
    via = fields.String(allow_none=True)
    verified = Flag(load_default=False)


class _SecurityKeySchema(WireSchema):
    is_passwordless = Flag(load_default=True)


class _SecurityKeysSchema(WireSchema):
    credentials = fields.List(fields.Nested(_SecurityKeySchema()), allow_none=True)


class _WebauthnSchema(WireSchema):
    config = fields.Nested(_SecurityKeysSchema(), allow_none=True)


class _CredentialsSchema(WireSchema):
    """Only what tells who has which second factor; everything else is never looked at."""

    totp = fields.Raw(allow_none=True)
    lookup_secret = fields.Raw(allow_none=True)
    webauthn = fields.Nested(_WebauthnSchema(), allow_none=True)


class _IdentitySchema(WireSchema):
    id = fields.String(allow_none=True)
    schema_id = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    organization_id = fields.String(allow_none=True)
    created_at = Time(allow_none=True)
    traits = fields.Raw(allow_none=True)
    metadata_public = fields.Raw(allow_none=True)
    metadata_admin = fields.Raw(allow_none=True)
    verifiable_addresses = fields.List(fields.Nested(_AddressSchema()), allow_none=True)
    credentials = fields.Nested(_CredentialsSchema(), allow_none=True)


class _ListedSessionSchema(WireSchema):
    id = fields.String(allow_none=True)
    active = Flag(load_default=False)
    authenticator_assurance_level = fields.Raw(allow_none=True)
    authentication_methods = fields.List(fields.Nested(_FactorSchema()), allow_none=True)
    authenticated_at = Time(allow_none=True)
    issued_at = Time(allow_none=True)
    expires_at = Time(allow_none=True)


class _SessionSchema(_ListedSessionSchema):
    identity = fields.Nested(_IdentitySchema(), allow_none=True)


# Made once: a schema per request costs three times the reading itself.
_IDENTITY = _IdentitySchema()
_SESSION = _SessionSchema()
_LISTED_SESSION = _ListedSessionSchema()


def _mapping(data: object) -> Mapping[str, Any]:
    """Let through an object only: ``load`` would take a list for many of them."""
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    return data


def _session(wire: Mapping[str, Any]) -> Session:
    factors = _proven(wire.get("authentication_methods") or ())
    second = [factor for factor in factors if factor.aal == AAL2]
    claimed_aal = AAL2 if wire.get("authenticator_assurance_level") == AAL2 else AAL1
    is_aal2 = claimed_aal == AAL2 and bool(second)
    identity = wire.get("identity")
    return Session(
        id=_uuid(wire.get("id")),
        active=wire["active"],
        aal=AAL2 if is_aal2 else AAL1,
        factors=factors,
        methods=tuple(factor.method for factor in factors),
        authenticated_at=wire.get("authenticated_at"),
        issued_at=wire.get("issued_at"),
        expires_at=wire.get("expires_at"),
        second_factor_at=max(
            (factor.completed_at for factor in second if factor.completed_at), default=None
        ),
        identity=None if identity is None else _identity(identity),
        claimed_aal=claimed_aal,
    )


def _proven(steps: Sequence[Mapping[str, Any]]) -> tuple[Factor, ...]:
    """Make factors of the steps, at the level they prove.

    A level that is absent or no known word counts as aal1. A code sent to an address is a
    second factor only beside something else: a code after a code, or a code after a
    recovery, shows control of the same mailbox twice.
    """
    codes_only = all(step["method"] in SENT_TO_AN_ADDRESS for step in steps)
    return tuple(
        Factor(
            method=step["method"],
            aal=AAL2 if step.get("aal") == AAL2 and not codes_only else AAL1,
            completed_at=step.get("completed_at"),
        )
        for step in steps
    )


def _identity(wire: Mapping[str, Any]) -> Identity:
    verified = [
        address for address in wire.get("verifiable_addresses") or () if address["verified"]
    ]
    credentials = wire.get("credentials")
    return Identity(
        id=_uuid(wire.get("id")),
        schema_id=wire.get("schema_id"),
        state=wire.get("state"),
        organization_id=_uuid(wire.get("organization_id")),
        created_at=wire.get("created_at"),
        traits=wire.get("traits"),
        metadata_public=wire.get("metadata_public"),
        metadata_admin=wire.get("metadata_admin"),
        verified_addresses=tuple(address["value"] for address in verified),
        email_verified=any(address.get("via") == "email" for address in verified),
        second_factors=None if credentials is None else _second_factors(credentials),
    )


def _second_factors(credentials: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the enrolled second factors (F77).

    Everyone whose schema marks a webauthn identifier has that entry: only a key in it that
    is not for passwordless sign-in is a second factor, and it is shown only to who asked
    with ``include_credential=webauthn``.
    """
    config = (credentials.get("webauthn") or {}).get("config") or {}
    enrolled = [name for name in ("totp", "lookup_secret") if credentials.get(name) is not None]
    if any(not key["is_passwordless"] for key in config.get("credentials") or ()):
        enrolled.append("webauthn")
    return tuple(enrolled)


def _uuid(value: str | None) -> str | None:
    """Read the nil UUID, and an empty text, as none (F35, F38)."""
    return None if not value or value == NIL_UUID else value
