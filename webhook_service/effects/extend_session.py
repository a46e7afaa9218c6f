"""The extension of a Kratos session: checked before, verified after.

Kratos extends whatever it is told to: an expired session comes alive again (F55), and the
answer is 200 also where nothing changed (F54). So the session must have been read, alive,
in the same hook, and what counts afterwards is its ``expires_at``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError
from webhook_service.sessions import Session


class Result(StrEnum):
    """How an extension came out."""

    EXTENDED = "extended"
    UNCHANGED = "unchanged"
    """Kratos left it alone: more than ``earliest_possible_extend`` is left (F54)."""
    REPEATED = "repeated"
    """An earlier call of the same event took it on."""
    ENDING = "ending"
    """The session ends within this hook's own time: extending could revive it (F55)."""
    DEFERRED = "deferred"
    """The session could not be read; the policy lets the token pass all the same."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Extension:
    """What became of an asked extension. ``reason`` says why it failed."""

    result: Result
    expires_at: datetime | None = None
    reason: str | None = None


class SessionApi(Protocol):
    """What is needed of Kratos."""

    def session(self, session_id: str, deadline: Deadline) -> Session | None:
        """Read the session; ``None`` where there is none."""
        ...

    def extend(self, session_id: str, deadline: Deadline) -> Session | None:
        """Extend the session; ``None`` where Kratos answers without it."""
        ...


def extend_session(
    kratos: SessionApi, session: Session, now: datetime, until: datetime, deadline: Deadline
) -> Extension:
    """Extend a session that was read, and found alive, in this same hook.

    ``now`` is the hook's one clock reading, ``until`` the time of day at which its deadline
    ends: Kratos may handle the call as late as that.

    Never raises for what Ory does: a failed extension blocks no token (P29).
    """
    session_id, expires_at = session.id, session.expires_at
    if not session.active or session_id is None or expires_at is None or expires_at <= now:
        # decide asks for the extension of live sessions only (P24). Twice is safer.
        return Extension(Result.FAILED, reason="session.not_active")
    if expires_at <= until:
        return Extension(Result.ENDING, expires_at)
    found = True
    try:
        try:
            after = kratos.extend(session_id, deadline)
        except NotFound:
            # Gone, or locked by another extension: a second look tells.
            found, after = False, None
        if after is None:
            after = kratos.session(session_id, deadline)
    except OryError as error:
        return Extension(Result.FAILED, reason=error.reason)
    if after is None or not after.active:
        return Extension(Result.FAILED, reason="session.not_active")
    if after.expires_at is None:
        return Extension(Result.FAILED, reason="upstream.invalid")
    if after.expires_at > expires_at:
        return Extension(Result.EXTENDED, after.expires_at)
    if not found:
        return Extension(Result.FAILED, reason="upstream.busy")
    return Extension(Result.UNCHANGED, after.expires_at)
