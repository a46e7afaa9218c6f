"""A stand-in for Kratos' admin API: people and their sessions, in memory.

It does what the real one was seen to do, the surprising parts included (F52 to F56, F77,
F96, F100); the contract tests hold both against the same expectations.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from webhook_service.ory.fake.answers import (
    Answer,
    Json,
    empty_answer,
    json_answer,
    moved,
    not_a_route,
    rfc3339,
    version_answer,
)
from webhook_service.ory.fake.paging import Query, links, page_of
from webhook_service.ory.fake.people import (
    FakeIdentity,
    FakeSession,
    credentials_json,
    identity_json,
)

AAL_OF: Final = {"totp": "aal2", "lookup_secret": "aal2", "webauthn": "aal2"}
"""The level of a method; all others are aal1 (F76)."""


class FakeKratos:
    """Kratos' admin API and the state behind it.

    Args:
        clock: the time of day, aware.
        lifespan: how long a session lives from its sign-in, or its extension, on.
        earliest_possible_extend: how little must be left for an extension to take place;
            by default the whole lifespan, so that every call extends (F96).
        faster_session_extend: whether extend answers 204 without the session (F54).
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        lifespan: timedelta,
        earliest_possible_extend: timedelta | None = None,
        *,
        faster_session_extend: bool = False,
    ) -> None:
        self.clock = clock
        self.lifespan = lifespan
        self.earliest_possible_extend = earliest_possible_extend or lifespan
        self.faster_session_extend = faster_session_extend
        self.identities: dict[str, FakeIdentity] = {}
        self.sessions: dict[str, FakeSession] = {}

    def add_identity(
        self,
        traits: Json = None,
        *,
        metadata_public: Json = None,
        metadata_admin: Json = None,
        verified: Iterable[str] = (),
        second_factors: Iterable[str] = (),
    ) -> str:
        """Add a person and return the id. An ``email`` trait becomes an address."""
        identity = FakeIdentity(
            id=str(uuid.uuid4()),
            created_at=self.clock(),
            traits={} if traits is None else traits,
            metadata_public=metadata_public,
            metadata_admin=metadata_admin,
            second_factors=set(second_factors),
        )
        if isinstance(identity.traits, dict) and isinstance(identity.traits.get("email"), str):
            identity.addresses[identity.traits["email"]] = False
        identity.addresses.update(dict.fromkeys(verified, True))
        self.identities[identity.id] = identity
        return identity.id

    def delete_identity(self, identity_id: str) -> None:
        """Remove a person, with the sessions (F82)."""
        del self.identities[identity_id]
        self._forget_sessions(identity_id)

    def sign_in(self, identity_id: str, *methods: str) -> str:
        """Begin a session with these methods, given now, and return its id."""
        now = self.clock()
        session = FakeSession(str(uuid.uuid4()), identity_id, now, now, now)
        self.sessions[session.id] = session
        for method in methods or ("password",):
            self._complete(session, method, AAL_OF.get(method, "aal1"), now)
        return session.id

    def add_factor(self, session_id: str, method: str, aal: str | None = None) -> None:
        """Complete one more step in a session: a step-up, or a refresh login (F52)."""
        level = aal or AAL_OF.get(method, "aal1")
        self._complete(self.sessions[session_id], method, level, self.clock())

    def handle(self, method: str, target: str, body: bytes = b"") -> Answer:  # noqa: ARG002  none of these calls has a body
        """Answer one request. ``target`` is the path with its query."""
        url = urlsplit(target)
        if not url.path.startswith("/admin/"):
            return moved(f"/admin{target}")
        for verb, pattern, answer in _ROUTES:
            match = pattern.fullmatch(url.path)
            if match and verb == method:
                return answer(self, *match.groups(), parse_qs(url.query))
        return not_a_route()

    def get_session(self, session_id: str, query: Query) -> Answer:
        """``GET /admin/sessions/{id}``: the identity only where asked for (F100)."""
        expands = {item.lower() for item in query.get("expand", ())}
        if unknown := expands - {"identity", "devices"}:
            return _bad_request(f"Could not parse expand option: {min(unknown)}")
        session = self.sessions.get(session_id)
        if session is None:
            return _no_session(session_id)
        return json_answer(200, self._session_json(session, expanded="identity" in expands))

    def extend_session(self, session_id: str, _: Query) -> Answer:
        """``PATCH …/extend``: neither active nor expired counts, only what is left (F55)."""
        session = self.sessions.get(session_id)
        if session is None:
            return _no_session(session_id)
        if session.expires_at - self.clock() < self.earliest_possible_extend:
            session.expires_at = self.clock() + self.lifespan
        if self.faster_session_extend:
            return empty_answer()
        return json_answer(200, self._session_json(session, expanded=True))

    def delete_session(self, session_id: str, _: Query) -> Answer:
        """``DELETE /admin/sessions/{id}``: ended, the row stays (F56)."""
        session = self.sessions.get(session_id)
        if session is None:
            return _no_session(session_id)
        session.revoked = True
        return empty_answer()

    def list_sessions(self, identity_id: str, query: Query) -> Answer:
        """``GET /admin/identities/{id}/sessions``: newest first; unknown: none (F53)."""
        if not _is_uuid(identity_id):
            return _no_session(identity_id)
        mine = [
            session
            for session in reversed(self.sessions.values())
            if session.identity_id == identity_id
        ]
        mine.sort(key=lambda session: session.authenticated_at, reverse=True)
        if wanted := query.get("active"):
            # By what is stored: a disabled identity counts only when its sessions are shown.
            mine = [one for one in mine if self._is_active(one) == (wanted[0] == "true")]
        found = [self._session_json(one, expanded=True, addresses=False) for one in mine]
        headers = {
            "X-Total-Count": str(len(found)),
            "Link": links(f"/admin/identities/{identity_id}/sessions", query, len(found)),
        }
        return json_answer(200, page_of(found, query), headers)

    def delete_sessions(self, identity_id: str, _: Query) -> Answer:
        """``DELETE /admin/identities/{id}/sessions``: the rows are gone (F56)."""
        return empty_answer() if self._forget_sessions(identity_id) else _no_resource()

    def get_identity(self, identity_id: str, query: Query) -> Answer:
        """``GET /admin/identities/{id}``: with metadata and the list of credentials (F77)."""
        identity = self.identities.get(identity_id)
        if identity is None:
            return _no_resource()
        included = set(query.get("include_credential", ()))
        return json_answer(
            200,
            {
                **identity_json(identity),
                "metadata_admin": identity.metadata_admin,
                "credentials": credentials_json(identity, included),
            },
        )

    def health(self, _: Query) -> Answer:
        """``GET /admin/health/ready``."""
        return json_answer(200, {"status": "ok"})

    def version(self, _: Query) -> Answer:
        """``GET /admin/version``."""
        return version_answer()

    def _complete(self, session: FakeSession, method: str, aal: str, at: datetime) -> None:
        session.factors.append((method, aal, at))
        session.authenticated_at = at
        session.expires_at = at + self.lifespan

    def _forget_sessions(self, identity_id: str) -> bool:
        mine = [one.id for one in self.sessions.values() if one.identity_id == identity_id]
        for session_id in mine:
            del self.sessions[session_id]
        return bool(mine)

    def _is_active(self, session: FakeSession) -> bool:
        return not session.revoked and session.expires_at > self.clock()

    def _session_json(
        self, session: FakeSession, *, expanded: bool, addresses: bool = True
    ) -> dict[str, Json]:
        identity = self.identities[session.identity_id]
        active = self._is_active(session)
        return {
            "id": session.id,
            # A disabled identity shows only to who looks at it (F100).
            "active": active and not (expanded and identity.state != "active"),
            "expires_at": rfc3339(session.expires_at),
            "authenticated_at": rfc3339(session.authenticated_at),
            "authenticator_assurance_level": max(
                (aal for _, aal, _ in session.factors), default="aal0"
            ),
            "authentication_methods": [
                {"method": method, "aal": aal, "completed_at": rfc3339(completed)}
                for method, aal, completed in session.factors
            ],
            "issued_at": rfc3339(session.issued_at),
            "identity": identity_json(identity, addresses=addresses) if expanded else None,
            "devices": [],
        }


