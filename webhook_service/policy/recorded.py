"""The facts that a decision record holds, in both directions (settled question 3).

Records hold identifiers, codes and numbers: no trait, no metadata, no claim, no header
(P34). Everything else is unknown, and so is whatever depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from webhook_service.policy.conditions.types import TIMESTAMP, UNKNOWN, Value
from webhook_service.policy.decision import Note
from webhook_service.policy.facts import (
    CLIENT_CREDENTIALS,
    FACTS,
    HYDRA,
    JWT_BEARER,
    EventName,
    Facts,
    Source,
)
from webhook_service.policy.known import FACTORS
from webhook_service.sessions import Factor

KEPT: Final = (
    *("event.method", "token.grant", "token.scopes", "token.audience", "token.acr", "token.amr"),
    *("token.auth_time", "flow.type", "flow.requested_aal", "flow.refresh", "flow.oauth2"),
    *("session.found", "session.active", "session.aal", "session.methods"),
    *("session.authenticated_at", "session.issued_at", "session.expires_at"),
    *("session.second_factor_at", "identity.found", "identity.state", "identity.schema_id"),
    *("identity.created_at", "identity.second_factors"),
)
"""The facts that say nothing of a person but how and when somebody signed in."""

_KEPT_OF: Final[Mapping[EventName, tuple[str, ...]]] = {
    event: tuple(name for name in KEPT if event in FACTS[name].source) for event in EventName
}
_TIMES: Final = frozenset(name for name in KEPT if FACTS[name].type == TIMESTAMP)

GRANTS_WITHOUT_USER: Final = (CLIENT_CREDENTIALS, JWT_BEARER)

_UNKNOWN: Final[Mapping[EventName, Mapping[str, Value]]] = {
    event: {
        name: UNKNOWN
        for name, fact in FACTS.items()
        if fact.source.get(event, Source.KRATOS_SESSION) is None
        and name not in {"now", "event.name"}
    }
    for event in EventName
}
"""Every fact of an event's payload, before a record has told any of them."""

_SOURCES: Final = {source.value: source for source in Source}


class NotARecordError(ValueError):
    """A line that is no decision record. Never quotes it."""


def facts_for_record(facts: Facts) -> dict[str, Any]:
    """Return what a record keeps of an event's facts: those with a value.

    A fact that is not among them is absent if its source ``answered``, or is the payload.
    """
    kept: dict[str, Any] = {}
    for name in _KEPT_OF[facts.event]:
        value = facts.values.get(name)
        if value is not None and value is not UNKNOWN:
            kept[name] = value.isoformat() if name in _TIMES else value
    factors = facts.values.get(FACTORS)
    if factors:
        kept[FACTORS] = [
            [one.method, one.aal, one.completed_at and one.completed_at.isoformat()]
            for one in factors
        ]
    return kept


def moment_of_record(record: Mapping[str, Any]) -> datetime:
    """Return when the event happened.

    Raises:
        NotARecordError: the record does not say.
    """
    try:
        moment = datetime.fromisoformat(record["at"])
    except (KeyError, TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is not UTC:
        raise NotARecordError("a decision record without its time")
    return moment


def facts_of_record(record: Mapping[str, Any]) -> tuple[Facts, ...]:
    """Return what a decision record tells of its event: one set of facts for most.

    A token without a user behind it leaves open which of two grants it was (P19); then
    there is a set for each, and what is decided holds if both are decided alike.

    Raises:
        NotARecordError: it names no event.
    """
    try:
        event = EventName(record.get("event", ""))
    except ValueError:
        raise NotARecordError("a decision record without its event") from None
    values = dict(_UNKNOWN[event])
    values.update(_of_hydra(record) if event in HYDRA else _of_others(event, record))
    answered = _kept(event, record, values)
    failed = {_SOURCES[name]: why for name, why in _unknown(record) if name in _SOURCES}
    facts = Facts(event, values, answered, failed)
    no_user = Note.SUBJECT_NONE in (record.get("notes") or ())
    if not no_user or values.get("token.grant") is not UNKNOWN:
        return (facts,)
    return tuple(
        Facts(event, {**values, "token.grant": grant}, answered, failed)
        for grant in GRANTS_WITHOUT_USER
    )


def _kept(
    event: EventName, record: Mapping[str, Any], values: dict[str, Value]
) -> frozenset[Source]:
    """Add the facts that the record keeps, absent ones too; return the sources they settle.

    Raises:
        NotARecordError: they are not written as ``facts_for_record`` writes them.
    """
    kept = record.get("facts")
    if not isinstance(kept, Mapping):
        return frozenset()
    answered = frozenset(
        source for source in Source if source.value in (record.get("answered") or ())
    )
    try:
        for name in _KEPT_OF[event]:
            source = FACTS[name].source[event]
            if name in kept:
                values[name] = _time(kept[name]) if name in _TIMES else kept[name]
            elif source is None or source in answered:
                values[name] = None
        if FACTORS in kept:
            values[FACTORS] = tuple(
                Factor(method, aal, completed_at and _time(completed_at))
                for method, aal, completed_at in kept[FACTORS]
            )
    except (TypeError, ValueError):
        raise NotARecordError("a decision record with facts that cannot be read") from None
    # A source that answered told more than is kept: what is not stays unknown.
    for name, fact in FACTS.items():
        if fact.source.get(event) in answered and name not in KEPT:
            values.setdefault(name, UNKNOWN)
    return answered


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def _of_hydra(record: Mapping[str, Any]) -> dict[str, Value]:
    values: dict[str, Value] = {"event.method": None, "client.id": record.get("client")}
    if record.get("subject") is not None:  # a subject that is no UUID is not recorded (F5)
        values["token.subject"] = record["subject"]
    return values


def _of_others(event: EventName, record: Mapping[str, Any]) -> dict[str, Value]:
    if event is EventName.CHECK:
        return {"event.method": None}
    values: dict[str, Value] = {"identity.id": record.get("subject")}
    if record.get("subject") is not None:
        values["identity.found"] = True
    if event is EventName.KRATOS_LOGIN:
        values["session.id"] = record.get("session")
        values["session.found"] = True
    if record.get("client") is not None:
        values["client.id"] = record["client"]
    return values


def _unknown(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    unknown = record.get("unknown")
    return list(unknown.items()) if isinstance(unknown, Mapping) else []
