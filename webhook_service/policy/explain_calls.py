"""Which calls an event costs, and which rules need each (P27).

The sources are asked one after the other, as the service does; what each tells is taken from
what is known already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from webhook_service.policy.asking import next_source
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decide import decide
from webhook_service.policy.facts import SESSION_BRINGS, Facts, Source, source_of
from webhook_service.policy.hearing import Listener, listeners
from webhook_service.policy.known import FACTORS
from webhook_service.policy.model import Policy, Rule
from webhook_service.policy.situation import NO_SOURCES, Situation, situation

NOT_ASKED: Final = "not asked"
"""Why a source tells nothing: nobody could ask it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and the rules that could not be decided without it.

    ``failed`` is why it told nothing, ``None`` where it answered.
    """

    source: Source
    rules: tuple[Rule, ...]
    failed: str | None = None


class _Asked(NamedTuple):
    """A source that was asked: the rules that sought it then, and the facts it told."""

    source: Source
    seekers: frozenset[str]
    told: frozenset[str]


def calls(policy: Policy, known: Facts, now: datetime, free: frozenset[Source]) -> tuple[Call, ...]:
    """Return the calls that the event costs, in their order.

    Args:
        policy: the rule book.
        known: everything that is known, from wherever. A source that neither answered nor
            failed tells nothing when it is asked.
        now: the clock reading of the event.
        free: the sources that need no call, because the payload shows what they hold.
    """
    at_once = {None, *free}
    values = {n: value for n, value in known.values.items() if _source(n, known) in at_once}
    facts = replace(known, values=values, answered=free, failed={})
    asked = []
    while (decision := decide(policy, facts, now)).wants:
        source = next_source(decision, facts)
        # A session may be asked in place of the identity, which it brings along.
        sought = decision.wants & {source} or decision.wants
        seekers = _seekers(sought, policy, facts, now)
        before = facts.values.keys()
        facts = _answered(source, facts, known)
        asked.append(_Asked(source, seekers, frozenset(facts.values.keys() - before)))
    return tuple(_call(each, policy, facts, now) for each in asked)


def _answered(source: Source, facts: Facts, known: Facts) -> Facts:
    """Ask one source: what it tells is among what is known."""
    if source not in known.answered:
        failed = {**facts.failed, source: known.failed.get(source, NOT_ASKED)}
        return replace(facts, failed=failed)
    told = {name: value for name, value in known.values.items() if _tells(source, name, known)}
    return replace(facts, values={**facts.values, **told}, answered=facts.answered | {source})


def _tells(source: Source, name: str, known: Facts) -> bool:
    """Whether a source tells a fact; a session brings most of its identity along (F100)."""
    brings = source is Source.KRATOS_SESSION and known.values.get("session.found") is True
    return _source(name, known) is source or (brings and name in SESSION_BRINGS)


def _source(name: str, known: Facts) -> Source | None:
    return source_of("session.found" if name == FACTORS else name, known.event)


def _call(asked: _Asked, policy: Policy, facts: Facts, now: datetime) -> Call:
    """Find the rules that need a call: those that want it back once its answer is gone."""
    gone = frozenset({asked.source})
    if asked.told & SESSION_BRINGS:
        gone |= {Source.KRATOS_IDENTITY}
    without = replace(
        facts,
        values={name: value for name, value in facts.values.items() if name not in asked.told},
        answered=facts.answered - gone,
        failed={source: why for source, why in facts.failed.items() if source not in gone},
    )
    seekers = asked.seekers | _seekers(gone, policy, without, now)
    rules = (rule for rule in policy.at(facts.event) if rule.name in seekers)
    return Call(asked.source, tuple(rules), facts.failed.get(asked.source))


def _seekers(
    sources: frozenset[Source], policy: Policy, facts: Facts, now: datetime
) -> frozenset[str]:
    """Name the rules that cannot be decided without the sources."""
    at = situation(facts, now)
    return frozenset(
        each.rule.name for each in listeners(policy, facts.event) if _wants(each, at) & sources
    )


def _wants(listener: Listener, at: Situation) -> frozenset[Source]:
    if listener.asks_about_a_user and not at.has_user:
        return NO_SOURCES
    when = listener.when.evaluate(at.facts)
    if when is not True and when is not UNKNOWN:
        return NO_SOURCES
    return listener.judge(at, when).wants | listener.when.missing(at.facts)
