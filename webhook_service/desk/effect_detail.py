"""Everything about one effect, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webhook_service.desk.effect_words import CAUSES, KINDS, meaning
from webhook_service.desk.effects import event_key_of
from webhook_service.effects.effect import (
    Args,
    Effect,
    EndSession,
    EndSessions,
    ExtendSession,
    RevokeTokens,
    State,
)


class About(StrEnum):
    """What a value names, where a page can show more of that."""

    SUBJECT = "subject"
    CLIENT = "client"
    RULE = "rule"
    KEY = "key"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing about an effect: a word or a time, and what that means."""

    name: str
    value: str | datetime
    means: str = ""
    about: About = About.NOTHING

    @property
    def is_time(self) -> bool:
        """Whether the value is a time."""
        return isinstance(self.value, datetime)


@dataclass(frozen=True, slots=True)
class Detail:
    """One effect in words: what it does, how its tries went, where it comes from."""

    effect: Effect
    does: tuple[Row, ...]
    tries: tuple[Row, ...]
    origin: tuple[Row, ...]


def detail(effect: Effect) -> Detail:
    """Tell everything about an effect but the proof of who holds it."""
    return Detail(
        effect,
        (
            Row("kind", effect.kind, KINDS[effect.kind]),
            Row("subject", effect.args.subject, about=About.SUBJECT),
            *_args(effect.args),
        ),
        tuple(_tries(effect)),
        tuple(_origin(effect)),
    )


def _args(args: Args) -> Iterator[Row]:
    match args:
        case ExtendSession():
            yield from _session(args.session_id)
            yield from _time("signed in at", args.auth_time, "as Hydra was told")
        case EndSession():
            yield from _session(args.session_id)
            yield from _time("signed in at", args.signed_in_at, "finds the session of a login")
            yield Row("cause", args.cause, CAUSES[args.cause])
            yield Row("rule", args.rule, about=About.RULE)
            yield Row("ends at", args.at)
        case EndSessions():
            spared = args.spared_id
            if spared is not None:
                yield Row("spared session", spared, "the one behind the event")
            yield Row("authenticated before", args.before, "what was later stays as well")
            if args.spares_recovery:
                yield Row("also spared", "the session of the recovery")
        case RevokeTokens():
            if args.client_id is not None:
                yield Row("client", args.client_id, about=About.CLIENT)
            else:
                yield Row("client", "every one")
            yield Row("issued before", args.before, "what is newer stays where Hydra can tell")


def _session(session_id: str | None) -> Iterator[Row]:
    yield Row("session", session_id or "not known yet")


def _time(name: str, moment: datetime | None, means: str = "") -> Iterator[Row]:
    if moment is not None:
        yield Row(name, moment, means)


def _tries(effect: Effect) -> Iterator[Row]:
    yield Row("tries that ended", str(effect.attempts))
    if effect.reason is not None:
        ended = effect.state in {State.DONE, State.FAILED}
        name = "how it ended" if ended else "why the last one did not end it"
        yield Row(name, effect.reason, meaning(effect.reason))
    match effect.state:
        case State.RUNNING:
            yield Row("held by", effect.owner or "a worker")
            yield Row("held until", effect.due, "then another worker may take it")
        case State.PENDING:
            yield Row("next try" if effect.attempts else "first try", effect.due)
    if effect.ended is None:
        yield Row("given up after", effect.deadline)
    else:
        yield Row("ended", effect.ended)


def _origin(effect: Effect) -> Iterator[Row]:
    yield Row("accepted", effect.created)
    if isinstance(effect.args, EndSession):
        yield Row("event at", effect.args.event_at)
    yield from _time("counts from", effect.counts_from, "what it ends counts as ended from then on")
    event = event_key_of(effect)
    if event is not None:
        yield Row("event key", event, about=About.KEY)
    if effect.trace_id is not None:
        yield Row("trace", effect.trace_id, "in which it was accepted")
    yield Row("key", effect.key, "an effect of this key is kept once")
    yield Row("lane", effect.lane, "one effect of a lane runs at a time")
