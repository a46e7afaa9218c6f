"""The facts that a decision record holds, in both directions (settled question 3).

Records hold identifiers, codes, numbers and the facts in ``KEPT``: no trait, no metadata, no
claim, no header (P34). Everything else is unknown, and so is whatever depends on it. The
records of earlier versions hold identifiers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from webhook_service.policy.conditions.types import (
    BOOL,
    STRING,
    STRINGS,
    TIMESTAMP,
    UNKNOWN,
    Type,
    Value,
)
from webhook_service.policy.decision import Note
from webhook_service.policy.facts import (
    FACTS,
    GRANTS_WITHOUT_USER,
    HYDRA,
    SESSION_BRINGS,
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

_KEPT: Final = frozenset(KEPT)
_KEPT_OF: Final[Mapping[EventName, tuple[str, ...]]] = {
    event: tuple(name for name in KEPT if event in FACTS[name].source) for event in EventName
}
_TIMES: Final = frozenset(name for name in KEPT if FACTS[name].type == TIMESTAMP)
_SESSION: Final = tuple(name for name in FACTS if name.startswith("session."))
_IDENTITY: Final = tuple(name for name in FACTS if name.startswith("identity."))
_CLIENT: Final = tuple(name for name in FACTS if name.startswith("client."))
_IDENTIFIERS: Final = ("identity.id", "session.id", "token.subject")


_SOURCES_OF: Final[Mapping[EventName, tuple[tuple[str, Source | None], ...]]] = {
    event: tuple(
        (name, fact.source[event])
        for name, fact in FACTS.items()
        if event in fact.source and name not in {"now", "event.name"}
    )
    for event in EventName
}
"""Every fact of an event, but for those that need no record, with the call that holds it."""

_UNKNOWN: Final[Mapping[EventName, Mapping[str, Value]]] = {
    event: {name: UNKNOWN for name, source in facts if source is None}
    for event, facts in _SOURCES_OF.items()
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
        event = EventName(str(record.get("event")))
    except ValueError:
        raise NotARecordError("a decision record without its event") from None
    values = dict(_UNKNOWN[event])
    answered = _kept(event, record, values)
    values.update(_of_hydra(record) if event in HYDRA else _of_others(event, record))
    if record.get("hashed"):
        # What stands there is no identifier: a rule that names one cannot be decided by it.
        values.update({name: UNKNOWN for name in _IDENTIFIERS if values.get(name) is not None})
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
        return frozenset()  # of an earlier version
    try:
        answered = frozenset(map(Source, record.get("answered") or ()))
        told = {name: _READERS[name](kept[name]) for name in _KEPT_OF[event] if name in kept}
        factors = tuple(map(_factor, kept.get(FACTORS, ())))
    except (TypeError, ValueError):
        raise NotARecordError("a decision record with facts that cannot be read") from None
    values.update(_untold(event, answered, told))
    values.update(told)
    if told.get("session.found"):
        values[FACTORS] = factors
        values["session.id"] = record.get("session")
    if told.get("identity.found"):
        values["identity.id"] = record.get("subject")
    return answered


def _untold(
    event: EventName, answered: frozenset[Source], told: Mapping[str, Value]
) -> dict[str, Value]:
    """Return the facts that were known then and are not in the record: absent, or not kept."""
    found: dict[str, Value] = {}
    # A session brings its identity, without a call for that (F100).
    brought = SESSION_BRINGS if "identity.found" in told else ()
    for name, source in _SOURCES_OF[event]:
        if source is None or source in answered or name in brought:
            found[name] = None if name in _KEPT else UNKNOWN
    # Where nobody is, there is nothing to keep.
    has_session = bool(told.get("session.found"))
    if Source.KRATOS_SESSION in answered and not has_session:
        found.update(dict.fromkeys(_SESSION))
    if Source.KRATOS_IDENTITY in answered and not (has_session or told.get("identity.found")):
        found.update(dict.fromkeys(_IDENTITY))
    if event is EventName.KRATOS_LOGIN and told.get("flow.oauth2") is False:
        found.update(dict.fromkeys(_CLIENT))
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(_text, value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _time(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _factor(value: object) -> Factor:
    if not isinstance(value, list):
        raise TypeError
    method, aal, completed_at = value
    return Factor(_text(method), _text(aal), None if completed_at is None else _time(completed_at))


_OF_TYPE: Final[Mapping[Type, Callable[[object], Value]]] = {
    BOOL: _flag,
    STRING: _text,
    STRINGS: _texts,
    TIMESTAMP: _time,
}
_READERS: Final = {name: _OF_TYPE[FACTS[name].type] for name in KEPT}


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
