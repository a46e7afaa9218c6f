"""People and their sessions, as an operator sees them: through Kratos' admin API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

PASSWORD = "correct-horse-battery-staple-7"


def new_address() -> str:
    """Return an address that nobody has."""
    return f"{uuid.uuid4().hex[:12]}@example.org"


@dataclass(frozen=True, slots=True)
class Person:
    """An identity that can sign in with a password."""

    id: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class People:
    """Kratos' admin API. Each method raises ``requests.HTTPError`` where Kratos refuses."""

    admin_url: str

    def create(
        self,
        traits: Mapping[str, object] | None = None,
        *,
        metadata_public: Mapping[str, object] | None = None,
        metadata_admin: Mapping[str, object] | None = None,
    ) -> Person:
        """Make a person with a password and an address of their own."""
        email = new_address()
        body = {
            "schema_id": "person",
            "traits": {"email": email, **(traits or {})},
            "metadata_public": metadata_public,
            "metadata_admin": metadata_admin,
            "credentials": {"password": {"config": {"password": PASSWORD}}},
        }
        made = self._ask("POST", "/admin/identities", json=body).json()
        return Person(made["id"], email, PASSWORD)

    def registered(self, email: str, password: str = PASSWORD) -> Person:
        """Return the person who registered with an address."""
        query = {"credentials_identifier": email}
        (found,) = self._ask("GET", "/admin/identities", params=query).json()
        return Person(found["id"], email, password)

    def enable(self, person: Person) -> None:
        """Set the identity's state back to active."""
        self._set_state(person, "active")

    def disable(self, person: Person) -> None:
        """Set the identity's state to inactive (F82)."""
        self._set_state(person, "inactive")

    def delete(self, person: Person) -> None:
        """Delete the identity and everything that belongs to it."""
        self._ask("DELETE", f"/admin/identities/{person.id}")

    def session(self, session_id: str) -> dict[str, Any]:
        """Return a session with its identity: the state the admin API shows (F100)."""
        path = f"/admin/sessions/{session_id}?expand=identity"
        session: dict[str, Any] = self._ask("GET", path).json()
        return session

    def expiry(self, session_id: str) -> datetime:
        """Return when a session ends."""
        return datetime.fromisoformat(self.session(session_id)["expires_at"])

    def sessions(self, person: Person) -> list[dict[str, Any]]:
        """Return all sessions of a person, ended ones too, newest first (F53)."""
        listed: list[dict[str, Any]]
        listed = self._ask("GET", f"/admin/identities/{person.id}/sessions").json()
        return listed

    def is_live(self, session_id: str) -> bool:
        """Say whether a session that exists is active."""
        active: bool = self.session(session_id)["active"]
        return active

    def live_sessions(self, person: Person) -> set[str]:
        """Return the ids of a person's sessions that have not ended."""
        return {session["id"] for session in self.sessions(person) if session["active"]}

    def revoke(self, session_id: str) -> None:
        """End a session; its row stays (F56)."""
        self._ask("DELETE", f"/admin/sessions/{session_id}")

    def forget_sessions(self, person: Person) -> None:
        """Remove every session of a person together with its row (F56)."""
        self._ask("DELETE", f"/admin/identities/{person.id}/sessions")

    def _set_state(self, person: Person, state: str) -> None:
        patch = [{"op": "replace", "path": "/state", "value": state}]
        self._ask("PATCH", f"/admin/identities/{person.id}", json=patch)

    def _ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        reply = requests.request(method, self.admin_url + path, timeout=10, **arguments)
        reply.raise_for_status()
        return reply
