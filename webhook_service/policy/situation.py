"""What all rules of an event are judged on: the facts, the time, and whether a session lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from webhook_service.policy.conditions.types import UNKNOWN, Unknown
from webhook_service.policy.facts import GRANTS_WITHOUT_USER, Facts, Source

NO_TIME: Final = timedelta(0)
FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)

NO_SOURCES: Final[frozenset[Source]] = frozenset()
_ONLY: Final = {source: frozenset({source}) for source in Source}

_OF_A_USER: Final = frozenset({Source.KRATOS_SESSION, Source.KRATOS_IDENTITY})


class Situation(NamedTuple):
    """One event as the rules see it.

    ``live`` is P24: found, active, and its end not reached; ``UNKNOWN`` while the session
    has not been read. ``has_user`` is false for a token that no person stands behind (P19).
    """

    facts: Facts
    now: datetime
    live: bool | Unknown
    has_user: bool

    def pending(self, source: Source) -> frozenset[Source]:
        """Return the source where asking it could still bring something, else nothing."""
        return _ONLY[source] if self.facts.is_pending(source) else NO_SOURCES


def situation(facts: Facts, now: datetime) -> Situation:
    """Put the clock reading into the facts, and take the person out where there is none.

    A client's own token has no session and no identity: their facts are absent, and nothing
    is asked for them (P19, F6, F7).
    """
    values = {**facts.values, "now": now, "event.name": facts.event}
    answered = facts.answered
    has_user = facts.value("token.grant") not in GRANTS_WITHOUT_USER
    if not has_user:
        values = {k: v for k, v in values.items() if not k.startswith(("session.", "identity."))}
        answered |= _OF_A_USER
    seen = Facts(facts.event, values, answered, facts.failed)
    return Situation(seen, now, _is_live(seen, now), has_user)


def _is_live(facts: Facts, now: datetime) -> bool | Unknown:
    for fact in ("session.found", "session.active"):
        value = facts.value(fact)
        if value is not True:
            return UNKNOWN if value is UNKNOWN else False
    expires_at: object = facts.value("session.expires_at")
    if expires_at is UNKNOWN:
        return UNKNOWN
    return not isinstance(expires_at, datetime) or now < expires_at


def age(moment: datetime, now: datetime) -> timedelta:
    """Return how long ago the moment was; a moment in the future is as old as now (P15)."""
    return max(now - moment, NO_TIME)


def after(moment: datetime, span: timedelta) -> datetime:
    """Return the moment that lies the span later, within the times that there are."""
    try:
        return moment + span
    except OverflowError:
        return LAST_MOMENT if span > NO_TIME else FIRST_MOMENT
