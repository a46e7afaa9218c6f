"""The part of Kratos' admin API that the service asks, as values of ``sessions``."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound
from webhook_service.ory.health import ask_health
from webhook_service.ory.ids import is_uuid
from webhook_service.ory.paging import Page
from webhook_service.ory.transport import Transport
from webhook_service.sessions import (
    Identity,
    Session,
    read_identity,
    read_listed_session,
    read_session,
)

PAGE_SIZE: Final = 250


@dataclass(frozen=True, slots=True)
class Sessions:
    """An identity's sessions, newest first, ended ones too, and without their identity.

    ``complete`` is false where there may be more than these.
    """

    items: tuple[Session, ...]
    complete: bool


class Kratos:
    """Kratos' admin API. Every method raises ``OryError`` where no usable answer comes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def session(self, session_id: str, deadline: Deadline) -> Session | None:
        """Read a session with its identity; ``None`` where there is none.

        Only with its identity is a session shown as it counts: one of a disabled identity
        says ``active: true`` without it (F100).
        """
        if not is_uuid(session_id):
            return None
        path = f"/admin/sessions/{session_id}?expand=identity"
        return self._transport.get(path, deadline, read_session)

    def sessions_of(self, identity_id: str, deadline: Deadline) -> Sessions:
        """Read an identity's newest sessions; an unknown identity has none (F53)."""
        if not is_uuid(identity_id):
            return Sessions((), complete=True)
        path = f"/admin/identities/{identity_id}/sessions?page_size={PAGE_SIZE}"
        items = self._transport.get(path, deadline, _read_list) or ()
        return Sessions(items, complete=len(items) < PAGE_SIZE)

    def live_sessions_of(self, identity_id: str, deadline: Deadline) -> Sessions:
        """Read every session of an identity that could be used, or could be again.

        Those of a disabled identity are among them, though they say ``active: false`` (F100):
        they live on when it is enabled.

        Kratos' own links do not lead through a long list, and its pages 0 and 1 are the same
        (seen with 1.3.1): so pages are asked for by number until they bring nothing more.
        """
        if not is_uuid(identity_id):
            return Sessions((), complete=True)
        found: dict[str | None, Session] = {}
        number, complete = 0, False
        while not complete:
            known = len(found)
            page = self._transport.get_page(
                f"/admin/identities/{identity_id}/sessions"
                f"?active=true&page={number}&per_page={PAGE_SIZE}",
                deadline,
                _read_list,
            )
            found.update((session.id, session) for session in page.items)
            complete = _is_all(found, page)
            if number > 1 and len(found) == known:
                break
            number += 1
        return Sessions(tuple(found.values()), complete)

    def identity(self, identity_id: str, deadline: Deadline) -> Identity | None:
        """Read an identity with its metadata and second factors; ``None`` where there is none.

        ``include_credential=webauthn`` always: without it nobody can tell a security key
        from the entry that everyone has (F77), and its answer holds public keys only. The
        other credentials would come with their secrets and are never asked for (F78).
        """
        if not is_uuid(identity_id):
            return None
        path = f"/admin/identities/{identity_id}?include_credential=webauthn"
        return self._transport.get(path, deadline, read_identity)

    def extend(self, session_id: str, deadline: Deadline) -> Session | None:
        """Ask for the full lifespan from now on; ``None`` means: read it again (F54).

        Kratos extends expired sessions too, and brings them back to life (F55): whoever
        calls this has read the session alive a moment ago.

        Raises:
            NotFound: there is no such session, or another extension holds it.
        """
        if not is_uuid(session_id):
            raise NotFound(self._transport.upstream)
        path = f"/admin/sessions/{session_id}/extend"
        return self._transport.patch(path, deadline, read_session)

    def end(self, session_id: str, deadline: Deadline) -> None:
        """End a session, whatever its state; its tokens at Hydra live on (F56, F68).

        Raises:
            NotFound: there is no such session.
        """
        if not is_uuid(session_id):
            raise NotFound(self._transport.upstream)
        self._transport.delete(f"/admin/sessions/{session_id}", deadline)

    def ready(self, deadline: Deadline) -> None:
        """Return if Kratos is up and reaches its database.

        Raises:
            OryError: it is not, or what is there is not Kratos.
        """
        ask_health(self._transport, ("/admin/health/ready", "/health/ready"), deadline)


def _is_all(found: Sized, last: Page[Session]) -> bool:
    if last.total is None:
        return len(last.items) < PAGE_SIZE
    return len(found) >= last.total


def _read_list(data: object) -> tuple[Session, ...]:
    if not isinstance(data, list):
        raise ValidationError("Not a list.")
    return tuple(map(read_listed_session, data))
