"""What the stand-in of Kratos keeps of people and sessions, and how it spells them."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from webhook_service.ory.fake.answers import Json, rfc3339


@dataclass(slots=True)
class FakeIdentity:
    """A person, as Kratos stores one. ``addresses`` says of each whether it is verified."""

    id: str
    created_at: datetime
    traits: Json
    schema_id: str = "person"
    state: str = "active"
    organization_id: str | None = None
    metadata_public: Json = None
    metadata_admin: Json = None
    addresses: dict[str, bool] = field(default_factory=dict)
    second_factors: set[str] = field(default_factory=set)


@dataclass(slots=True)
class FakeSession:
    """A session, as Kratos stores one. ``factors``: method, level, when completed."""

    id: str
    identity_id: str
    issued_at: datetime
    authenticated_at: datetime
    expires_at: datetime
    factors: list[tuple[str, str, datetime]] = field(default_factory=list)
    revoked: bool = False


def identity_json(identity: FakeIdentity, *, addresses: bool = True) -> dict[str, Json]:
    """Spell an identity; in a list of sessions its addresses are left out."""
    created = rfc3339(identity.created_at)
    value = {
        "id": identity.id,
        "schema_id": identity.schema_id,
        "schema_url": "",
        "state": identity.state,
        "state_changed_at": created,
        "traits": identity.traits,
        "metadata_public": identity.metadata_public,
        "created_at": created,
        "updated_at": created,
        "organization_id": identity.organization_id,
    }
    if addresses:
        value["verifiable_addresses"] = [
            {
                "id": str(uuid.uuid5(uuid.UUID(identity.id), address)),
                "value": address,
                "verified": verified,
                "via": "email",
                "status": "completed" if verified else "pending",
                "created_at": created,
                "updated_at": created,
            }
            for address, verified in identity.addresses.items()
        ]
    return value


def credentials_json(identity: FakeIdentity, included: set[str]) -> dict[str, Json]:
    """List the credentials: an entry for webauthn is there for everyone (F77)."""
    kinds = {"password", "webauthn", *identity.second_factors}
    credentials: dict[str, Json] = {
        kind: {"type": kind, "identifiers": list(identity.addresses), "version": 0}
        for kind in sorted(kinds)
    }
    if "webauthn" in included:
        keys = [{"is_passwordless": False}] if "webauthn" in identity.second_factors else []
        config = {"user_handle": base64.b64encode(identity.id.encode()).decode()}
        credentials["webauthn"]["config"] = {**config, **({"credentials": keys} if keys else {})}
    if "totp" in included and "totp" in credentials:
        # As the real one does (F78), so that whoever asks for it sees why not to.
        credentials["totp"]["config"] = {"totp_url": "otpauth://totp/Example?secret=EXAMPLE"}
    return credentials
