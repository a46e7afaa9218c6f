"""How an mfa rule is judged: on the factors of the live session (P15, P16, P18)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decision import Note, Outcome, Reason, Verdict
from webhook_service.policy.enrolment import is_enrolled, is_in_grace
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.finding import Finding, Truth, Usual, ruled
from webhook_service.policy.known import FACTORS
from webhook_service.policy.model import MfaRule, Require
from webhook_service.policy.situation import Situation, after, age
from webhook_service.sessions import AAL1, AAL2, Factor


def judge_mfa(rule: MfaRule, usual: Usual, at: Situation, when: Truth) -> Finding:
    """Judge an mfa rule whose ``when`` holds or is unknown."""
    finding = _at_any_event(rule, usual, at, when)
    if at.facts.event is EventName.KRATOS_LOGIN and rule.step_up_within is not None:
        return _with_window(finding, rule.step_up_within, at)
    return finding


def _with_window(finding: Finding, within: timedelta, at: Situation) -> Finding:
    """Turn a refusal into a time to step up: refused at aal1, nobody reaches aal2 (P18, F59)."""
    ruling = finding.ruling
    if ruling.verdict is Verdict.ALLOW:
        return finding
    return finding._replace(
        ruling=ruled(finding.rule, ruling.outcome, Verdict.ALLOW, ruling.reason),
        step_up_by=after(at.now, within),
    )


def _at_any_event(rule: MfaRule, usual: Usual, at: Situation, when: Truth) -> Finding:
    if when is UNKNOWN:
        return usual.unknown
    if at.live is UNKNOWN:
        return _undecided(usual)._replace(wants=at.pending(Source.KRATOS_SESSION))
    if at.live and at.facts.value("session.aal") is UNKNOWN:
        return _undecided(usual)
    accepted = accepted_factors(rule.require, at.facts.values.get(FACTORS, ()))
    reason = _unmet(rule.require, accepted, at)
    if reason is None:
        return usual.holds
    step_up = Finding(rule, ruled(rule, Outcome.UNMET, Verdict.STEP_UP, reason), matched=True)
    if rule.require.aal != AAL2 or not at.live:
        return step_up
    return _step_up_or_enrol(rule, usual, step_up, accepted, at)


def _undecided(usual: Usual) -> Finding:
    """Leave a rule that matched to ``on_error``: nobody can tell a fact any more (P14)."""
    return usual.unknown._replace(matched=True)


def accepted_factors(require: Require, factors: Iterable[Factor]) -> Sequence[Factor]:
    """Return the factors of a session that count: of the level, and by an accepted method."""
    return [
        factor
        for factor in factors
        if factor.aal >= require.aal and (require.any_method or factor.method in require.methods)
    ]


def _unmet(require: Require, accepted: Sequence[Factor], at: Situation) -> Reason | None:
    """Return the first reason why the demand is not met, in the order of P15."""
    if not at.live:
        return Reason.MFA_NO_SESSION
    aal = at.facts.value("session.aal")
    if (aal if isinstance(aal, str) else AAL1) < require.aal:
        return Reason.MFA_AAL_TOO_LOW
    if not accepted:
        return Reason.MFA_METHOD_NOT_ACCEPTED
    if require.max_age is not None and not _is_newest_younger(accepted, require.max_age, at):
        return Reason.MFA_TOO_OLD
    return None


def _is_newest_younger(factors: Sequence[Factor], limit: timedelta, at: Situation) -> bool:
    """Whether a factor's age is below the limit; one that has no time counts as too old."""
    completed = [factor.completed_at for factor in factors if factor.completed_at is not None]
    return bool(completed) and age(max(completed), at.now) < limit


def _step_up_or_enrol(
    rule: MfaRule, usual: Usual, step_up: Finding, accepted: Sequence[Factor], at: Situation
) -> Finding:
    """Ask for a second factor that is there, else for enrolling one, once the grace is over."""
    in_grace = is_in_grace(rule.enrolment, at)
    if at.facts.event is EventName.KRATOS_LOGIN and in_grace is False:
        return step_up  # the window is the same either way: no call for it (P27)
    enrolled = is_enrolled(rule.require, accepted, at.facts)
    if enrolled is UNKNOWN:
        return step_up._replace(wants=at.pending(Source.KRATOS_IDENTITY))
    if enrolled:
        return step_up
    if in_grace is UNKNOWN:
        return _undecided(usual)
    verdict, notes = (Verdict.ALLOW, (Note.ENROLMENT_GRACE,)) if in_grace else (Verdict.ENROL, ())
    not_enrolled = ruled(rule, Outcome.UNMET, verdict, Reason.MFA_NOT_ENROLLED, *notes)
    return step_up._replace(ruling=not_enrolled)
