"""What was decided about one event, and why: the result of ``decide``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.model import Revocation, Section


class Verdict(StrEnum):
    """What the event gets, best first; the worst wins (P20)."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    ENROL = "enrol"
    DENY = "deny"

    @property
    def severity(self) -> int:
        """0 for allow up to 3 for deny."""
        return _SEVERITY[self]


_SEVERITY = {Verdict.ALLOW: 0, Verdict.STEP_UP: 1, Verdict.ENROL: 2, Verdict.DENY: 3}


class Reason(StrEnum):
    """Why a verdict is not allow. The same word in reply, log, metric, record and docs."""

    RULE_DENIED = "rule.denied"
    MFA_NO_SESSION = "mfa.no_session"
    MFA_AAL_TOO_LOW = "mfa.aal_too_low"
    MFA_METHOD_NOT_ACCEPTED = "mfa.method_not_accepted"
    MFA_TOO_OLD = "mfa.too_old"
    MFA_NOT_ENROLLED = "mfa.not_enrolled"
    SESSION_NOT_ACTIVE = "session.not_active"
    SESSION_PAST_MAX_AGE = "session.past_max_age"
    SESSION_ENDING = "session.ending"
    """What ends the session, or its tokens, is on its way. No rule decides it: the service does."""
    POLICY_UNKNOWN = "policy.unknown"


BY_RULES: Final = tuple(reason for reason in Reason if reason is not Reason.SESSION_ENDING)
"""The reasons that ``decide`` can give."""


class Note(StrEnum):
    """What stands beside a verdict without changing it."""

    ENROLMENT_GRACE = "mfa.enrolment_grace"
    SUBJECT_NONE = "subject.none"
    RULE_PASSED_OVER = "policy.passed_over"
    """A rule that could not be decided and says ``on_error: allow`` (P17)."""


class Outcome(StrEnum):
    """How one rule came out (the words of section 8)."""

    NO_MATCH = "no match"
    MATCHED = "matched"
    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"
    PASSED_OVER = "passed over"
    """No user behind the token (P19)."""


class Extend(StrEnum):
    """Whether the session is to be extended (P23, P17)."""

    NO = "false"
    YES = "true"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule's part in a decision.

    ``verdict`` is what this rule alone asks for: allow for a rule that is met, does not
    match or is passed over.
    """

    section: Section
    rule: str
    line: int
    outcome: Outcome
    verdict: Verdict = Verdict.ALLOW
    reason: Reason | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims to set (P31); a value of ``None`` removes the claim."""

    access_token: Mapping[str, Value] = field(default_factory=dict)
    id_token: Mapping[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether any claim is named."""
        return bool(self.access_token or self.id_token)


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that follows from one event.

    Times are aware and in UTC. ``wants`` are the sources that must be asked before the
    decision stands (P27); while it is not empty, the rest is provisional.
    """

    event: EventName
    verdict: Verdict = Verdict.ALLOW
    reason: Reason | None = None
    rule: str | None = None
    message: str | None = None
    matched: tuple[str, ...] = ()
    extend: Extend = Extend.NO
    end_now: bool = False
    end_at: datetime | None = None
    end_at_rule: str | None = None
    step_up_by: datetime | None = None
    step_up_by_rule: str | None = None
    revoke: frozenset[Revocation] = frozenset()
    claims: Claims = field(default_factory=Claims)
    notes: tuple[Note, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    shadow: tuple[Ruling, ...] = ()
    wants: frozenset[Source] = frozenset()
    may_want: frozenset[Source] = frozenset()
    """Sources that a rule still undecided would need if it matched: lets the caller choose
    one call that brings both (the session read with its identity)."""
