"""What follows from a decision beyond the answer: kept before it is given (E1, E7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from webhook_service.effects.effect import Done, Effect, Kind, NewEffect, Result, unkept
from webhook_service.effects.ending import Moment, concerning, ends, refused, revokes
from webhook_service.effects.extend_session import Extension
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.planning import Acted, knows_own_session, needs_extension, plan
from webhook_service.gather import Gatherer, Known
from webhook_service.hooks.event import Event
from webhook_service.hooks.reply import STORE_UNAVAILABLE
from webhook_service.ory.deadline import Deadline
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import CHECK, HYDRA, EventName, Facts, Source
from webhook_service.policy.model import Policy
from webhook_service.policy.recorded import facts_for_record
from webhook_service.tracing import spans

COMMIT_SECONDS: Final = 0.4
"""How long a commit may take; after it nobody knows whether it took place (E1)."""

READ_SECONDS: Final = 0.15
"""How long the question for pending endings may take (E7)."""

ALL_SESSIONS_INSTEAD: Final = "revoke.all_sessions_instead"
"""Which session is the event's own is not known: all of them end (P28)."""

JUDGED: Final = HYDRA | CHECK
"""The events at which something is given that what is being ended must not get."""

ACCEPTED: Final = "accepted"
REPEATED: Final = "repeated"
DONE: Final = "done"
LOST: Final = "lost"


EndingsOf: TypeAlias = Callable[[str, float], tuple[Effect, ...]]
"""Returns what is being ended of a person, within so many seconds."""


class Effects(Protocol):
    """The part of the engine that a hook needs."""

    @property
    def may_end(self) -> bool:
        """Whether anybody's ending is pending."""
        ...

    def accept(self, effects: tuple[NewEffect, ...], seconds: float) -> frozenset[str]:
        """Keep effects within so many seconds; return the keys that were new."""
        ...

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the effects of one event.

    ``results`` says by key whether an effect was accepted, is there already (``repeated``),
    was done on the spot, or is lost. ``refused`` says that the event cannot be answered as
    decided, because something that must follow from it is not kept.
    """

    effects: tuple[NewEffect, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False


NOTHING: Final = Kept()


@dataclass(frozen=True, slots=True)
class Consequences:
    """Knows what follows from decisions, and has it kept.

    Attributes:
        effects: keeps effects, and tells which are pending.
        gatherer: reads the session that a pending ending may concern.
        all_shadow: ``MODE=shadow``: no rule ends anything.
        perform: does an effect at once, where nothing can keep it.
    """

    effects: Effects
    gatherer: Gatherer
    all_shadow: bool
    perform: Callable[[Effect, Deadline], Result]

    def unless_ending(
        self,
        known: Known,
        decision: Decision,
        policy: Policy,
        now: datetime,
        deadline: Deadline,
        endings_of: EndingsOf,
    ) -> Decision:
        """Refuse a token, or a check, of what is being ended; return any other decision (E7)."""
        event = known.event
        if decision.verdict is not Verdict.ALLOW or event.name not in JUDGED:
            return decision
        pending = self._pending(known, policy, deadline, endings_of)
        if _has_token(event) and revokes(pending, event):
            return refused(decision, Reason.SESSION_ENDING)
        concerned = concerning(pending, event)
        if not concerned:
            return decision
        self.gatherer.learn_session(known, deadline)
        if Source.KRATOS_SESSION in known.failed:
            return refused(decision, Reason.POLICY_UNKNOWN)
        at = Moment(policy, now, self.all_shadow)
        if ends(concerned, event.session_id, known.session, at):
            return refused(decision, Reason.SESSION_ENDING)
        return decision

    def _pending(
        self, known: Known, policy: Policy, deadline: Deadline, endings_of: EndingsOf
    ) -> tuple[Effect, ...]:
        """Return what is being ended of the person behind the event: one indexed read.

        None where no rule ends anything and nothing is pending from before.
        """
        subject = known.event.subject
        if subject is None or not (policy.ends or self.effects.may_end):
            return ()
        try:
            return endings_of(subject, min(READ_SECONDS, deadline.remaining()))
        except StoreUnavailableError:
            # An event that needs no effect is answered without the database.
            known.notes.append(STORE_UNAVAILABLE)
            return ()

    def keep(
        self,
        known: Known,
        decision: Decision,
        extension: Extension | None,
        now: datetime,
        deadline: Deadline,
    ) -> Kept:
        """Have everything kept that must follow, before the event is answered (E1)."""
        event = known.event
        if "other_sessions" in decision.revoke and not event.before_storing:
            self.gatherer.learn_own_session(known, deadline)
        acted = Acted(
            event=event,
            decision=decision,
            now=now,
            session_id=known.session.id if known.session else event.session_id,
            authenticated_at=_authenticated_at(known),
            extension=extension,
            record=_record(event, now) if needs_extension(extension) else {},
        )
        effects = plan(acted)
        if not effects:
            return NOTHING
        if "other_sessions" in decision.revoke and not knows_own_session(acted):
            known.notes.append(ALL_SESSIONS_INSTEAD)
        if (context := spans.context()) is not None:
            effects = tuple(replace(one, trace=context) for one in effects)
        # What the read has waited in vain is of the same time: 0.4 s for the store, no more.
        waited = READ_SECONDS if STORE_UNAVAILABLE in known.notes else 0.0
        try:
            with spans.keeping(len(effects)):
                seconds = min(COMMIT_SECONDS - waited, deadline.remaining())
                new = self.effects.accept(effects, seconds)
        except StoreUnavailableError:
            known.notes.append(STORE_UNAVAILABLE)
            return self._without_store(event, effects, now, deadline)
        results = {one.key: ACCEPTED if one.key in new else REPEATED for one in effects}
        return Kept(effects, results)

    def _without_store(
        self, event: Event, effects: tuple[NewEffect, ...], now: datetime, deadline: Deadline
    ) -> Kept:
        """Do what can be done without a database, and say whether the answer can stand.

        A settings change stands, and its person may close the tab (F75): what it ends is
        tried once, on the spot (settled question 14). An extension that is lost never blocks
        a token (P29).
        """
        results = {one.key: LOST for one in effects}
        if event.name is EventName.KRATOS_SETTINGS:
            for one in effects:
                if isinstance(self.perform(unkept(one, now), deadline), Done):
                    results[one.key] = DONE
        needed = (one for one in effects if one.kind is not Kind.EXTEND_SESSION)
        return Kept(effects, results, refused=any(results[one.key] == LOST for one in needed))


def _authenticated_at(known: Known) -> datetime | None:
    if known.session is not None:
        return known.session.authenticated_at
    return known.event.authenticated_at


def _has_token(event: Event) -> bool:
    """Whether a token of Hydra's is at stake: a check may be made with a session alone."""
    return event.name in HYDRA or event.requested_at is not None


def _record(event: Event, now: datetime) -> dict[str, Any]:
    """Return what the payload told, as a record holds it: all else is asked anew later."""
    told = Facts(event.name, event.values, event.answered, {})
    return {
        "at": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "event": event.name.value,
        "subject": event.subject,
        "client": event.client_id,
        "session": event.session_id,
        "facts": facts_for_record(told),
        "answered": sorted(source.value for source in event.answered),
    }
