"""The policy in force, rule by rule: what each listens to, and what it said lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webhook_service.policy.advice import Advice, advice
from webhook_service.policy.decision import Outcome, Verdict
from webhook_service.policy.explain_operands import on_one_line
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import Policy, Rule, Section
from webhook_service.policy.overview import Overview, overview
from webhook_service.records.keeping import Records, Said

LATELY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one rule said, enforced or in the shadow, counted in decisions.

    A rule that did not match says nothing. ``of`` is how many decisions there were at the
    rule's events: in how many of them it could have said something.
    """

    outcomes: Mapping[Outcome, int]
    verdicts: Mapping[Verdict, int]
    of: int = 0

    @property
    def total(self) -> int:
        """In how many decisions the rule had anything to say."""
        return sum(self.outcomes.values())

    @property
    def refused(self) -> int:
        """How many it refused, or asked for a second factor in; in the shadow, would have."""
        return self.total - self.verdicts.get(Verdict.ALLOW, 0)


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """One rule of the policy in force.

    Attributes:
        rule: the rule.
        when: its condition on one line; ``None`` where it always holds.
        calls: which calls it can cost, and at which events; one entry where that is the same at
            all of them.
        is_shadow: whether it decides nothing: by itself, or because nothing does.
        heard: what it said as it stands now.
        before: what it said lately in the other mode, where it said anything: a rule that came
            out of the shadow, or went into it.
    """

    rule: Rule
    when: str | None
    calls: tuple[tuple[str, tuple[EventName, ...]], ...]
    is_shadow: bool
    heard: Heard
    before: Heard

    @property
    def can_refuse(self) -> bool:
        """Whether the rule can refuse anything: revoke and claims rules cannot."""
        return self.rule.section not in {Section.REVOKE, Section.CLAIMS}


@dataclass(frozen=True, slots=True)
class Gone:
    """A rule that records name and the policy in force does not have."""

    section: str
    name: str
    is_shadow: bool
    heard: Heard


@dataclass(frozen=True, slots=True)
class Lately:
    """What was decided lately: how many decisions by event, and what each rule said.

    Those that were left out of the records are counted in both.
    """

    decisions: Mapping[str, int]
    said: tuple[Said, ...]

    @property
    def total(self) -> int:
        """How many decisions there were."""
        return sum(self.decisions.values())


UNTOLD: Final = Lately({}, ())
"""What is known while the database is away."""


@dataclass(frozen=True, slots=True)
class RulesSeen:
    """All of it."""

    policy: Policy
    sections: Mapping[Section, tuple[RuleSeen, ...]]
    gone: tuple[Gone, ...]
    warnings: tuple[Advice, ...]


def lately(records: Records, now: datetime) -> Lately:
    """Read what was decided in the last 24 hours.

    Raises:
        StoreUnavailableError: the store does not tell.
    """
    since = now - LATELY
    return Lately(records.happened(since), records.said(since))


def seen(policy: Policy, told: Lately, *, all_shadow: bool) -> RulesSeen:
    """Look at every rule.

    Args:
        policy: the one in force.
        told: what was decided lately.
        all_shadow: whether every rule is a shadow rule (``MODE=shadow``).
    """
    said = _by_rule(told.said)
    rules = [_seen(one, said, told.decisions, all_shadow=all_shadow) for one in overview(policy)]
    return RulesSeen(
        policy,
        {
            section: tuple(one for one in rules if one.rule.section is section)
            for section in Section
            if any(one.rule.section is section for one in rules)
        },
        tuple(_gone(policy, said)),
        tuple(advice(policy)),
    )


def _by_rule(said: Iterable[Said]) -> dict[tuple[str, str, bool], list[Said]]:
    found: dict[tuple[str, str, bool], list[Said]] = {}
    for one in said:
        found.setdefault((one.section, one.rule, one.shadow), []).append(one)
    return found


def _seen(
    one: Overview,
    said: Mapping[tuple[str, str, bool], list[Said]],
    decisions: Mapping[str, int],
    *,
    all_shadow: bool,
) -> RuleSeen:
    rule = one.rule
    is_shadow = rule.shadow or all_shadow
    of = sum(decisions.get(event, 0) for event in rule.events)
    heard, before = (
        _heard(said.get((rule.section, rule.name, shadow), ()), of)
        for shadow in (is_shadow, not is_shadow)
    )
    calls = tuple(
        (", ".join(sorted(sources)) or "none", events)
        for sources, events in one.calls_together.items()
    )
    when = None if rule.when is None else on_one_line(rule.when.text)
    return RuleSeen(rule, when, calls, is_shadow, heard, before)


def _heard(said: Iterable[Said], of: int) -> Heard:
    outcomes: Counter[Outcome] = Counter()
    verdicts: Counter[Verdict] = Counter()
    for one in said:
        outcomes[Outcome(one.outcome)] += one.decisions
        verdicts[Verdict(one.verdict)] += one.decisions
    return Heard(outcomes, verdicts, of)


def _gone(policy: Policy, said: Mapping[tuple[str, str, bool], list[Said]]) -> Iterator[Gone]:
    known = {(rule.section, rule.name) for rule in policy.rules}
    for (section, name, shadow), theirs in sorted(said.items()):
        if (section, name) not in known:
            yield Gone(section, name, shadow, _heard(theirs, 0))
