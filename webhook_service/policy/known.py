"""Turns what Kratos and Hydra tell into facts (the table of section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import FACTS, SESSION_BRINGS
from webhook_service.sessions import Identity, Session

FACTORS: Final = "session.factors"
"""Not a fact of the language: the factors themselves, for P15."""

NO_SESSION: Final[Mapping[str, Value]] = {"session.found": False}
NO_IDENTITY: Final[Mapping[str, Value]] = {"identity.found": False}

_IDENTITY_FACTS: Final = tuple(
    (name, name.removeprefix("identity."))
    for name in FACTS
    if name.startswith("identity.") and name != "identity.found"
)
_BROUGHT: Final = tuple(pair for pair in _IDENTITY_FACTS if pair[0] in SESSION_BRINGS)


def session_facts(session: Session) -> dict[str, Value]:
    """Return every ``session.*`` fact, and the identity's where the session holds one."""
    values: dict[str, Value] = {
        "session.found": True,
        "session.active": session.active,
        "session.id": session.id,
        "session.aal": session.aal,
        "session.methods": session.methods,
        "session.authenticated_at": session.authenticated_at,
        "session.issued_at": session.issued_at,
        "session.expires_at": session.expires_at,
        "session.second_factor_at": session.second_factor_at,
        FACTORS: session.factors,
    }
    if session.identity is not None:
        values["identity.found"] = True
        for name, attribute in _BROUGHT:
            values[name] = getattr(session.identity, attribute)
    return values


def identity_facts(identity: Identity) -> dict[str, Value]:
    """Return every ``identity.*`` fact of an identity read with its credentials (F100)."""
    values: dict[str, Value] = {"identity.found": True}
    for name, attribute in _IDENTITY_FACTS:
        values[name] = getattr(identity, attribute)
    return values


def payload_identity_facts(identity: Identity) -> dict[str, Value]:
    """Return the ``identity.*`` facts that a hook's body holds (no admin-only ones)."""
    values: dict[str, Value] = {"identity.found": True}
    for name, attribute in _BROUGHT:
        values[name] = getattr(identity, attribute)
    return values


def request_facts(
    headers: Mapping[str, Any], *, ip_header: str, country_header: str | None
) -> dict[str, Value]:
    """Return the ``request.*`` facts of the headers that Kratos hands over (F105).

    Names are compared in lower case, and the first value of a header counts.
    """
    first: dict[str, str] = {}
    for name, value in headers.items():
        item = value[0] if isinstance(value, list) and value else value
        if isinstance(item, str):
            first.setdefault(name.lower(), item)
    return {
        "request.headers": first,
        "request.user_agent": first.get("user-agent"),
        "request.ip": first.get(ip_header.lower()),
        "request.country": first.get(country_header.lower()) if country_header else None,
    }
