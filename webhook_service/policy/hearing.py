"""Judges every rule that listens to an event, each on its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.finding import Finding, Truth, Usual, usual_findings
from webhook_service.policy.judge_claims import judge_claims
from webhook_service.policy.judge_mfa import judge_mfa
from webhook_service.policy.judge_sessions import judge_sessions
from webhook_service.policy.model import (
    ClaimsRule,
    MfaRule,
    Policy,
    Rule,
    Section,
    SessionRule,
)
from webhook_service.policy.situation import Situation, situation
from webhook_service.policy.wants import Term, needed_if_matched, sources_read

Judge: TypeAlias = Callable[[Situation, Truth], Finding]
"""Judges one rule whose ``when`` holds or is unknown."""

ALWAYS: Final = Term(lambda _facts: True)
"""The ``when`` of a rule that has none."""

OF_A_USER: Final = frozenset({Section.MFA, Section.SESSIONS, Section.REVOKE})
"""The sections that ask about a person, and are passed over where there is none (P19)."""


class Listener(NamedTuple):
    """One rule, prepared for one event: everything about it that no fact can change.

    ``reads`` are the sources of the facts in its ``when``, ``may_want`` those that it needs
    besides if it matches.
    """

    rule: Rule
    when: Term
    judge: Judge
    usual: Usual
    reads: frozenset[Source]
    may_want: frozenset[Source]
    asks_about_a_user: bool


class Hearing(NamedTuple):
    """Every rule's finding, in deciding order, and what must be asked before they stand."""

    findings: list[Finding]
    wants: frozenset[Source]
    may_want: frozenset[Source]


def hear(policy: Policy, facts: Facts, now: datetime) -> Hearing:
    """Judge every rule of the event; nothing stops at a first match (P20)."""
    at = situation(facts, now)
    pending = frozenset(source for source in Source if at.facts.is_pending(source))
    findings: list[Finding] = []
    wants: set[Source] = set()
    may_want: set[Source] = set()
    for listener in listeners(policy, facts.event):
        if listener.asks_about_a_user and not at.has_user:
            findings.append(listener.usual.no_user)
            continue
        when = listener.when.evaluate(at.facts)
        if when is not True and when is not UNKNOWN:
            findings.append(listener.usual.no_match)
            continue
        finding = listener.judge(at, when)
        findings.append(finding)
        wants |= finding.wants
        if when is UNKNOWN and listener.reads & pending:
            may_want |= listener.may_want & pending
            if not listener.reads & pending <= wants:
                wants |= listener.when.missing(at.facts)
    return Hearing(findings, frozenset(wants), frozenset(may_want - wants))


def listeners(policy: Policy, event: EventName) -> tuple[Listener, ...]:
    """Return the rules that listen to the event, in deciding order (P21)."""
    found = policy.listeners.get(event)
    if found is None:
        found = tuple(_listener(rule, event) for rule in policy.at(event))
        policy.listeners[event] = found
    return found


def _listener(rule: Rule, event: EventName) -> Listener:
    usual = usual_findings(rule)
    return Listener(
        rule=rule,
        when=ALWAYS if rule.when is None else Term.of(rule.when.tree),
        judge=_judge(rule, usual),
        usual=usual,
        reads=sources_read(() if rule.when is None else (rule.when,), event),
        may_want=needed_if_matched(rule, event),
        asks_about_a_user=rule.section in OF_A_USER,
    )


def _judge(rule: Rule, usual: Usual) -> Judge:
    match rule:
        case MfaRule():
            return partial(judge_mfa, rule, usual)
        case SessionRule():
            return partial(judge_sessions, rule, usual)
        case ClaimsRule():
            return partial(judge_claims, rule, usual)
    return partial(_judge_plainly, usual)


def _judge_plainly(usual: Usual, _at: Situation, when: Truth) -> Finding:
    """Judge a deny or revoke rule: all that counts is its ``when``."""
    return usual.unknown if when is UNKNOWN else usual.holds
