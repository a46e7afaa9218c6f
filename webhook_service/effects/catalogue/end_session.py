"""``end_session``: one Kratos session, its tokens, and the logins that Hydra remembers for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from webhook_service.effects.catalogue.tokens import end_tokens_of_session
from webhook_service.effects.catalogue.tools import Tools
from webhook_service.effects.effect import Done, EndSession, Failed, Later, Result, Retry
from webhook_service.effects.judging import NotNeeded, NotYet, is_sign_in, judge
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound
from webhook_service.ory.kratos import Kratos
from webhook_service.sessions import Session

ENDED: Final = "ended"
ENDED_BEFORE: Final = "ended_before"

NOT_FOUND: Final = "session.not_found"
AMBIGUOUS: Final = "session.ambiguous"
NOT_THE_SUBJECTS: Final = "session.not_the_subjects"
STILL_ACTIVE: Final = "session.still_active"


def end_session(args: EndSession, tools: Tools, deadline: Deadline) -> Result:
    """End a session if that is right by now.

    The session of a fresh login is looked for first, and soon: from then on it has its id, and
    waits for its time if that has not come.
    """
    if args.session_id is not None:
        return _end_if_right(args, args.session_id, tools, deadline)
    session_id = _sign_in(args, tools.need_kratos(), deadline)
    if not isinstance(session_id, str):
        return session_id
    args = replace(args, session_id=session_id)
    if tools.clock() < args.at:
        return Later(at=args.at, args=args)
    return _end_if_right(args, session_id, tools, deadline)


def _sign_in(args: EndSession, kratos: Kratos, deadline: Deadline) -> str | Result:
    """Find the session of a fresh login. Never guess (F30)."""
    signed_in_at = args.signed_in_at
    if signed_in_at is None:
        return Failed(NOT_FOUND)
    found = [
        session.id
        for session in kratos.sessions_of(args.subject, deadline).items
        if session.id is not None and is_sign_in(session, signed_in_at)
    ]
    if len(found) == 1:
        return found[0]
    return Retry(AMBIGUOUS if found else NOT_FOUND)


def _end_if_right(args: EndSession, session_id: str, tools: Tools, deadline: Deadline) -> Result:
    kratos = tools.need_kratos()
    session = kratos.session(session_id, deadline)
    if session is not None and not _is_of(session, args.subject):
        return Failed(NOT_THE_SUBJECTS)
    policy, now = tools.policies.current, tools.clock()
    match judge(args, session, policy, now, all_shadow=tools.all_shadow):
        case NotNeeded(what):
            return Done(what)
        case NotYet(at):
            return Later(at=at, args=replace(args, at=at))
    if session is not None and not _end(kratos, session_id, deadline):
        return Retry(STILL_ACTIVE)
    tokens = end_tokens_of_session(args.subject, session_id, tools, deadline)
    if isinstance(tokens, Retry):
        return tokens
    was_alive = session is not None and session.active
    return Done(f"{ENDED if was_alive else ENDED_BEFORE}; {tokens}")


def _end(kratos: Kratos, session_id: str, deadline: Deadline) -> bool:
    """End a session; return whether it has ended.

    One that is not active as well: an expired one could be extended back to life (F55), and
    one of a disabled identity lives on when that is enabled (F100).
    """
    try:
        kratos.end(session_id, deadline)
    except NotFound:
        return True
    session = kratos.session(session_id, deadline)
    return session is None or not session.active


def _is_of(session: Session, subject: str) -> bool:
    return session.identity is not None and session.identity.id == subject
