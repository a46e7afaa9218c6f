"""From what is known of an event to what follows from it (section 6). Pure (P32)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Claims, Decision, Extend, Outcome, Verdict
from webhook_service.policy.facts import EventName, Facts
from webhook_service.policy.finding import Finding
from webhook_service.policy.hearing import hear
from webhook_service.policy.messages import stock_message
from webhook_service.policy.model import Policy, Rule

STRONGEST_FIRST: Final = (Extend.NO, Extend.YES, Extend.DEFERRED)
"""One rule that forbids beats any that ask, and who can extend now need not later (P23)."""


def decide(policy: Policy, facts: Facts, now: datetime, *, all_shadow: bool = False) -> Decision:
    """Decide one event on what is known of it.

    Args:
        policy: the rule book.
        facts: what is known by now. While the decision ``wants`` sources, ask them and
            decide again; it is provisional until then (P27).
        now: the one clock reading of the event, in UTC; the fact ``now`` is this.
        all_shadow: whether every rule is a shadow rule (``MODE=shadow``, P26).

    A decision at ``kratos.settings`` serves both of its hooks: the verdict counts before the
    change is stored, ``revoke`` after it, whatever the verdict (P7).
    """
    heard = hear(policy, facts, now)
    enforced = [f for f in heard.findings if not (all_shadow or f.rule.shadow)]
    speaking = [f for f in enforced if f.ruling.outcome is not Outcome.NO_MATCH]
    refusing = _refusing(speaking)
    effective = speaking if refusing is None else []  # P25: a refusal has no side effect
    revoking = speaking if facts.event is EventName.KRATOS_SETTINGS else effective
    end_at, end_at_rule = _earliest((f.end_at, f.rule) for f in effective)
    step_up_by, step_up_by_rule = _earliest((f.step_up_by, f.rule) for f in effective)
    return Decision(
        event=facts.event,
        verdict=refusing.ruling.verdict if refusing else Verdict.ALLOW,
        reason=refusing.ruling.reason if refusing else None,
        rule=refusing.rule.name if refusing else None,
        message=_message(refusing),
        matched=tuple(f.rule.name for f in speaking if f.matched),
        extend=_extend(effective),
        end_now=any(f.end_now for f in speaking),
        end_at=end_at,
        end_at_rule=end_at_rule,
        step_up_by=step_up_by,
        step_up_by_rule=step_up_by_rule,
        revoke=frozenset().union(*(f.revoke for f in revoking)),
        claims=_claims(effective),
        notes=tuple(dict.fromkeys(note for f in speaking for note in f.ruling.notes)),
        rulings=tuple(f.ruling for f in enforced),
        shadow=tuple(f.ruling for f in heard.findings if all_shadow or f.rule.shadow),
        wants=heard.wants,
        may_want=heard.may_want,
    )


def _refusing(findings: Iterable[Finding]) -> Finding | None:
    """Return the deciding rule's finding: the first with the worst verdict (P20, P21)."""
    refusals = [f for f in findings if f.ruling.verdict is not Verdict.ALLOW]
    return max(refusals, key=lambda finding: finding.ruling.verdict.severity, default=None)


def _message(refusing: Finding | None) -> str | None:
    """Return what a refused person reads: the rule's own words, else the stock text."""
    if refusing is None or refusing.ruling.reason is None:
        return None
    return refusing.rule.message or stock_message(refusing.ruling.reason)


def _earliest(times: Iterable[tuple[datetime | None, Rule]]) -> tuple[datetime | None, str | None]:
    """Return the earliest time and its rule's name; of several, the first rule's (P18, P22)."""
    set_times = [(moment, rule.name) for moment, rule in times if moment is not None]
    return min(set_times, key=lambda timed: timed[0], default=(None, None))


def _extend(findings: Iterable[Finding]) -> Extend:
    """Weigh what the rules say to an extension (P23, P17)."""
    said = {finding.extend for finding in findings}
    return next((word for word in STRONGEST_FIRST if word in said), Extend.NO)


def _claims(findings: Iterable[Finding]) -> Claims:
    """Lay the claims over one another: a later rule's win (P31)."""
    access_token: dict[str, Value] = {}
    id_token: dict[str, Value] = {}
    for finding in findings:
        access_token |= finding.claims.access_token
        id_token |= finding.claims.id_token
    return Claims(access_token, id_token)
