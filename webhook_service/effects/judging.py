"""What is right when an ending's time has come, and which sessions it is about. Pure.

Between the event and that time a person may have stepped up, a policy may have changed: so
everything is looked at once more (E8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from webhook_service.effects.effect import Cause, EndSession, EndSessions
from webhook_service.policy.judge_mfa import accepted_factors
from webhook_service.policy.model import MfaRule, Policy, Require, Rule, SessionRule
from webhook_service.policy.situation import after
from webhook_service.sessions import Session

RULE_GONE: Final = "rule_gone"
MET: Final = "met"

SAME_MOMENT: Final = timedelta(milliseconds=2)
"""A factor's time is the same in a login hook's body and in the stored session. A database that
rounds it may move it by less than this; a person is slower."""

RECOVERY_SLACK: Final = timedelta(seconds=5)
"""So long before the hook's call a recovery's own factor was completed at the most.

Some milliseconds before Kratos' first try (F102); the third one comes 3 s later (F86), when the
service was away for the first two."""

_BY_RECOVERY: Final = frozenset({"code_recovery", "link_recovery"})


@dataclass(frozen=True, slots=True)
class Right:
    """The session must have ended by now, and its tokens with it."""


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """Nothing has to end any more; ``what`` says why."""

    what: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """The end has moved to ``at``."""

    at: datetime


Judged: TypeAlias = Right | NotNeeded | NotYet


def judge(
    args: EndSession, session: Session | None, policy: Policy, now: datetime, *, all_shadow: bool
) -> Judged:
    """Judge the end of one session by the policy in force (settled question 4).

    ``session`` is ``None`` where there is none any more. One that is gone, or has ended by
    itself, leaves tokens behind: they end when it had to.
    """
    rule = policy.rule(args.rule)
    if rule is None or rule.shadow or all_shadow:
        return NotNeeded(RULE_GONE)
    if args.cause is Cause.STEP_UP_WITHIN:
        return _judge_window(args, session, rule, now)
    return _judge_age(args, session, rule, now)


def _judge_age(args: EndSession, session: Session | None, rule: Rule, now: datetime) -> Judged:
    """Judge by the rule's ``max_age`` (P22); a step-up may have moved what it counts from."""
    if not isinstance(rule, SessionRule) or not isinstance(rule.max_age, timedelta):
        return NotNeeded(RULE_GONE)
    start: datetime | None = getattr(session, rule.counted_from, None)
    return _by(args.at if start is None else after(start, rule.max_age), now)


def _judge_window(args: EndSession, session: Session | None, rule: Rule, now: datetime) -> Judged:
    """Judge by whether the rule was met within its time (P18)."""
    if not isinstance(rule, MfaRule) or rule.step_up_within is None:
        return NotNeeded(RULE_GONE)
    if session is not None and _has_met(rule.require, session, args.event_at):
        return NotNeeded(MET)
    return _by(after(args.event_at, rule.step_up_within), now)


def _by(end: datetime, now: datetime) -> Judged:
    return Right() if end <= now else NotYet(end)


def _has_met(require: Require, session: Session, event_at: datetime) -> bool:
    """Whether the demand was met at some moment since the event.

    Not whether it is met now: a factor given in time may be older than ``max_age`` by then.
    """
    if session.aal < require.aal:
        return False
    accepted = accepted_factors(require, session.factors)
    if require.max_age is None:
        return bool(accepted)
    earliest = after(event_at, -require.max_age)
    return any(one.completed_at is not None and one.completed_at > earliest for one in accepted)


def is_spared(session: Session, args: EndSessions) -> bool:
    """Whether a session stays when a person's others end (E3)."""
    if session.id is not None and session.id == args.spared_id:
        return True
    if session.authenticated_at is not None and session.authenticated_at >= args.before:
        return True
    return args.spares_recovery and any(
        factor.method in _BY_RECOVERY
        and factor.completed_at is not None
        and args.before - RECOVERY_SLACK <= factor.completed_at
        for factor in session.factors
    )


def is_sign_in(session: Session, signed_in_at: datetime) -> bool:
    """Whether a session is of the login whose factor was completed then.

    The body of a fresh login names no session (F35). The window of F30 is for ``auth_time``,
    which is cut and comes later: here it would take a neighbour for it.
    """
    return any(
        factor.completed_at is not None and abs(factor.completed_at - signed_in_at) <= SAME_MOMENT
        for factor in session.factors
    )
