"""The facts that a decision record still holds (settled question 3).

Records hold identifiers, codes and numbers: no trait, no metadata, no claim, no header
(P34). Everything else is unknown, and so is whatever depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from webhook_service.policy.conditions.types import UNKNOWN, Value
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
    failed = {_SOURCES[name]: why for name, why in _unknown(record) if name in _SOURCES}
    facts = Facts(event, values, frozenset(), failed)
    if Note.SUBJECT_NONE not in (record.get("notes") or ()):
        return (facts,)
    return tuple(
        Facts(event, {**values, "token.grant": grant}, frozenset(), failed)
        for grant in GRANTS_WITHOUT_USER
    )


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
