"""From a decision to the effects that must outlive the answer. Pure.

What must be done before the answer, the extension inside a token hook, is not here unless it
failed or could not be tried (P17).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webhook_service.effects.effect import (
    AFTER_THE_ANSWER,
    LIFETIME,
    Args,
    Cause,
    EndSession,
    EndSessions,
    ExtendSession,
    Kind,
    NewEffect,
    RevokeTokens,
    lane_of_endings,
    lane_of_session,
)
from webhook_service.effects.extend_session import Extension, Result
from webhook_service.hooks.event import Event
from webhook_service.policy.decision import Decision, Reason
from webhook_service.policy.facts import EventName
from webhook_service.policy.situation import after


@dataclass(frozen=True, slots=True)
class Acted:
    """What one event came to, as far as its consequences follow from it.

    Attributes:
        event: what happened.
        decision: what follows.
        now: the event's clock reading.
        session_id: the session behind the event; ``None`` where none is known.
        authenticated_at: when it was authenticated last, as far as that is known.
        extension: what became of an asked extension.
        record: the facts, as a decision record holds them.
    """

    event: Event
    decision: Decision
    now: datetime
    session_id: str | None
    authenticated_at: datetime | None
    extension: Extension | None
    record: Mapping[str, Any]


def plan(acted: Acted) -> tuple[NewEffect, ...]:
    """Return the effects that the event needs.

    None where nobody stands behind it, and none before a change is stored: it may be refused
    by another hook (F103, P7).
    """
    subject = acted.event.subject
    if subject is None or acted.event.before_storing:
        return ()
    return (
        *_extension(acted, subject),
        *_end_of_session(acted, subject),
        *_revocations(acted, subject),
    )


def needs_extension(extension: Extension | None) -> bool:
    """Whether an extension must be tried again after the answer."""
    if extension is None:
        return False
    if extension.result is Result.DEFERRED:
        return True
    failed_upstream = (extension.reason or "").startswith("upstream.")
    return extension.result is Result.FAILED and failed_upstream


def _extension(acted: Acted, subject: str) -> Iterator[NewEffect]:
    if not needs_extension(acted.extension):
        return
    event = acted.event
    session_id = event.session_id or acted.session_id
    yield NewEffect(
        key=_key_of_event(event, Kind.EXTEND_SESSION, session_id or subject),
        kind=Kind.EXTEND_SESSION,
        lane=lane_of_session(session_id, subject),
        args=ExtendSession(subject, session_id, event.auth_time, acted.record),
        due=acted.now,
        counts_from=None,
        deadline=acted.now + LIFETIME,
    )


def _end_of_session(acted: Acted, subject: str) -> Iterator[NewEffect]:
    """Cap, window and "ended now" (P18, P22)."""
    decision, now = acted.decision, acted.now
    if decision.end_now:
        # Refused at a login that made no session: there is none to end.
        if acted.session_id is not None:
            yield _ending(acted, subject, Cause.PAST_MAX_AGE, _past_max_age(decision), now)
        return
    if decision.end_at is not None and decision.end_at_rule is not None:
        yield _ending(acted, subject, Cause.MAX_AGE, decision.end_at_rule, decision.end_at)
    if decision.step_up_by is not None and decision.step_up_by_rule is not None:
        rule = decision.step_up_by_rule
        yield _ending(acted, subject, Cause.STEP_UP_WITHIN, rule, decision.step_up_by)


def _past_max_age(decision: Decision) -> str:
    return next(
        ruling.rule for ruling in decision.rulings if ruling.reason is Reason.SESSION_PAST_MAX_AGE
    )


def _ending(acted: Acted, subject: str, cause: Cause, rule: str, at: datetime) -> NewEffect:
    """End one session at a time.

    The session of a fresh login has no id yet (F35): it is looked for soon after the answer,
    not when the time has come, so that a failure shows early.
    """
    event, session_id = acted.event, acted.session_id
    signed_in_at = None if session_id is not None else event.signed_in_at
    # "Ended now" comes again with every refresh, each at another moment: one effect for all,
    # until a step-up has moved what the age counts from.
    told = acted.authenticated_at if cause is Cause.PAST_MAX_AGE else at
    when = f":{told.isoformat()}" if told is not None else ""
    which = session_id or f"{subject}@{signed_in_at and signed_in_at.isoformat()}"
    return NewEffect(
        key=f"{Kind.END_SESSION}:{which}:{cause}:{rule}{when}",
        kind=Kind.END_SESSION,
        lane=lane_of_endings(subject),
        args=EndSession(subject, session_id, signed_in_at, cause, rule, at, acted.now),
        due=at if session_id is not None else min(at, acted.now + AFTER_THE_ANSWER),
        counts_from=at,
        deadline=after(at, LIFETIME),
    )


def _revocations(acted: Acted, subject: str) -> Iterator[NewEffect]:
    """End a person's sessions and tokens (P28)."""
    revoke = acted.decision.revoke
    if "all_sessions" in revoke or "other_sessions" in revoke:
        kind, args = _sessions(acted, subject, others="other_sessions" in revoke)
        # A login's own session, where it ends as well, is stored after the answer only (F46).
        own = kind is Kind.END_ALL_SESSIONS and acted.event.name is EventName.KRATOS_LOGIN
        yield _revocation(acted, kind, args, acted.now + AFTER_THE_ANSWER if own else acted.now)
    if "tokens" in revoke:
        yield _revocation(
            acted, Kind.REVOKE_TOKENS, RevokeTokens(subject, None, acted.now), acted.now
        )


def _sessions(acted: Acted, subject: str, *, others: bool) -> tuple[Kind, EndSessions]:
    event = acted.event
    if event.name is EventName.KRATOS_RECOVERY:
        kind = Kind.END_OTHER_SESSIONS if others else Kind.END_ALL_SESSIONS
        return kind, EndSessions(subject, None, acted.now, spares_recovery=True)
    if not others or not knows_own_session(acted):
        return Kind.END_ALL_SESSIONS, EndSessions(subject, None, acted.now)
    # A login's own session is the newest by its time in the body, with an id or without.
    own = event.authenticated_at if event.name is EventName.KRATOS_LOGIN else None
    before = own or acted.now
    return Kind.END_OTHER_SESSIONS, EndSessions(subject, acted.session_id, before)


def knows_own_session(acted: Acted) -> bool:
    """Whether "the other sessions" can be told from the event's own (F33, F74)."""
    event = acted.event
    if event.name is EventName.KRATOS_RECOVERY or acted.session_id is not None:
        return True
    return event.name is EventName.KRATOS_LOGIN and event.authenticated_at is not None


def _revocation(acted: Acted, kind: Kind, args: Args, due: datetime) -> NewEffect:
    subject = args.subject
    return NewEffect(
        key=_key_of_event(acted.event, kind, subject),
        kind=kind,
        lane=lane_of_endings(subject),
        args=args,
        due=due,
        counts_from=acted.now,
        deadline=acted.now + LIFETIME,
    )


def _key_of_event(event: Event, kind: Kind, target: str) -> str:
    return f"{event.key}:{kind}:{target}"