_Handler: TypeAlias = Callable[..., Answer]
_ROUTES: Final[list[tuple[str, re.Pattern[str], _Handler]]] = [
    ("GET", re.compile("/admin/sessions/([^/]+)"), FakeKratos.get_session),
    ("DELETE", re.compile("/admin/sessions/([^/]+)"), FakeKratos.delete_session),
    ("PATCH", re.compile("/admin/sessions/([^/]+)/extend"), FakeKratos.extend_session),
    ("GET", re.compile("/admin/identities/([^/]+)"), FakeKratos.get_identity),
    ("GET", re.compile("/admin/identities/([^/]+)/sessions"), FakeKratos.list_sessions),
    ("DELETE", re.compile("/admin/identities/([^/]+)/sessions"), FakeKratos.delete_sessions),
    ("GET", re.compile("/admin/health/(?:ready|alive)"), FakeKratos.health),
    ("GET", re.compile("/admin/version"), FakeKratos.version),
]


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _no_session(session_id: str) -> Answer:
    if _is_uuid(session_id):
        return _no_resource()
    return _error(400, "Bad Request", f"uuid: incorrect UUID length in string {session_id!r}")


def _no_resource() -> Answer:
    return _error(404, "Not Found", "Unable to locate the resource")


def _bad_request(reason: str) -> Answer:
    message = "The request was malformed or contained invalid parameters"
    return _error(400, "Bad Request", message, reason)


def _error(code: int, status: str, message: str, reason: str | None = None) -> Answer:
    error = {"code": code, "status": status, "message": message}
    return json_answer(code, {"error": error if reason is None else {**error, "reason": reason}})
