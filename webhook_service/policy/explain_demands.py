"""What a rule asks for once its condition holds, and what it found (section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.types import UNKNOWN
from webhook_service.policy.decision import Extend, Outcome
from webhook_service.policy.explain_operands import Read, reads
from webhook_service.policy.finding import Finding
from webhook_service.policy.known import FACTORS
from webhook_service.policy.model import (
    ClaimsRule,
    MfaRule,
    Require,
    RevokeRule,
    Rule,
    SessionRule,
)
from webhook_service.policy.reading import paths
from webhook_service.policy.situation import Situation, age
from webhook_service.sessions import AAL2, Factor

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_EXTENSIONS: Final = {
    Extend.YES: "extend",
    Extend.NO: "do not extend",
    Extend.DEFERRED: "extend later",
}


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a rule asks for, what it came to, and what it was judged on."""

    text: str
    result: str
    facts: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()


def demands(rule: Rule, finding: Finding, at: Situation) -> tuple[Demand, ...]:
    """Explain what a rule asked for whose condition holds."""
    match rule:
        case MfaRule():
            return tuple(_of_mfa(rule, finding, at))
        case SessionRule():
            return tuple(_of_sessions(rule, finding, at))
        case RevokeRule():
            return (Demand(f"revoke {', '.join(sorted(rule.revoke))}", "after the answer"),)
        case ClaimsRule():
            return (
                *_claims("access_token", rule.access_token, finding.claims.access_token, at),
                *_claims("id_token", rule.id_token, finding.claims.id_token, at),
            )
    return ()


# mfa


def _of_mfa(rule: MfaRule, finding: Finding, at: Situation) -> Iterator[Demand]:
    yield Demand(f"require {spelled_require(rule.require)}", *_of_the_session(rule, finding, at))
    if finding.step_up_by is not None and rule.step_up_within is not None:
        text = f"step up within {spelled(rule.step_up_within)}"
        yield Demand(text, f"by {spelled_time(finding.step_up_by)}")


def _of_the_session(rule: MfaRule, finding: Finding, at: Situation) -> tuple[str, tuple[str, ...]]:
    """Return the level that was reached, then the factors used and, if unmet, enrolled."""
    if at.live is not True:
        return _liveness(at), ()
    aal = at.facts.value("session.aal")
    if aal is UNKNOWN:
        return "session.aal unknown", ()
    factors: tuple[Factor, ...] = at.facts.values.get(FACTORS) or ()
    facts = [_factor(factor, at.now) for factor in factors if factor.aal >= rule.require.aal]
    if finding.ruling.outcome is Outcome.UNMET and rule.require.aal == AAL2:
        facts.append(f"enrolled: {_enrolled(at)}")
    return f"session.aal {aal}", tuple(facts)


def _liveness(at: Situation) -> str:
    if at.live is UNKNOWN:
        return "the session is unknown"
    if at.facts.value("session.found") is not True:
        return "no session"
    return "the session is over"


def _factor(factor: Factor, now: datetime) -> str:
    if factor.completed_at is None:
        return f"{factor.method} at no known time"
    return f"{factor.method} {spelled(age(factor.completed_at, now))} ago"


def _enrolled(at: Situation) -> str:
    enrolled = at.facts.value("identity.second_factors")
    return "unknown" if enrolled is UNKNOWN else ", ".join(enrolled or ()) or "none"


def spelled_require(require: Require) -> str:
    """Write what an mfa rule demands: ``aal2, < 15m, totp or webauthn``."""
    parts: list[str] = [require.aal]
    if require.max_age is not None:
        parts.append(f"< {spelled(require.max_age)}")
    if not require.any_method:
        *front, last = require.methods
        parts.append(f"{', '.join(front)} or {last}" if front else last)
    return ", ".join(parts)


# sessions


def _of_sessions(rule: SessionRule, finding: Finding, at: Situation) -> Iterator[Demand]:
    if rule.must_be_active:
        yield Demand("must be active", "it is" if at.live is True else _liveness(at))
    if isinstance(rule.max_age, timedelta):
        yield Demand(
            f"max_age {spelled(rule.max_age)}, from {rule.counted_from}",
            _end(finding, at),
            (_since(f"session.{rule.counted_from}", at),),
        )
    if rule.extend is not None:
        text = str(rule.extend).lower()
        if isinstance(rule.extend, timedelta):
            text = f"when_left {spelled(rule.extend)}"
        result = "not due" if finding.extend is None else _EXTENSIONS[finding.extend]
        yield Demand(f"extend {text}", result, (_left(at),))


def _end(finding: Finding, at: Situation) -> str:
    if finding.end_now:
        return "over: end it now"
    if finding.end_at is not None:
        return f"ends {spelled_time(finding.end_at)}"
    return _liveness(at) if at.live is not True else "no end"


def _since(fact: str, at: Situation) -> str:
    value = at.facts.value(fact)
    if isinstance(value, datetime):
        return f"{fact} {spelled(age(value, at.now))} ago"
    return f"{fact} {'unknown' if value is UNKNOWN else 'absent'}"


def _left(at: Situation) -> str:
    value = at.facts.value("session.expires_at")
    if isinstance(value, datetime):
        left = value - at.now
        return f"{spelled(left)} left" if left > timedelta(0) else f"ended {spelled(-left)} ago"
    return f"session.expires_at {'unknown' if value is UNKNOWN else 'absent'}"


# claims


def _claims(
    token: str, named: Mapping[str, Expression], claims: Mapping[str, object], at: Situation
) -> Iterator[Demand]:
    for claim, expression in named.items():
        result = "removed" if claims.get(claim) is None else "set"
        found = reads(paths(expression.tree), at.facts)
        yield Demand(f"{token}.{claim}", result, (), found)


# words


def spelled(duration: timedelta) -> str:
    """Write a duration in whole seconds as a policy file does: ``1d12h``; ``0s`` for none."""
    left, text = int(duration.total_seconds()), ""
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def spelled_time(moment: datetime) -> str:
    """Write a time in UTC as a policy file does."""
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
