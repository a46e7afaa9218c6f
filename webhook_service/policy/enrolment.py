"""Whether someone can meet an aal2 rule at all, and how long they have to get there (P16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from webhook_service.policy.conditions.types import UNKNOWN, Unknown
from webhook_service.policy.facts import Facts
from webhook_service.policy.model import Enrolment, Require
from webhook_service.policy.situation import Situation
from webhook_service.sessions import Factor

LISTED: Final = frozenset({"totp", "webauthn", "lookup_secret"})
"""The second factors that Kratos shows as enrolled (F77)."""


def is_enrolled(require: Require, accepted: Iterable[Factor], facts: Facts) -> bool | Unknown:
    """Whether the person has a factor that the rule accepts.

    A code needs an address and no enrolment, and an upstream provider enrols elsewhere:
    Kratos lists neither. Who has just used one (a factor in ``accepted``) has it.
    """
    if any(factor.method not in LISTED for factor in accepted):
        return True
    enrolled = _second_factors(facts)
    if enrolled is UNKNOWN:
        return UNKNOWN
    return any(require.any_method or method in require.methods for method in enrolled)


def _second_factors(facts: Facts) -> Sequence[str] | Unknown:
    """Return what is enrolled; unknown where an identity came without its credentials."""
    enrolled: Sequence[str] | Unknown | None = facts.value("identity.second_factors")
    if enrolled is None:
        return UNKNOWN if facts.value("identity.found") is True else ()
    return enrolled


def is_in_grace(enrolment: Enrolment | None, at: Situation) -> bool | Unknown:
    """Whether the time to enrol is still running: from the account's or the rule's first day."""
    if enrolment is None:
        return False
    created_at: object = at.facts.value("identity.created_at")
    if created_at is UNKNOWN:
        return UNKNOWN
    starts = (created_at, enrolment.since)
    start = max((moment for moment in starts if isinstance(moment, datetime)), default=None)
    # The difference, not the sum: a sum can lie beyond the last date there is.
    return start is not None and at.now - start < enrolment.grace
