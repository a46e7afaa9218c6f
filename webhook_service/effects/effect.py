"""What outlives an answer: the kinds of effects, what each needs to know, how it can end.

Plain values. Nothing here is secret or says more of a person than ids, codes and times: all
of it is stored, and shown to operators. Times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias


class Kind(StrEnum):
    """What is done."""

    EXTEND_SESSION = "extend_session"
    END_SESSION = "end_session"
    END_OTHER_SESSIONS = "end_other_sessions"
    END_ALL_SESSIONS = "end_all_sessions"
    REVOKE_TOKENS = "revoke_tokens"


class State(StrEnum):
    """Where an effect stands."""

    PENDING = "pending"
    RUNNING = "running"
    """Pending, and a worker holds it until its lease ends (E4)."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why one session ends; each is looked at once more when its time has come (E8)."""

    PAST_MAX_AGE = "past_max_age"
    """It was found past a rule's ``max_age``, and refused (P22)."""
    MAX_AGE = "max_age"
    """It will be past a rule's ``max_age`` (P22)."""
    STEP_UP_WITHIN = "step_up_within"
    """It had so much time to meet an mfa rule (P18)."""


@dataclass(frozen=True, slots=True)
class ExtendSession:
    """Extend the session behind a token (P23), decided anew on what is known by then.

    ``record`` is the event's decision record: the facts that the decision can be made of
    again, and no others.
    """

    subject: str
    session_id: str | None
    auth_time: datetime | None
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EndSession:
    """End one Kratos session, its tokens, and the login that Hydra remembers for it.

    Attributes:
        subject: the identity whose session it is.
        session_id: ``None`` for the session of a fresh login, which had no id yet (F35).
        signed_in_at: when that login's factor was completed: finds it (F30). ``None`` where
            the id is known.
        cause: why.
        rule: the rule that says so; looked up by this name when the time has come.
        at: when the session ends, by what is known now.
        event_at: when the event happened.
    """

    subject: str
    session_id: str | None
    signed_in_at: datetime | None
    cause: Cause
    rule: str
    at: datetime
    event_at: datetime


@dataclass(frozen=True, slots=True)
class EndSessions:
    """End a person's sessions: all but one, or all.

    Attributes:
        subject: the identity.
        spared_id: the session that stays; ``None`` where none does, or none is known.
        before: what was authenticated from then on stays as well: an ending that comes late
            must not sign out the new login (E3).
        spares_recovery: whether the session that a recovery has just made stays (F102).
    """

    subject: str
    spared_id: str | None
    before: datetime
    spares_recovery: bool = False


@dataclass(frozen=True, slots=True)
class RevokeTokens:
    """Revoke a person's tokens at Hydra, of one client or of all.

    ``before``: tokens of chains begun from then on stay, where Hydra can tell them apart.
    """

    subject: str
    client_id: str | None
    before: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a store holds and this version cannot read, or nobody can.

    Only ever listed: such an effect fails instead of being done.
    """

    subject: str


Args: TypeAlias = ExtendSession | EndSession | EndSessions | RevokeTokens | Unreadable


@dataclass(frozen=True, slots=True)
class NewEffect:
    """An effect that an event asks for.

    Attributes:
        key: the same for every repeat of what asked for it (E2).
        kind: what is done.
        lane: effects of one lane are done one at a time (E5).
        args: what it needs to know.
        due: when a worker first looks at it.
        counts_from: from when on what it ends counts as ended (E7); ``None`` where it ends
            nothing.
        deadline: after it the effect has failed.
        trace: what led to it, as W3C's ``traceparent``; ``None`` where tracing was off.
    """

    key: str
    kind: Kind
    lane: str
    args: Args
    due: datetime
    counts_from: datetime | None
    deadline: datetime
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect as it is kept.

    ``seq`` is its number, ``token`` the proof of whoever holds it (E4), ``owner`` who that is,
    ``attempts`` how many tries came to an end, ``reason`` why the last one did not end it, or
    how it ended, ``trace`` what led to it, as W3C's ``traceparent``.
    """

    seq: int
    key: str
    kind: Kind
    lane: str
    args: Args
    state: State
    due: datetime
    counts_from: datetime | None
    deadline: datetime
    attempts: int
    created: datetime
    token: str | None = None
    reason: str | None = None
    ended: datetime | None = None
    owner: str | None = None
    trace: str | None = None

    @property
    def trace_id(self) -> str | None:
        """The trace in which it was accepted: the second part of a ``traceparent``."""
        return None if self.trace is None else self.trace.split("-")[1]


@dataclass(frozen=True, slots=True)
class Done:
    """It is done and verified, or there is nothing to do any more; ``what`` says which."""

    what: str


@dataclass(frozen=True, slots=True)
class Later:
    """It is due again then, with these args; no try was lost."""

    at: datetime
    args: Args = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Retry:
    """This try failed; another may not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No later try can help."""

    reason: str


Result: TypeAlias = Done | Later | Retry | Failed

LIFETIME: Final = timedelta(hours=24)
"""How long an effect is tried, from its own time on (E6)."""

AFTER_THE_ANSWER: Final = timedelta(milliseconds=500)
"""Kratos stores a login's session only after its hooks were answered (F46)."""


def unkept(new: NewEffect, now: datetime) -> Effect:
    """Return an effect that no database keeps, to be done on the spot."""
    return Effect(
        seq=0,
        key=new.key,
        kind=new.kind,
        lane=new.lane,
        args=new.args,
        state=State.RUNNING,
        due=new.due,
        counts_from=new.counts_from,
        deadline=new.deadline,
        attempts=0,
        created=now,
        trace=new.trace,
    )


def lane_of_session(session_id: str | None, subject: str) -> str:
    """Return the lane of a session's extensions."""
    return f"session:{session_id or subject}"


def lane_of_endings(subject: str) -> str:
    """Return the lane of everything that ends something of a person's."""
    return f"endings:{subject}"
