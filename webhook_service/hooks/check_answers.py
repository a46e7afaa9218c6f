"""What ``/check`` and ``/session/refresh`` answer: one table, and everything that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from webhook_service.hooks.hints import (
    Hint,
    Places,
    Step,
    browser_url,
    native_request,
    www_authenticate,
)
from webhook_service.hooks.reply import Reply, json_reply, store_unavailable
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.sessions import Session
from webhook_service.wire import spell_time

SIGNED_OUT: Final = frozenset(
    {Reason.SESSION_NOT_ACTIVE, Reason.SESSION_PAST_MAX_AGE, Reason.SESSION_ENDING}
)

NO_STORE: Final = {"Cache-Control": "no-store"}
"""Whose session it is, and what it may do at this moment, is for nobody's cache."""

SUBJECT: Final = "X-Auth-Subject"
SESSION_ID: Final = "X-Auth-Session-Id"
AAL: Final = "X-Auth-Aal"
LOCATION: Final = "X-Auth-Location"

SOONEST: Final = timedelta(seconds=1)
LATEST: Final = timedelta(hours=1)
"""When a browser or app is to call again, at the most and at the least. What is asked halves the
time that is left, so a call falls into any ``when_left`` window, long before the end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, as far as an answer tells it.

    Attributes:
        decision: what was decided.
        hint: what comes next, where it was not allowed.
        session: the live session as it is by now; ``None`` where there is none.
        extended: whether this request extended it.
        showed_something: whether there was a credential at all.
        return_to: where a browser is to come back to.
        set_cookie: the cookie with the session's new end, for the browser (F57).
    """

    decision: Decision
    hint: Hint
    session: Session | None
    extended: bool = False
    showed_something: bool = True
    return_to: str | None = None
    set_cookie: str | None = field(default=None, repr=False)


def status_of(decision: Decision) -> int:
    """Return the status for a decision (the table of the contract)."""
    match decision.verdict:
        case Verdict.ALLOW:
            return 200
        case Verdict.STEP_UP | Verdict.ENROL:
            return 401
    if decision.reason is Reason.POLICY_UNKNOWN:
        return 503
    return 401 if decision.reason in SIGNED_OUT else 403


def to_backend(found: Finding, places: Places) -> Reply:
    """Answer a backend: a new cookie is in the body, where no cookie jar of its own keeps it."""
    more = {} if found.set_cookie is None else {"set_cookie": found.set_cookie}
    return _reply(found, places, more)


def to_gateway(found: Finding, places: Places) -> Reply:
    """Answer a gateway, which hands a ``Set-Cookie`` on to its browser."""
    return _with_cookie(_reply(found, places, {}), found)


def to_page(found: Finding, places: Places) -> Reply:
    """Answer a gateway that hands a refusal on as it is, to a browser that opens a page."""
    reply = to_gateway(found, places)
    if LOCATION not in reply.headers:
        return reply
    return Reply(303, reply.body, {**reply.headers, "Location": reply.headers[LOCATION]})


def to_holder(found: Finding, places: Places, now: datetime) -> Reply:
    """Answer the browser or app that holds the session: when it ends, when to call again."""
    ends_at = _end(found)
    more: dict[str, Any] = {}
    if found.decision.verdict is Verdict.ALLOW and ends_at is not None:
        wait = min(max((ends_at - now) / 2, SOONEST), LATEST)
        more = {
            "ends_at": spell_time(ends_at),
            "next": {"seconds": round(wait.total_seconds()), "at": spell_time(now + wait)},
        }
    return _with_cookie(_reply(found, places, more), found)


def unstored() -> Reply:
    """Answer where what must follow could not be kept (E1)."""
    refused = store_unavailable()
    return Reply(refused.status, refused.body, NO_STORE)


def _end(found: Finding) -> datetime | None:
    """Return when the session ends: by itself, or by a rule before that (P22)."""
    by_itself = found.session.expires_at if found.session else None
    ends = [end for end in (by_itself, found.decision.end_at) if end is not None]
    return min(ends, default=None)


def _with_cookie(reply: Reply, found: Finding) -> Reply:
    if found.set_cookie is None:
        return reply
    return Reply(reply.status, reply.body, {**reply.headers, "Set-Cookie": found.set_cookie})


def _reply(found: Finding, places: Places, more: Mapping[str, Any]) -> Reply:
    decision, status = found.decision, status_of(found.decision)
    body: dict[str, Any] = {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "rule": decision.rule,
        "message": decision.message,
    }
    headers = dict(NO_STORE)
    session = found.session
    if status == 200 and session is not None:  # noqa: PLR2004  the status of the table above
        subject = session.identity.id if session.identity else None
        body |= {"subject": subject, "session": _told(session), "extended": found.extended}
        headers |= {SUBJECT: str(subject), SESSION_ID: str(session.id), AAL: session.aal}
    elif found.hint.step is not Step.NONE:
        address = browser_url(found.hint, places, found.return_to)
        body["browser"] = {"url": address}
        body["native"] = native_request(found.hint, places)
        headers[LOCATION] = address
        headers["WWW-Authenticate"] = www_authenticate(
            found.hint, showed_something=found.showed_something
        )
    body.update(more)
    reply = json_reply(status, body)
    return Reply(reply.status, reply.body, headers)


def _told(session: Session) -> dict[str, Any]:
    at, end = session.authenticated_at, session.expires_at
    return {
        "id": session.id,
        "aal": session.aal,
        "methods": list(session.methods),
        "authenticated_at": at and spell_time(at),
        "expires_at": end and spell_time(end),
    }
