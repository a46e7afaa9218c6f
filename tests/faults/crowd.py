"""The stand-in for Kratos and Hydra with as many people as a test asks for.

Every event is about a person of its own: what it must lead to can be told apart from what all
others lead to, and is asked of the stand-in, not of the service.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from server.running import KRATOS, REFRESH, hook
from unit.workbench import Recorded

from webhook_service.ory.fake import AdminApi, FakeOry
from webhook_service.ory.fake.answers import Answer, json_answer
from webhook_service.ory.fake.people import FakeIdentity, FakeSession

POLICY = """
sessions:
  - name: stays signed in
    when: client.id == "web" && token.grant == "refresh_token"
    extend: {when_left: 3650d}
    max_age: unlimited
  - name: not for long
    when: client.id == "kiosk" && token.grant == "refresh_token"
    max_age: 1h
deny:
  - name: from there
    events: [kratos.login]
    when: request.ip == "203.0.113.5"
revoke:
  - name: a new password
    events: [kratos.settings]
    revoke: [other_sessions, tokens]
  - name: a way back in
    events: [kratos.recovery]
    revoke: [all_sessions, tokens]
  - name: signed in with a code
    events: [kratos.login]
    when: event.method == "code"
    revoke: [other_sessions]
"""

CAP = timedelta(hours=1)
"""``max_age`` of a kiosk's session."""

_SETTINGS: dict[str, Any] = Recorded().body("kratos.settings-password.api")
_RECOVERY: dict[str, Any] = Recorded().body("kratos.recovery.api")
_LOGIN: dict[str, Any] = Recorded().body("kratos.login.api.code")
_MACHINE: dict[str, Any] = Recorded().body("hydra.token.client_credentials")


@dataclass(frozen=True)
class Event:
    """A hook that Ory sends, and what must have come of it once it was answered 2xx."""

    name: str
    subject: str
    request: bytes
    is_done: Callable[[], bool]


class Crowd(FakeOry):
    """Kratos and Hydra, whose every call takes ``seconds``.

    Kratos refuses the first extension of each session: it takes place after the answer only.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(earliest_possible_extend=timedelta(days=3650))
        self.seconds = seconds
        self._refused: set[str] = set()
        self._numbers = count(1)

    def handle(self, upstream: AdminApi, method: str, target: str, body: bytes = b"") -> Answer:
        time.sleep(self.seconds)
        if method == "PATCH" and target not in self._refused:
            self._refused.add(target)
            return json_answer(503, {"error": {"code": 503, "message": "busy"}})
        return super().handle(upstream, method, target, body)

    def ended(self, session_id: str) -> int:
        """Return how often Kratos was asked to end a session."""
        target = f"/admin/sessions/{session_id}"
        return sum(call.method == "DELETE" and call.target == target for call in list(self.calls))

    def person(self) -> str:
        """Add somebody."""
        one = str(uuid.uuid4())
        long_ago = datetime.now(UTC) - timedelta(days=400)
        with self._lock:
            self.kratos.identities[one] = FakeIdentity(one, created_at=long_ago, traits={})
        return one

    def session(
        self, person: str, *, age: timedelta = timedelta(minutes=30), left: timedelta | None = None
    ) -> FakeSession:
        """Sign somebody in, so long ago."""
        now = datetime.now(UTC)
        begun = now - age
        one = FakeSession(
            str(uuid.uuid4()),
            person,
            issued_at=begun,
            authenticated_at=begun,
            expires_at=now + (left or timedelta(hours=12)),
            factors=[("password", "aal1", begun)],
        )
        with self._lock:
            self.kratos.sessions[one.id] = one
        return one

    def tokens(self, person: str, session: FakeSession) -> Callable[[], bool]:
        """Issue tokens to a session; return what tells whether they were revoked."""
        consents = self.hydra.consents
        with self._lock:
            login = consents.log_in(person, session.id)
            chain = consents.consent(login, "web", session_id=session.id)
            chain.requested_at = chain.handled_at = session.issued_at
        return lambda: chain.id not in consents.chains

    def new_password(self) -> Event:
        """Change a password: the other session ends, and every token; the own session stays."""
        person = self.person()
        own, other = self.session(person), self.session(person)
        revoked = self.tokens(person, other)
        body = self._told(_SETTINGS, person)
        body["session"]["id"] = own.id
        return Event(
            "a new password",
            person,
            hook(body, key=KRATOS, target="/hooks/kratos/settings/password"),
            lambda: other.revoked and revoked() and not own.revoked,
        )

    def way_back(self) -> Event:
        """Recover an account: every session ends, and every token."""
        person = self.person()
        sessions = [self.session(person), self.session(person)]
        revoked = self.tokens(person, sessions[0])
        return Event(
            "a way back in",
            person,
            hook(self._told(_RECOVERY, person), key=KRATOS, target="/hooks/kratos/recovery"),
            lambda: all(one.revoked for one in sessions) and revoked(),
        )

    def login(self) -> Event:
        """Sign in with a code: the other sessions end."""
        person = self.person()
        other = self.session(person)
        return Event(
            "a login",
            person,
            hook(self._signed_in(person), key=KRATOS, target="/hooks/kratos/login/code"),
            lambda: other.revoked,
        )

    def quiet_login(self) -> Event:
        """Sign in with a password: nothing follows."""
        person = self.person()
        body, target = self._signed_in(person), "/hooks/kratos/login/password"
        return Event("a quiet login", person, hook(body, key=KRATOS, target=target), lambda: True)

    def refresh(self) -> Event:
        """Refresh a token of the web app: its session is extended."""
        person = self.person()
        session = self.session(person)
        before = session.expires_at
        return Event(
            "a refresh",
            person,
            hook(self._refresh(person, session.id, "web")),
            lambda: session.expires_at > before,
        )

    def capped(self, *, ends_in: timedelta = timedelta(seconds=2)) -> Event:
        """Refresh a token of a kiosk: its session ends at its cap."""
        person = self.person()
        session = self.session(person, age=CAP - ends_in)
        return Event(
            "a cap",
            person,
            hook(self._refresh(person, session.id, "kiosk")),
            lambda: session.revoked,
        )

    def quiet_refresh(self) -> Event:
        """Refresh a token of an app that no rule speaks of."""
        person = self.person()
        body = self._refresh(person, self.session(person).id, "another")
        return Event("a quiet refresh", person, hook(body), lambda: True)

    def machine(self) -> Event:
        """Issue a token to a machine."""
        body = {**_MACHINE, "number": next(self._numbers)}
        return Event("a machine", "machine", hook(body), lambda: True)

    def _told(self, recorded: dict[str, Any], person: str) -> dict[str, Any]:
        body = deepcopy(recorded)
        body["identity"]["id"] = person
        body["flow"]["id"] = str(uuid.uuid4())
        return body

    def _signed_in(self, person: str) -> dict[str, Any]:
        body = self._told(_LOGIN, person)
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body["session"].update(authenticated_at=now, issued_at=now)
        body["session"]["authentication_methods"][0]["completed_at"] = now
        return body

    def _refresh(self, person: str, session_id: str, client: str) -> dict[str, Any]:
        text = json.dumps(REFRESH)
        for there, here in (
            (REFRESH["session"]["id_token"]["subject"], person),
            (REFRESH["session"]["extra"]["kratos_session_id"], session_id),
            ('"client_id": "web"', f'"client_id": "{client}"'),
        ):
            assert there in text
            text = text.replace(there, here)
        body: dict[str, Any] = json.loads(text)
        return {**body, "number": next(self._numbers)}
