"""The same Kratos and Hydra twice: the stand-in, and the real ones.

A world makes people, sessions and clients in its own way; the tests then look at both
through our clients, and expect the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import requests
from ory import database, native
from ory.lab import Ory
from ory.people import Person
from ory.totp import Authenticator

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.fake import FakeOry, Served
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport

LIFESPAN = timedelta(hours=1)


def deadline() -> Deadline:
    """Real servers on a busy machine get more time than a hook would."""
    return Deadline.after(10)


class World(Protocol):
    """What the contract tests need of Kratos and Hydra besides our clients."""

    kratos: Kratos
    hydra: Hydra

    def person(self, *, metadata_admin: Mapping[str, Any] | None = None, **traits: object) -> str:
        """Make a person with an address of their own; return the identity's id."""
        ...

    def enrol_totp(self, identity_id: str) -> None:
        """Enrol an authenticator app. No session is left behind."""
        ...

    def sign_in(self, identity_id: str) -> str:
        """Sign in with the password; return the session's id."""
        ...

    def step_up(self, session_id: str) -> None:
        """Give the code of the authenticator app in a session."""
        ...

    def refresh(self, session_id: str) -> None:
        """Give the password again in a session."""
        ...

    def leave(self, session_id: str, left: timedelta) -> None:
        """Let a session end after this time; negative: before now."""
        ...

    def revoke(self, session_id: str) -> None:
        """End a session."""
        ...

    def disable(self, identity_id: str) -> None:
        """Set an identity's state to inactive."""
        ...

    def delete(self, identity_id: str) -> None:
        """Delete an identity."""
        ...

    def client(self, client_id: str, **fields: Any) -> None:
        """Register a client with these fields of Hydra's API."""
        ...

    def begin_login(self, client_id: str, scope: str) -> str:
        """Let a client send a browser to sign in; return the login challenge."""
        ...

    def ask(self, upstream: str, method: str, target: str) -> requests.Response:
        """Send a request as it is."""
        ...


@dataclass
class FakeWorld:
    """The stand-in, on its real sockets."""

    fake: FakeOry
    served: Served
    kratos: Kratos = field(init=False)
    hydra: Hydra = field(init=False)

    def __post_init__(self) -> None:
        self.kratos = Kratos(Transport("kratos", self.served.kratos.url))
        self.hydra = Hydra(Transport("hydra", self.served.hydra.url))

    def person(self, *, metadata_admin: Mapping[str, Any] | None = None, **traits: object) -> str:
        return self.fake.kratos.add_identity(
            {"email": "ada@example.org", **traits}, metadata_admin=metadata_admin
        )

    def enrol_totp(self, identity_id: str) -> None:
        self.fake.kratos.identities[identity_id].second_factors.add("totp")

    def sign_in(self, identity_id: str) -> str:
        return self.fake.kratos.sign_in(identity_id, "password")

    def step_up(self, session_id: str) -> None:
        self.fake.kratos.add_factor(session_id, "totp")

    def refresh(self, session_id: str) -> None:
        self.fake.kratos.add_factor(session_id, "password")

    def leave(self, session_id: str, left: timedelta) -> None:
        self.fake.kratos.sessions[session_id].expires_at = datetime.now(UTC) + left

    def revoke(self, session_id: str) -> None:
        self.fake.kratos.sessions[session_id].revoked = True

    def disable(self, identity_id: str) -> None:
        self.fake.kratos.identities[identity_id].state = "inactive"

    def delete(self, identity_id: str) -> None:
        self.fake.kratos.delete_identity(identity_id)

    def client(self, client_id: str, **fields: Any) -> None:
        self.fake.hydra.add_client(
            client_id,
            name=fields.get("client_name", ""),
            owner=fields.get("owner", ""),
            scopes=fields.get("scope", "").split(),
            metadata=fields.get("metadata"),
        )

    def begin_login(self, client_id: str, scope: str) -> str:
        return self.fake.hydra.add_login_request(client_id, scope.split())

    def ask(self, upstream: str, method: str, target: str) -> requests.Response:
        listener = self.served.kratos if upstream == "kratos" else self.served.hydra
        return requests.request(method, listener.url + target, timeout=10, allow_redirects=False)


@dataclass
class RealWorld:
    """The real Kratos and Hydra of ``tests/ory``."""

    ory: Ory
    kratos: Kratos = field(init=False)
    hydra: Hydra = field(init=False)
    people: dict[str, Person] = field(default_factory=dict)
    _authenticators: dict[str, Authenticator] = field(default_factory=dict)
    _sessions: dict[str, tuple[native.Session, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kratos = Kratos(Transport("kratos", self.ory.kratos_admin_url))
        self.hydra = Hydra(Transport("hydra", self.ory.hydra_admin_url))

    def person(self, *, metadata_admin: Mapping[str, Any] | None = None, **traits: object) -> str:
        person = self.ory.people.create(traits, metadata_admin=metadata_admin)
        self.people[person.id] = person
        return person.id

    def enrol_totp(self, identity_id: str) -> None:
        person = self.people[identity_id]
        self._authenticators[identity_id] = native.enrol_authenticator(self.ory, person)

    def sign_in(self, identity_id: str) -> str:
        session = native.login(self.ory, self.people[identity_id])
        self._sessions[session.id] = (session, identity_id)
        return session.id

    def step_up(self, session_id: str) -> None:
        session, identity_id = self._sessions[session_id]
        reply = native.step_up(self.ory, session, self._authenticators[identity_id])
        assert reply.status_code == 200, reply.text

    def refresh(self, session_id: str) -> None:
        session, identity_id = self._sessions[session_id]
        reply = native.refresh(self.ory, session, self.people[identity_id])
        assert reply.status_code == 200, reply.text

    def leave(self, session_id: str, left: timedelta) -> None:
        database.leave(self.ory, session_id, left)

    def revoke(self, session_id: str) -> None:
        self.ory.people.revoke(session_id)

    def disable(self, identity_id: str) -> None:
        self.ory.people.disable(self.people[identity_id])

    def delete(self, identity_id: str) -> None:
        self.ory.people.delete(self.people[identity_id])

    def client(self, client_id: str, **fields: Any) -> None:
        body = {
            "client_id": client_id,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "redirect_uris": [f"{self.ory.app.url}/callback"],
            **fields,
        }
        address = f"{self.ory.hydra_admin_url}/admin/clients/{quote(client_id, safe='')}"
        requests.delete(address, timeout=10)
        requests.post(
            f"{self.ory.hydra_admin_url}/admin/clients", json=body, timeout=10
        ).raise_for_status()

    def begin_login(self, client_id: str, scope: str) -> str:
        query = {
            "client_id": client_id,
            "response_type": "code",
            "scope": scope,
            "redirect_uri": f"{self.ory.app.url}/callback",
            "state": "a-state-of-the-client",
            "code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "code_challenge_method": "S256",
        }
        address = f"{self.ory.hydra_public_url}/oauth2/auth?{urlencode(query)}"
        reply = requests.get(address, timeout=10, allow_redirects=False)
        return parse_qs(urlsplit(reply.headers["Location"]).query)["login_challenge"][0]

    def ask(self, upstream: str, method: str, target: str) -> requests.Response:
        url = self.ory.kratos_admin_url if upstream == "kratos" else self.ory.hydra_admin_url
        return requests.request(method, url + target, timeout=10, allow_redirects=False)
