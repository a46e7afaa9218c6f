"""Why a decision is as it is: every rule, what it read, and what that came to (section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decide import decide
from webhook_service.policy.decision import Decision, Note, Outcome, Ruling, Verdict
from webhook_service.policy.explain_calls import Call, calls
from webhook_service.policy.explain_demands import Demand, demands
from webhook_service.policy.explain_operands import (
    Operand,
    operands,
)
from webhook_service.policy.facts import Facts, Source
from webhook_service.policy.finding import Truth
from webhook_service.policy.gaps import Gap, session_wanting, wanting
from webhook_service.policy.hearing import Listener, listeners
from webhook_service.policy.model import ClaimsRule, Policy, Rule, SessionRule
from webhook_service.policy.needs import sources_of
from webhook_service.policy.overview import reads_of
from webhook_service.policy.situation import NO_SOURCES, Situation, situation

OVER_BUDGET: Final = "too many steps"
"""What a condition lacks that reads long lists and ends in the middle of them (P33)."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule.

    ``ruling`` is ``None`` where the rule does not listen to the event. ``unknown`` names
    what was missing to decide it: calls, or facts that nobody tells.
    """

    rule: Rule
    ruling: Ruling | None
    operands: tuple[Operand, ...] = ()
    demands: tuple[Demand, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say in the words of section 8 how the rule came out."""
        if self.ruling is None:
            return "not this event"
        if self.rule.shadow and self.ruling.verdict is not Verdict.ALLOW:
            return f"would: {self.ruling.verdict} {self.ruling.reason}"
        return _words(self.rule, self.ruling, self.unknown)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, with every rule in the order of the file.

    ``missing`` are facts that rules read and that nobody can tell any more (a decision
    record does not hold them), and calls that rules may need and nobody made.
    """

    decision: Decision
    now: datetime
    rules: tuple[Explained, ...]
    calls: tuple[Call, ...]
    missing: tuple[str, ...] = ()

    @property
    def is_provisional(self) -> bool:
        """Whether something that nobody told could still change the decision."""
        missing = set(self.missing)
        return bool(self.decision.wants) or any(missing & {*rule.unknown} for rule in self.rules)

    @property
    def deciding(self) -> Rule | None:
        """The rule that is answered with (P21)."""
        name = self.decision.rule
        return next((each.rule for each in self.rules if each.rule.name == name), None)


def explain(
    policy: Policy, facts: Facts, now: datetime, *, free: frozenset[Source] = NO_SOURCES
) -> Explanation:
    """Explain what follows from the facts.

    Args:
        policy: the rule book.
        facts: everything that is known, whichever call told it. A source that neither
            answered nor failed was not asked: what it holds is unknown.
        now: the clock reading of the event, in UTC.
        free: the sources that need no call, because the payload shows what they hold.
    """
    at = situation(facts, now)
    hearing = {id(each.rule): each for each in listeners(policy, facts.event)}
    in_file_order = sorted(policy.rules, key=lambda rule: rule.line)
    rules = tuple(_explained(rule, hearing.get(id(rule)), at) for rule in in_file_order)
    return Explanation(
        decision=decide(policy, facts, now),
        now=now,
        rules=rules,
        calls=calls(policy, facts, now, free),
        missing=_missing(policy, at.facts, rules),
    )


def _explained(rule: Rule, listener: Listener | None, at: Situation) -> Explained:
    if listener is None:
        return Explained(rule, None)
    if listener.asks_about_a_user and not at.has_user:
        return Explained(rule, listener.usual.no_user.ruling)
    shown = () if rule.when is None else operands(rule.when, at.facts)
    when = listener.when.evaluate(at.facts)
    if when is not True and when is not UNKNOWN:
        return Explained(rule, listener.usual.no_match.ruling, shown)
    finding = listener.judge(at, when)
    asked = demands(rule, finding, at) if when is True else ()
    unknown = _unknown(rule, when, at) if finding.ruling.outcome is Outcome.UNKNOWN else ()
    return Explained(rule, finding.ruling, shown, asked, unknown)


def _unknown(rule: Rule, when: Truth, at: Situation) -> tuple[str, ...]:
    """Name what was missing: to the condition, else to tell whether the session lives."""
    if rule.when is not None and when is UNKNOWN:
        names = Gap.of(rule.when.tree).names(at.facts)
        return tuple(dict.fromkeys(names)) or (OVER_BUDGET,)
    missing = session_wanting(rule, at.facts)
    if not missing and isinstance(rule, SessionRule):
        return (wanting(f"session.{rule.counted_from}", at.facts),)  # it does not tell its age
    return missing


def _words(rule: Rule, ruling: Ruling, unknown: tuple[str, ...]) -> str:
    match ruling.outcome:
        case Outcome.UNKNOWN:
            follows = "claims removed" if isinstance(rule, ClaimsRule) else rule.on_error
            return f"unknown: {', '.join(unknown)} → {follows}"
        case Outcome.PASSED_OVER:
            return f"passed over: {Note.SUBJECT_NONE}"
        case Outcome.UNMET if Note.ENROLMENT_GRACE in ruling.notes:
            return f"unmet: {ruling.reason}, in {Note.ENROLMENT_GRACE}"
        case Outcome.UNMET:
            return f"unmet: {ruling.reason}"
    return ruling.outcome.value


def _missing(policy: Policy, facts: Facts, rules: Iterable[Explained]) -> tuple[str, ...]:
    """Name the facts that rules of the event read, and calls they can cause, that told nothing."""
    named = {name for each in rules for name in each.unknown}
    missing = {name for name in named if facts.values.get(name) is UNKNOWN}
    for rule in policy.at(facts.event):
        read = (path.fact for path in reads_of(rule))
        missing |= {fact for fact in read if facts.values.get(fact) is UNKNOWN}
        missing |= {source for source in sources_of(rule, facts.event) if facts.is_pending(source)}
    return tuple(sorted(missing))
