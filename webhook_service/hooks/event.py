"""What a hook tells, once read: the same shape for every hook."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from webhook_service.policy.conditions.types import Value
from webhook_service.policy.facts import EventName, Source
from webhook_service.sessions import NIL_UUID

KEY_DIGITS: Final = 32

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Raw:
    """One hook request as it came over the wire, after its caller was authenticated.

    Attributes:
        route: the path, ``/hooks/kratos/login/password``.
        body: the bytes of the body.
        trigger_id: ``Ory-Webhook-Trigger-Id``, which newer versions of Kratos send (F32).
        method: the method in the path of a Kratos hook (F34), ``None`` where there is none.
    """

    route: str
    body: bytes
    trigger_id: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    Attributes:
        name: which event.
        key: the same across Ory's retries, another for every other call (F12, F87).
        values: the facts that the payload holds, by name.
        answered: sources that need no call, because what they hold is known to be absent.
        subject: the Kratos identity behind the event, a UUID; ``None`` where there is none.
        client_id: the OAuth 2.0 client, where the payload names it.
        session_id: the Kratos session that the payload names, a UUID.
        auth_time: when Hydra was told of the login, in UTC, cut to the second (F10).
        authenticated_at: when the session of a login was authenticated last, as its body says.
        signed_in_at: when the newest factor of a login was completed: finds the session that
            has no id yet (F35).
        requested_at: when the chain of a token was asked for first (F84).
        hydra_session_id: Hydra's own login session behind a token, ``sid`` (F11).
        before_storing: whether what happened is only about to be stored (F38, F103).
        session_cookie: identifies the session of a settings change where the body cannot name
            it (F33). A secret: never logged.
        login_challenge: asks Hydra for the client of a login. A secret: never logged.
        notes: remarks for the decision record.
    """

    name: EventName
    key: str
    values: Mapping[str, Value] = field(repr=False)
    answered: frozenset[Source] = frozenset()
    subject: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    auth_time: datetime | None = None
    authenticated_at: datetime | None = None
    signed_in_at: datetime | None = None
    requested_at: datetime | None = None
    hydra_session_id: str | None = None
    before_storing: bool = False
    session_cookie: str | None = field(default=None, repr=False)
    login_challenge: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def event_key(raw: Raw) -> str:
    """Hash route, trigger id where there is one, and body.

    Hydra sends no id (F1), Kratos 1.3.1 a new one on each try (F32); the bodies of tries
    are the same to the byte (F87), those of later refreshes are not (F12).
    """
    digest = hashlib.sha256(raw.route.encode())
    digest.update(b"\n")
    digest.update((raw.trigger_id or "").encode())
    digest.update(b"\n")
    digest.update(raw.body)
    return digest.hexdigest()[:KEY_DIGITS]


def as_uuid(text: object) -> str | None:
    """Return the text in canonical form if it is a UUID other than the nil one.

    Only canonical 36-character UUIDs are ids: nothing else may reach the path of an
    upstream call.
    """
    if not isinstance(text, str):
        return None
    canonical = text.lower()
    return canonical if _UUID.fullmatch(canonical) and canonical != NIL_UUID else None
