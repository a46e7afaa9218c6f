"""Decides a recorded event, and tells what cannot be decided for want of a fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision, Outcome, Reason, Ruling, Verdict
from webhook_service.policy.facts import EventName, Facts
from webhook_service.policy.gaps import Gap, session_wanting
from webhook_service.policy.hearing import Listener, listeners
from webhook_service.policy.model import DenyRule, MfaRule, Policy, Rule, SessionRule
from webhook_service.policy.situation import Situation, situation
from webhook_service.sessions import AAL2
from webhook_service.simulation.happenings import Happening

GRANT: Final = ("token.grant",)
"""What is lacking where two readings of a record differ."""

_MAY_LACK: Final = frozenset({Outcome.UNKNOWN, Outcome.UNMET})


class Replayed(NamedTuple):
    """What follows from one event.

    Attributes:
        decision: what is decided on the facts that there are. Where ``lacking`` names a rule
            its part in it means nothing.
        lacking: the rules that cannot be decided, with the calls and facts that are missing.
        verdict: the verdict; ``None`` where a rule that cannot be decided could worsen it.
        reason: why it is not allowed.
        rule: the deciding rule.
        missing: what is missing to decide the verdict.
    """

    decision: Decision
    lacking: Mapping[str, tuple[str, ...]]
    verdict: Verdict | None
    reason: Reason | None = None
    rule: str | None = None
    missing: tuple[str, ...] = ()


class _Prepared(NamedTuple):
    """A rule, ready to be asked at one event what it lacks, and the worst it could say."""

    listener: Listener
    gap: Gap | None
    worst: Verdict


@dataclass(frozen=True, slots=True)
class Replay:
    """One policy, ready to decide recorded events."""

    policy: Policy
    _ready: dict[EventName, Mapping[str, _Prepared]] = field(default_factory=dict)

    def decide(self, happening: Happening) -> Replayed:
        """Decide one event; of a record that can be read in two ways, what both come to."""
        facts, *others = happening.facts
        decision = decide(self.policy, facts, happening.now)
        lacking = self._lacking(decision, facts, happening.now)
        for other in others:
            second = decide(self.policy, other, happening.now)
            lacking |= self._lacking(second, other, happening.now)
            lacking |= dict.fromkeys(_differing(decision, second), GRANT)
        if not lacking:
            return Replayed(decision, {}, decision.verdict, decision.reason, decision.rule)
        return self._weighed(decision, lacking)

    def _lacking(
        self, decision: Decision, facts: Facts, now: datetime
    ) -> dict[str, tuple[str, ...]]:
        at = None
        ready = self._at(facts.event)
        found = {}
        for ruling in (*decision.rulings, *decision.shadow):
            if ruling.outcome in _MAY_LACK:
                at = at or situation(facts, now)
                names = _missing(ready[ruling.rule], ruling, at)
                # A call that failed then is a fact of its own: on_error has decided (P17).
                missing = tuple(name for name in dict.fromkeys(names) if name not in facts.failed)
                if missing:
                    found[ruling.rule] = missing
        return found

    def _weighed(self, decision: Decision, lacking: Mapping[str, tuple[str, ...]]) -> Replayed:
        """Find the verdict of the rules that are decided, unless another could worsen it."""
        worst, severity = None, 0
        for ruling in decision.rulings:
            if ruling.rule not in lacking and ruling.verdict.severity > severity:
                worst, severity = ruling, ruling.verdict.severity
        ready = self._at(decision.event)
        missing = [
            name
            for ruling in decision.rulings
            if ruling.rule in lacking and ready[ruling.rule].worst.severity > severity
            for name in lacking[ruling.rule]
        ]
        if missing:
            return Replayed(decision, lacking, None, missing=tuple(dict.fromkeys(missing)))
        if worst is None:
            return Replayed(decision, lacking, Verdict.ALLOW)
        return Replayed(decision, lacking, worst.verdict, worst.reason, worst.rule)

    def _at(self, event: EventName) -> Mapping[str, _Prepared]:
        ready = self._ready.get(event)
        if ready is None:
            ready = {
                each.rule.name: _Prepared(each, _gap(each.rule), _worst(each.rule, event))
                for each in listeners(self.policy, event)
            }
            self._ready[event] = ready
        return ready


def _gap(rule: Rule) -> Gap | None:
    return None if rule.when is None else Gap.of(rule.when.tree)


def _worst(rule: Rule, event: EventName) -> Verdict:
    """Return the worst that the rule could say, whatever the facts (P18, P22, P24)."""
    match rule:
        case DenyRule():
            return Verdict.DENY
        case MfaRule() if event is not EventName.KRATOS_LOGIN:
            return Verdict.ENROL if rule.require.aal == AAL2 else Verdict.STEP_UP
        case SessionRule() if rule.must_be_active or isinstance(rule.max_age, timedelta):
            return Verdict.DENY
    return Verdict.ALLOW


def _missing(rule: _Prepared, ruling: Ruling, at: Situation) -> Iterator[str]:
    """Name what is missing to decide the rule, calls that failed included."""
    when = rule.listener.when.evaluate(at.facts)
    if when is UNKNOWN and rule.gap is not None:
        yield from rule.gap.names(at.facts)
    elif ruling.outcome is Outcome.UNKNOWN:
        yield from session_wanting(rule.listener.rule, at.facts)
    else:  # unmet: whether to step up or to enrol first (P16)
        yield from rule.listener.judge(at, when).wants


def _differing(one: Decision, other: Decision) -> Iterator[str]:
    """Name the rules that two readings of a record decide differently."""
    pairs = ((one.rulings, other.rulings), (one.shadow, other.shadow))
    for ours, theirs in pairs:
        for ruling, second in zip(ours, theirs, strict=True):
            if ruling != second:
                yield ruling.rule
