"""One look at the facts of a check: remembered ones where they may be, else asked for.

A look is taken twice at the most. What would be refused on facts that were remembered is looked
at anew: whoever has just stepped up or signed in must not be sent to do so again, and around.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeVar

from webhook_service.consequences import Effects
from webhook_service.early.proofs import AmbiguousError, Inquiry, Proofs, Proven
from webhook_service.early.remembering import Memory
from webhook_service.effects.effect import Effect, EndSession, NewEffect
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.gather import Gatherer, Known
from webhook_service.hooks.credential import Credential
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.policy.asking import next_source
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import Source

T = TypeVar("T")

_SECRET: Final = secrets.token_bytes(32)
"""Whoever sees the memory of a process must not find tokens in it, or try out guesses."""


class _Learned(NamedTuple):
    """What a source told, or why it did not."""

    values: Mapping[str, Value]
    failed: str | None


def session_key(credential: Credential) -> Hashable:
    """Return the key of what a credential proves: a hash under this process' own secret."""
    what = f"{credential.proof}\0{credential.subject or ''}\0{credential.value}"
    return "session", blake2b(what.encode(), key=_SECRET, digest_size=16).digest()


@dataclass(slots=True)
class Look:
    """One look. It is the caller's own; what it asks for may be shared.

    Attributes:
        memory: what is remembered.
        proofs: knows whom to ask about a credential.
        gatherer: knows whom to ask for a fact.
        effects: tell what is being ended.
        inquiry: what the request asks, by when; shared by its looks.
        begun: when the request came, on the monotonic clock.
        anew: whether what was told before the request came is too old.
        is_remembered: whether anything was told before the request came.
    """

    memory: Memory
    proofs: Proofs
    gatherer: Gatherer
    effects: Effects
    inquiry: Inquiry
    begun: float
    anew: bool = False
    is_remembered: bool = field(default=False, init=False)

    def session(self, credential: Credential) -> Proven:
        """Return what a credential proves.

        Raises:
            OryError: it is not known.
            AmbiguousError: neither, and asking again would not help.
        """

        def find() -> Proven | OryError | AmbiguousError:
            try:
                return self.proofs.find(credential, self.inquiry)
            except (OryError, AmbiguousError) as error:
                return error

        try:
            found = self._told(session_key(credential), find, _is_session)
        except TimeoutError:
            raise _too_late() from None
        match found:
            case Proven():
                return found
            case OryError():
                # Each in its own: an exception that many threads raise collects all their frames.
                raise OryError(found.upstream, found.reason, found.detail)
        raise AmbiguousError(*found.args)

    def ask(self, known: Known, decision: Decision, deadline: Deadline) -> None:
        """Learn from one of the sources that the decision wants."""
        source, event = next_source(decision, known.facts()), known.event
        whose = {Source.KRATOS_IDENTITY: event.subject, Source.HYDRA_CLIENT: event.client_id}
        if whose.get(source) is None:
            self.gatherer.learn(source, known, deadline)
            return

        def learn() -> _Learned:
            asked = Known.of(event)
            self.gatherer.learn(source, asked, deadline)
            self.inquiry.calls.extend(asked.calls)
            new = {name: one for name, one in asked.values.items() if name not in event.values}
            return _Learned(new, asked.failed.get(source))

        try:
            learned = self._told((source, whose[source]), learn, lambda one: one.failed is None)
        except TimeoutError:
            learned = _Learned({}, UpstreamReason.TIMEOUT)
        if learned.failed is None:
            known.learn(source, dict(learned.values))
        else:
            known.failed[source] = learned.failed

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return what is being ended of a person (E7).

        Raises:
            StoreUnavailableError: it is not known.
        """

        def read() -> tuple[Effect, ...] | None:
            try:
                return self.effects.endings_of(subject, seconds)
            except StoreUnavailableError:
                return None

        try:
            endings = self._told(_endings_key(subject), read, lambda one: one is not None)
        except TimeoutError:
            endings = None
        if endings is None:
            raise StoreUnavailableError("not read in time, or not at all")
        return endings

    def _told(self, key: Hashable, ask: Callable[[], T], keep: Callable[[T], bool]) -> T:
        since = self.begun if self.anew else -math.inf
        deadline = self.inquiry.deadline
        told = self.memory.get(key, ask, deadline, since=since, is_worth_keeping=keep)
        self.is_remembered |= told.ended < self.begun
        return told.value


@dataclass(frozen=True, slots=True)
class NoticedEndings:
    """Effects that are kept as ever, and of which the memory of this process hears.

    What is being ended is looked at anew by the next check here; other processes remember it
    for as long as they remember anything.
    """

    effects: Effects
    memory: Memory

    @property
    def may_end(self) -> bool:
        """Whether anybody's ending is pending."""
        return self.effects.may_end

    def accept(self, effects: tuple[NewEffect, ...], seconds: float) -> frozenset[str]:
        """Keep effects within so many seconds; return the keys that were new.

        Raises:
            StoreUnavailableError: they may not be kept.
        """
        try:
            return self.effects.accept(effects, seconds)
        finally:
            for subject in {one.args.subject for one in effects if _counts_already(one)}:
                _forget_person(self.memory, subject)

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done.

        Raises:
            StoreUnavailableError: they are not known.
        """
        return self.effects.endings_of(subject, seconds)


def _forget_person(memory: Memory, subject: str) -> None:
    def concerns(key: Hashable, value: Any) -> bool:  # noqa: ANN401  a memory holds anything
        return key == _endings_key(subject) or (
            isinstance(value, Proven) and value.subject == subject
        )

    memory.forget_all(concerns)


def _endings_key(subject: str) -> Hashable:
    return "endings", subject


def _counts_already(effect: NewEffect) -> bool:
    """Whether something ends now; a cap that falls later is no reason to look anew."""
    if isinstance(effect.args, EndSession) and effect.args.at > effect.args.event_at:
        return False
    return effect.counts_from is not None


def _is_session(found: Proven | OryError | AmbiguousError) -> bool:
    return isinstance(found, Proven) and found.session is not None


def _too_late() -> OryError:
    detail = "another check asked the same, and got no answer in time"
    return OryError("kratos", UpstreamReason.TIMEOUT, detail)
