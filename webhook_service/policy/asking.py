"""Which source to ask first, where a decision wants several (P27)."""

from __future__ import annotations

from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import Facts, Source


def next_source(decision: Decision, facts: Facts) -> Source:
    """Choose among the wanted sources the one to ask first.

    A session brings its identity with it (F100). Where a rule still waits for a trait and
    would need the session if it matched, asking for the session saves the second call.
    """
    wanted, session = decision.wants, Source.KRATOS_SESSION
    if session in wanted or (
        facts.is_pending(session)
        and Source.KRATOS_IDENTITY in wanted
        and session in decision.may_want
    ):
        return session
    return min(wanted)
