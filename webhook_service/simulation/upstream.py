"""What Kratos and Hydra would tell, out of a file instead of calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from webhook_service.policy.cases import facts_of
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loading.facts_file import GivenFacts, Upstream

Told: TypeAlias = Callable[[Facts, str | None, str | None, datetime], Facts]
"""Adds to the facts of an event what is told of its subject and its client at a time."""

_SOURCES: Final = {
    "session": frozenset({Source.KRATOS_SESSION}),
    "identity": frozenset({Source.KRATOS_IDENTITY}),
    "client": frozenset({Source.HYDRA_CLIENT, Source.HYDRA_LOGIN_REQUEST}),
}
"""The calls that tell each root of facts."""


def nothing(facts: Facts, _subject: str | None, _client: str | None, _now: datetime) -> Facts:
    """Tell nothing: there is no file."""
    return facts


def told_by(upstream: Upstream) -> Told:
    """Return what a file tells. What the event itself tells stands above it."""
    subjects = {name: _Given.of(given) for name, given in upstream.subjects.items()}
    clients = {name: _Given.of(given) for name, given in upstream.clients.items()}

    def tell(facts: Facts, subject: str | None, client: str | None, now: datetime) -> Facts:
        for given in (subjects.get(subject or ""), clients.get(client or "")):
            if given is not None:
                facts = given.added_to(facts, now)
        return facts

    return tell


@dataclass(frozen=True, slots=True)
class _Given:
    """What is told of one subject or client.

    ``read`` keeps the facts as they are read, for files whose times do not depend on when
    the event is.
    """

    facts: GivenFacts
    sources: frozenset[Source]
    moves: bool
    read: dict[EventName, Mapping[str, Value]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: GivenFacts) -> _Given:
        sources: frozenset[Source] = frozenset().union(*map(_SOURCES.__getitem__, given.facts))
        return cls(given, sources, moves='"now' in json.dumps(given.facts))

    def added_to(self, facts: Facts, now: datetime) -> Facts:
        known = {name: value for name, value in facts.values.items() if value is not UNKNOWN}
        return replace(
            facts,
            values={**facts.values, **self._values(facts.event, now), **known},
            answered=facts.answered | self.sources,
            failed={
                source: why for source, why in facts.failed.items() if source not in self.sources
            },
        )

    def _values(self, event: EventName, now: datetime) -> Mapping[str, Value]:
        values = None if self.moves else self.read.get(event)
        if values is None:
            every = facts_of(self.facts.as_test(event, now)).values
            roots = self.facts.facts
            values = {
                name: value for name, value in every.items() if name.partition(".")[0] in roots
            }
            self.read[event] = values
        return values
