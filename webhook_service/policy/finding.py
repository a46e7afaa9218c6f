"""What the judging of one rule finds: its ruling, and what it would cause on its own.

Most rules of most events come out in one of few ways, whatever the facts: those findings
are made once, when a rule is prepared for an event (``usual_findings``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from webhook_service.policy.conditions.types import Unknown
from webhook_service.policy.decision import (
    Claims,
    Extend,
    Note,
    Outcome,
    Reason,
    Ruling,
    Verdict,
)
from webhook_service.policy.facts import Source
from webhook_service.policy.model import (
    ClaimsRule,
    DenyRule,
    MfaRule,
    Revocation,
    RevokeRule,
    Rule,
    SessionRule,
)
from webhook_service.policy.situation import NO_SOURCES

NO_REVOCATIONS: Final[frozenset[Revocation]] = frozenset()
NO_CLAIMS: Final = Claims()


Truth: TypeAlias = bool | Unknown
"""What a condition comes to."""


class Finding(NamedTuple):
    """One rule's part in a decision, before all are put together.

    ``matched``: its ``when`` held. ``wants``: what must be asked before the ruling stands.
    ``extend``: what the rule says to it, ``None`` for no say (P23).
    """

    rule: Rule
    ruling: Ruling
    matched: bool = False
    wants: frozenset[Source] = NO_SOURCES
    extend: Extend | None = None
    end_now: bool = False
    end_at: datetime | None = None
    step_up_by: datetime | None = None
    revoke: frozenset[Revocation] = NO_REVOCATIONS
    claims: Claims = NO_CLAIMS


class Usual(NamedTuple):
    """The findings of one rule that do not depend on the facts.

    ``holds``: the rule matched, and nothing further is asked or found amiss. ``unknown``:
    it could not be decided, and ``on_error`` spoke (P17, P28, P31).
    """

    no_match: Finding
    holds: Finding
    unknown: Finding
    no_user: Finding


def ruled(
    rule: Rule,
    outcome: Outcome,
    verdict: Verdict = Verdict.ALLOW,
    reason: Reason | None = None,
    *notes: Note,
) -> Ruling:
    """Return the rule's ruling."""
    return Ruling(rule.section, rule.name, rule.line, outcome, verdict, reason, notes)


def usual_findings(rule: Rule) -> Usual:
    """Return the rule's usual findings."""
    return Usual(
        no_match=Finding(rule, ruled(rule, Outcome.NO_MATCH)),
        holds=_holds(rule),
        unknown=_unknown(rule),
        no_user=Finding(
            rule, ruled(rule, Outcome.PASSED_OVER, Verdict.ALLOW, None, Note.SUBJECT_NONE)
        ),
    )


def _holds(rule: Rule) -> Finding:
    matched = Finding(rule, ruled(rule, Outcome.MATCHED), matched=True)
    match rule:
        case DenyRule():
            denied = ruled(rule, Outcome.MATCHED, Verdict.DENY, Reason.RULE_DENIED)
            return matched._replace(ruling=denied)
        case MfaRule():
            return matched._replace(ruling=ruled(rule, Outcome.MET))
        case SessionRule(extend=False):
            return matched._replace(extend=Extend.NO)
        case RevokeRule():
            return matched._replace(revoke=rule.revoke)
    return matched


def _unknown(rule: Rule) -> Finding:
    match rule:
        case Rule(on_error="deny"):
            denied = ruled(rule, Outcome.UNKNOWN, Verdict.DENY, Reason.POLICY_UNKNOWN)
            return Finding(rule, denied)
        case RevokeRule(on_error="revoke"):
            return Finding(rule, ruled(rule, Outcome.UNKNOWN), revoke=rule.revoke)
        case ClaimsRule():
            removed = Claims(dict.fromkeys(rule.access_token), dict.fromkeys(rule.id_token))
            return Finding(rule, ruled(rule, Outcome.UNKNOWN), claims=removed)
    passed_over = ruled(rule, Outcome.UNKNOWN, Verdict.ALLOW, None, Note.RULE_PASSED_OVER)
    return Finding(rule, passed_over)
