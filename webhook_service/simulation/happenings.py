"""From a JSON document to the facts of one event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from webhook_service.hooks.event import Event
from webhook_service.hooks.recordings import (
    NotAHookError,
    moment_of,
    read_recording,
    recording_of,
)
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.strict_json import MalformedError
from webhook_service.hooks.table import Hook
from webhook_service.policy.facts import Facts
from webhook_service.policy.recorded import NotARecordError, facts_of_record, moment_of_record
from webhook_service.simulation.inputs import Item, Unreadable
from webhook_service.simulation.upstream import Told, nothing

DECISION: Final = "decision"


@dataclass(slots=True)
class Happening:
    """One event to decide.

    ``facts`` has one entry, or one for each way in which a record can be read. ``key`` is the
    event's, or the place where it was recorded.
    """

    facts: tuple[Facts, ...] = field(repr=False)
    now: datetime
    key: str
    subject: str | None = None
    client: str | None = None


class SkippedError(Exception):
    """A document that is no event."""


class NotAnEventError(SkippedError):
    """A line that a log has besides its decisions: nothing to mention."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns documents into happenings.

    Attributes:
        hooks: what recorded calls are read through.
        clock: when a call was made that does not say so.
        now: when every event is to happen; ``None``: when it did.
        told: what Kratos and Hydra would tell of a subject and a client, at a time.
    """

    hooks: Iterable[Hook]
    clock: Callable[[], datetime]
    now: datetime | None = None
    told: Told = nothing

    def read(self, item: Item) -> Happening:
        """Return the event of a document.

        Raises:
            SkippedError: it is none.
        """
        if isinstance(item, Unreadable):
            raise SkippedError("not JSON")
        document = item.document
        if not (isinstance(document, dict) and "message" in document):
            return self._of_call(item)
        if document["message"] != DECISION:
            raise NotAnEventError
        return self._of_record(document)

    def _of_record(self, record: Mapping[str, Any]) -> Happening:
        try:
            now = self.now or moment_of_record(record)
            both = facts_of_record(record)
        except NotARecordError as error:
            raise SkippedError(str(error)) from None
        subject, client = record.get("subject"), record.get("client")
        facts = tuple(self.told(facts, subject, client, now) for facts in both)
        return Happening(facts, now, str(record.get("key")), subject, client)

    def _of_call(self, item: Item) -> Happening:
        try:
            recording = recording_of(item.document, item.name)
            event: Event = read_recording(recording, self.hooks)
        except (NotAHookError, MalformedError, ShapeError) as error:
            raise SkippedError(str(error)) from None
        now = self.now or recording.at or moment_of(event) or self.clock()
        payload = Facts(event.name, event.values, event.answered)
        facts = self.told(payload, event.subject, event.client_id, now)
        return Happening((facts,), now, item.place, event.subject, event.client_id)
