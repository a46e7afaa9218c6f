"""Effects as an operator sees them: which there are, how one stands, and what can be done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from webhook_service.desk.times import span
from webhook_service.effects.effect import Effect, Kind, State
from webhook_service.effects.keeping import Counts, Store

AT_ONCE: Final = 100
"""How many effects a page lists."""

_LONGEST: Final = 200
"""Characters of an identity's id that is looked for; Kratos' own have 36."""
_MOST_DIGITS: Final = 18
_REST: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """Which effects are asked for: those that meet everything that is set here.

    ``before`` is a number to go on from; ``wrong`` says by field what could not be read, and
    counts as not asked for.
    """

    state: State | None = None
    kind: Kind | None = None
    subject: str | None = None
    before: int | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_filtered(self) -> bool:
        """Whether not all effects are asked for."""
        return (self.state or self.kind or self.subject) is not None

    def fields(self, **changed: str | None) -> dict[str, str]:
        """Return the query that asks for this, with some fields changed."""
        now = {"state": self.state, "kind": self.kind, "subject": self.subject, **changed}
        return {name: str(value) for name, value in now.items() if value is not None}


def asked(query: Mapping[str, str]) -> Asked:
    """Read what a query asks for."""
    wrong: dict[str, str] = {}
    state, kind = query.get("state") or None, query.get("kind") or None
    if state is not None and state not in set(State):
        wrong["state"] = f"is one of {', '.join(State)}"
        state = None
    if kind is not None and kind not in set(Kind):
        wrong["kind"] = f"is one of {', '.join(Kind)}"
        kind = None
    subject = query.get("subject", "").strip() or None
    if subject is not None and (len(subject) > _LONGEST or not subject.isprintable()):
        wrong["subject"] = f"is printable, and {_LONGEST} characters at the most"
        subject = None
    before = query.get("before") or None
    if before is not None and not (before.isascii() and before.isdigit()):
        before = None
    return Asked(
        None if state is None else State(state),
        None if kind is None else Kind(kind),
        subject,
        None if before is None else int(before[:_MOST_DIGITS]),
        wrong,
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of effects, newest first.

    Attributes:
        effects: those on the page.
        totals: how many there are of each state, whatever was asked for.
        oldest_due: for how long the oldest one that is due has waited.
        older: the number to go on from; ``None`` where there are no older ones.
    """

    effects: tuple[Effect, ...]
    totals: Mapping[State, int]
    oldest_due: timedelta | None
    older: int | None


class Counting:
    """Counts effects for pages that ask again and again, by whoever has one open.

    Among very many that takes its time. What was counted counts on for twenty times as long as
    it took, so that it never takes more than a twentieth of a processor.

    Args:
        monotonic: the clock that it is timed by.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._counted: tuple[float, Counts] | None = None

    def counts(self, store: Store) -> Counts:
        """Return how many there are."""
        begun = self._monotonic()
        if self._counted is not None and begun < self._counted[0]:
            return self._counted[1]
        counts = store.counts()
        ended = self._monotonic()
        self._counted = (ended + _REST * (ended - begun), counts)
        return counts


def listed(store: Store, which: Asked, counting: Counting, limit: int = AT_ONCE) -> Listed:
    """Read a page of effects.

    Raises:
        StoreUnavailableError: the store does not tell.
    """
    found = store.list(
        states=frozenset() if which.state is None else frozenset({which.state}),
        kinds=frozenset() if which.kind is None else frozenset({which.kind}),
        subject=which.subject,
        limit=limit + 1,
        before=which.before,
    )
    counts = counting.counts(store)
    shown = found[:limit]
    return Listed(
        shown,
        totals(counts),
        counts.oldest_due,
        shown[-1].seq if len(found) > limit else None,
    )


def totals(counts: Counts) -> Mapping[State, int]:
    """Return how many effects of any kind stand so, for every state."""
    found = dict.fromkeys(State, 0)
    for (_, state), count in counts.by_state.items():
        found[state] += count
    return found


def when(effect: Effect, now: datetime) -> str:
    """Return the time that counts for an effect that stands so."""
    if effect.ended is not None:
        return f"{span(now - effect.ended)} ago"
    if effect.state is State.RUNNING:
        return f"held for {span(effect.due - now)} at most"
    if effect.due > now:
        return f"due in {span(effect.due - now)}"
    return f"due {span(now - effect.due)} ago"


def rule_of(effect: Effect) -> str | None:
    """Return the rule that an effect follows from, where it keeps its name."""
    return getattr(effect.args, "rule", None)


def event_key_of(effect: Effect) -> str | None:
    """Return the key of the event that asked for an effect.

    ``None`` for the ending of one session: that is the same effect for every event that asks
    for it (E2).
    """
    if effect.kind is Kind.END_SESSION:
        return None
    key, separator, _ = effect.key.partition(f":{effect.kind}:")
    return key if separator else None


class Action(StrEnum):
    """What an operator can do about an effect."""

    RETRY = "retry"
    CANCEL = "cancel"


_POSSIBLE: Final[Mapping[Action, frozenset[State]]] = {
    Action.RETRY: frozenset({State.PENDING, State.FAILED, State.CANCELLED}),
    Action.CANCEL: frozenset({State.PENDING}),
}


def can(action: Action, effect: Effect) -> bool:
    """Whether an effect that stands so can be treated so."""
    return effect.state in _POSSIBLE[action]


def change(store: Store, action: Action, seq: int) -> bool:
    """Do it; return whether it was done.

    Raises:
        StoreUnavailableError: the store does not tell, and may have done it or not.
    """
    return store.retry(seq) if action is Action.RETRY else store.cancel(seq)


def why_not(effect: Effect | None, now: datetime) -> str:
    """Say why an effect was left as it is."""
    if effect is None:
        return "there is no such effect"
    return f"unchanged, for it is {effect.state}: {when(effect, now)}"
