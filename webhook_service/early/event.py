"""The events of questions that are asked before anything happens: a check, a token to come."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from webhook_service.early.proofs import Proven
from webhook_service.gather import Known
from webhook_service.hooks.check import Question
from webhook_service.hooks.event import KEY_DIGITS, Event
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.known import NO_SESSION, session_facts
from webhook_service.sessions import AAL1, SESSION_CLAIM, Session

OF_CLIENT: Final = "check.of_client"
"""The note beside a ``hydra.token`` that no token was asked for: a check was."""

LACKS_SECOND_FACTOR: Final[Mapping[str, Value]] = {
    "session.found": True,
    "session.active": True,
    "session.aal": AAL1,
}
"""All that is known of a session that Kratos shows only after a second factor (F64)."""


def event_of(question: Question, proven: Proven, now: datetime) -> Event:
    """Return the event of a question: a check, or a token of the client that it names."""
    if question.client_id is not None:
        begun = proven.token_issued_at or now
        made = token_event(
            question.client_id, question.scopes, proven.session, proven.subject, begun
        )
        return replace(made, notes=(OF_CLIENT, *proven.notes))
    return Event(
        EventName.CHECK,
        new_key(),
        question.facts,
        subject=proven.subject,
        session_id=proven.session.id if proven.session else None,
        requested_at=proven.token_issued_at,
        notes=proven.notes,
    )


def token_event(
    client_id: str,
    scopes: Sequence[str],
    session: Session | None,
    subject: str | None,
    begun: datetime,
    key: str | None = None,
) -> Event:
    """Return the event of a token that is not asked for yet: of a code, after a sign-in.

    ``begun`` is when its chain begins. What Hydra will call the time of the sign-in nobody knows
    yet (F104): ``token.auth_time`` is absent, and what rests on it is left to the token hook.
    """
    session_id = session.id if session else None
    values: dict[str, Value] = {
        "client.id": client_id,
        "token.grant": "authorization_code",
        "token.subject": subject,
        "token.scopes": tuple(scopes),
        "token.audience": (),
        # What Kratos tells Hydra when it accepts the login (F9).
        "token.amr": session.methods if session else (),
        "token.claims": {} if session_id is None else {SESSION_CLAIM: session_id},
        "token.id_claims": {},
    }
    return Event(
        EventName.HYDRA_TOKEN,
        key or new_key(),
        values,
        subject=subject,
        client_id=client_id,
        session_id=session_id,
        requested_at=begun,
    )


def known_with(event: Event, session: Session | None, unknown: str | None = None) -> Known:
    """Begin to know an event with its session, or with the reason why that is unknown."""
    known = Known.of(event)
    if unknown is not None:
        known.failed[Source.KRATOS_SESSION] = unknown
        return known
    known.session = session
    facts = NO_SESSION if session is None else session_facts(session)
    known.learn(Source.KRATOS_SESSION, dict(facts))
    return known


def new_key() -> str:
    """Return the key of an event that nobody repeats."""
    return secrets.token_hex(KEY_DIGITS // 2)
