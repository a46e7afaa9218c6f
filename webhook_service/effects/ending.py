"""Until it is done, it is already true (E7).

Between an event that ends a session or its tokens and the moment at which Ory has ended
them, a token could still be asked for. While such an ending is pending, and its time has
come, the token hook refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from webhook_service.effects.effect import Effect, EndSession, EndSessions, RevokeTokens
from webhook_service.effects.judging import Right, is_sign_in, is_spared, judge
from webhook_service.hooks.event import Event
from webhook_service.policy.decision import Claims, Decision, Extend, Reason, Verdict
from webhook_service.policy.messages import stock_message
from webhook_service.policy.model import Policy
from webhook_service.sessions import Session


@dataclass(frozen=True, slots=True)
class Moment:
    """By which policy, and when, an ending is looked at."""

    policy: Policy
    now: datetime
    all_shadow: bool


def revokes(pending: Sequence[Effect], event: Event) -> bool:
    """Whether the chain of the token is about to be revoked.

    A chain that was begun after the event stays (F84); one that does not say when counts as
    older.
    """
    return any(
        effect.args.client_id in {None, event.client_id}
        and (event.requested_at is None or event.requested_at < effect.args.before)
        for effect in pending
        if isinstance(effect.args, RevokeTokens)
    )


def concerning(pending: Sequence[Effect], event: Event) -> tuple[Effect, ...]:
    """Return the pending endings for which the session behind the token must be looked at.

    Where the token names its session, endings of another one are not its matter.
    """
    return tuple(effect for effect in pending if _concerns(effect, event))


def _concerns(effect: Effect, event: Event) -> bool:
    match effect.args:
        case EndSessions():
            return True
        case EndSession(session_id=None):
            return True
        case EndSession(session_id=named):
            return event.session_id in {None, named}
    return False


def ends(
    pending: Sequence[Effect],
    session_id: str | None,
    session: Session | None,
    at: Moment,
) -> bool:
    """Whether one of the pending endings ends the session.

    ``session_id`` is what a token names; ``session`` is ``None`` where there is none.
    """
    return any(_ends(effect, session_id, session, at) for effect in pending)


def _ends(effect: Effect, session_id: str | None, session: Session | None, at: Moment) -> bool:
    match effect.args:
        case EndSession() as args if _is_its_session(args, session_id, session):
            judged = judge(args, session, at.policy, at.now, all_shadow=at.all_shadow)
            return isinstance(judged, Right)
        case EndSessions() as args:
            return session is not None and not is_spared(session, args)
    return False


def _is_its_session(args: EndSession, session_id: str | None, session: Session | None) -> bool:
    if args.session_id is not None:
        return args.session_id in {session_id, session.id if session else None}
    signed_in_at = args.signed_in_at
    return session is not None and signed_in_at is not None and is_sign_in(session, signed_in_at)


def refused(decision: Decision, reason: Reason) -> Decision:
    """Return the refusal that takes the decision's place; it has no side effect (P25)."""
    return replace(
        decision,
        verdict=Verdict.DENY,
        reason=reason,
        rule=None,
        message=stock_message(reason),
        extend=Extend.NO,
        end_at=None,
        end_at_rule=None,
        step_up_by=None,
        step_up_by_rule=None,
        revoke=frozenset(),
        claims=Claims(),
    )
