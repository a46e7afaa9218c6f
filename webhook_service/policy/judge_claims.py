"""What a claims rule puts into the tokens (P31)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.types import UNKNOWN, Value
from webhook_service.policy.decision import Claims
from webhook_service.policy.facts import Source
from webhook_service.policy.finding import Finding, Truth, Usual
from webhook_service.policy.model import ClaimsRule
from webhook_service.policy.situation import Situation
from webhook_service.policy.wants import missed

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)


def judge_claims(rule: ClaimsRule, usual: Usual, at: Situation, when: Truth) -> Finding:
    """Work out the claims of a rule whose ``when`` holds or is unknown.

    Where it is unknown, all of them are removed: a refresh must not keep a level that can
    no longer be shown.
    """
    if when is UNKNOWN:
        return usual.unknown
    wants: set[Source] = set()
    claims = Claims(_evaluated(rule.access_token, at, wants), _evaluated(rule.id_token, at, wants))
    ruling = usual.holds.ruling
    return Finding(rule, ruling, matched=True, wants=frozenset(wants), claims=claims)


def _evaluated(
    claims: Mapping[str, Expression], at: Situation, wants: set[Source]
) -> dict[str, Value]:
    values = {}
    for name, expression in claims.items():
        value = expression.evaluate(at.facts)
        if value is UNKNOWN:
            wants |= missed(expression.evaluate, at.facts)
        values[name] = _as_json(value)
    return values


def _as_json(value: Value) -> Value:
    """Return the value as a token carries it: whole seconds for times, nothing for unknown."""
    match value:
        case datetime():
            return (value - EPOCH) // SECOND
        case timedelta():
            return value // SECOND
        case list() | tuple():
            return [_as_json(item) for item in value]
    return None if value is UNKNOWN else value
