"""How a sessions rule is judged: what it demands, its cap, its extension (P22, P23, P24)."""

from __future__ import annotations

from datetime import datetime, timedelta

from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.decision import Extend, Outcome, Reason, Verdict
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.finding import Finding, Truth, Usual, ruled
from webhook_service.policy.model import SessionRule
from webhook_service.policy.situation import Situation, after


def needs_session(rule: SessionRule) -> bool:
    """Whether the rule says anything that depends on the session.

    Not to extend it, and to set it no limit, does not.
    """
    return rule.must_be_active or bool(rule.extend) or _is_capped(rule)


def judge_sessions(rule: SessionRule, usual: Usual, at: Situation, when: Truth) -> Finding:
    """Judge a sessions rule whose ``when`` holds or is unknown."""
    if when is UNKNOWN:
        return _undecided(rule, usual, at)
    if not needs_session(rule):
        return usual.holds
    if at.live is UNKNOWN:
        undecided = _undecided(rule, usual, at)
        wants = at.pending(Source.KRATOS_SESSION)
        return Finding(rule, undecided.ruling, matched=True, wants=wants, extend=undecided.extend)
    return _of_known_session(rule, usual, at)


def _of_known_session(rule: SessionRule, usual: Usual, at: Situation) -> Finding:
    if _is_capped(rule) and _start(rule, at) is UNKNOWN:
        return usual.unknown._replace(matched=True)
    end = _end(rule, at)
    if end is not None and end <= at.now:
        # Live or not: else its refresh tokens would work again once it has ended (P24).
        over = ruled(rule, Outcome.MATCHED, Verdict.DENY, Reason.SESSION_PAST_MAX_AGE)
        return Finding(rule, over, matched=True, end_now=True)
    if not at.live:
        if not rule.must_be_active:
            return usual.holds
        gone = ruled(rule, Outcome.MATCHED, Verdict.DENY, Reason.SESSION_NOT_ACTIVE)
        return Finding(rule, gone, matched=True)
    if end is None and _is_capped(rule):
        return usual.unknown._replace(matched=True)  # a session that does not tell its age
    extend = Extend.YES if _is_extension_due(rule, at) else usual.holds.extend
    return Finding(rule, usual.holds.ruling, matched=True, extend=extend, end_at=end)


def _is_capped(rule: SessionRule) -> bool:
    """Whether the rule sets a limit; ``unlimited`` sets none (P22)."""
    return isinstance(rule.max_age, timedelta)


def _end(rule: SessionRule, at: Situation) -> datetime | None:
    """Return when the rule's limit falls; ``None`` without a limit, a session or its start."""
    start: object = _start(rule, at)
    if not isinstance(rule.max_age, timedelta) or not isinstance(start, datetime):
        return None
    return after(start, rule.max_age)


def _start(rule: SessionRule, at: Situation) -> Value:
    """Return from when on a session that there is is counted."""
    found = at.facts.value("session.found") is True
    return at.facts.value(f"session.{rule.counted_from}") if found else None


def _is_extension_due(rule: SessionRule, at: Situation) -> bool:
    """Whether the rule asks to extend the live session now (P23)."""
    if at.facts.event is EventName.KRATOS_LOGIN:
        return False  # Kratos has just set the full lifespan
    if not isinstance(rule.extend, timedelta):
        return rule.extend is True
    expires_at = at.facts.value("session.expires_at")
    return isinstance(expires_at, datetime) and expires_at - at.now < rule.extend


def _undecided(rule: SessionRule, usual: Usual, at: Situation) -> Finding:
    """Leave it to ``on_error``; an extension that may be due is then made later (P17)."""
    if rule.on_error == "allow" and _may_be_due(rule, at):
        return usual.unknown._replace(extend=Extend.DEFERRED)
    return usual.unknown


def _may_be_due(rule: SessionRule, at: Situation) -> bool:
    """Whether the extension would be due, as far as can be told, if the rule matched."""
    if at.live is UNKNOWN:
        return bool(rule.extend)
    if not at.live or not _is_extension_due(rule, at):
        return False
    end = _end(rule, at)
    return not _is_capped(rule) or (end is not None and end > at.now)
