"""Asks Kratos and Hydra for what the policy still needs to know about one event.

One source a turn, and only one that ``decide`` wants (P27). What cannot be read is
unknown, with the reason code of why (P14); a 404 is an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from webhook_service.effects.extend_session import SessionApi
from webhook_service.hooks.event import Event
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError
from webhook_service.ory.hydra import Hydra, OAuthClient
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.session_of_token import Ambiguous, match_by_auth_time
from webhook_service.policy.asking import next_source
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import Facts, Source
from webhook_service.policy.known import (
    NO_IDENTITY,
    NO_SESSION,
    identity_facts,
    session_facts,
)
from webhook_service.sessions import Session
from webhook_service.tracing import spans

AMBIGUOUS: Final = "session.ambiguous"
NOT_THE_SUBJECTS: Final = "session.not_the_subjects"
NOT_CONFIGURED: Final = "upstream.unreachable"

CLOCK_SLACK: Final = timedelta(seconds=1)
"""How far a login and its ``auth_time`` may lie apart beyond the login hook's time (F30)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made upstream, for the decision record."""

    operation: str
    outcome: str
    """``ok`` or a reason code."""
    seconds: float


@dataclass(slots=True)
class Known:
    """What is known of one event so far, and how it became known."""

    event: Event
    values: dict[str, Value]
    answered: set[Source]
    failed: dict[Source, str] = field(default_factory=dict)
    session: Session | None = None
    calls: list[Call] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, event: Event) -> Known:
        """Begin with what the payload tells."""
        return cls(event, dict(event.values), set(event.answered), notes=list(event.notes))

    def facts(self) -> Facts:
        """Return the facts as they stand."""
        return Facts(self.event.name, self.values, frozenset(self.answered), self.failed)

    def learn(self, source: Source, values: dict[str, Value]) -> None:
        """Add what a source answered."""
        self.values.update(values)
        self.answered.add(source)

    def watched(self, kratos: Kratos) -> SessionApi:
        """Return the part of Kratos that an extension needs, with its calls kept here."""
        return _Watched(self, kratos)

    def call(self, operation: str) -> AbstractContextManager[None]:
        """Time one upstream call and keep its outcome."""
        return timed(self.calls, operation)


@contextmanager
def timed(calls: list[Call], operation: str) -> Iterator[None]:
    """Time one upstream call and add it, with its outcome, to those that were made."""
    begun = time.monotonic()
    outcome = "ok"
    try:
        with spans.operation(operation):
            yield
    except OryError as error:
        outcome = error.reason
        raise
    finally:
        calls.append(Call(operation, outcome, time.monotonic() - begun))


@dataclass(frozen=True, slots=True)
class _Watched:
    known: Known
    kratos: Kratos

    def session(self, session_id: str, deadline: Deadline) -> Session | None:
        with self.known.call(Source.KRATOS_SESSION):
            return self.kratos.session(session_id, deadline)

    def extend(self, session_id: str, deadline: Deadline) -> Session | None:
        with self.known.call("kratos.extend"):
            return self.kratos.extend(session_id, deadline)


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Knows which call brings which source.

    ``hook_time`` is how long a login hook may take: ``auth_time`` lies that much after
    the login that it tells of (F10).
    """

    kratos: Kratos | None
    hydra: Hydra | None
    hook_time: timedelta
    kratos_public: KratosPublic | None = None

    def ask(self, known: Known, decision: Decision, deadline: Deadline) -> None:
        """Ask one of the sources that the decision wants."""
        self.learn(next_source(decision, known.facts()), known, deadline)

    def learn(self, source: Source, known: Known, deadline: Deadline) -> None:
        """Ask a source; where it does not tell, keep why."""
        try:
            self._asker(source)(known, deadline)
        except OryError as error:
            known.failed[source] = error.reason

    def learn_session(self, known: Known, deadline: Deadline) -> None:
        """Read the session behind a token, unless that was done, or tried, already."""
        if known.facts().is_pending(Source.KRATOS_SESSION):
            self.learn(Source.KRATOS_SESSION, known, deadline)

    def learn_own_session(self, known: Known, deadline: Deadline) -> None:
        """Find out whose session cookie came with the event, where the body names none (F33).

        Not known where Kratos does not tell, or tells of another person's session.
        """
        event = known.event
        if event.session_id is not None or not event.session_cookie or not self.kratos_public:
            return
        try:
            with known.call("kratos.whoami"):
                session = self.kratos_public.whoami(deadline, cookie=event.session_cookie)
        except OryError:
            return  # the call's outcome is in the record
        if session is not None and session.identity and session.identity.id == event.subject:
            known.session = session

    def _asker(self, source: Source) -> Callable[[Known, Deadline], None]:
        return {
            Source.KRATOS_SESSION: self._session,
            Source.KRATOS_IDENTITY: self._identity,
            Source.HYDRA_CLIENT: self._client,
            Source.HYDRA_LOGIN_REQUEST: self._login_request,
        }[source]

    def _session(self, known: Known, deadline: Deadline) -> None:
        event = known.event
        if self.kratos is None:
            known.failed[Source.KRATOS_SESSION] = NOT_CONFIGURED
            return
        if event.session_id is None:
            self._session_by_time(self.kratos, known, deadline)
            return
        with known.call(Source.KRATOS_SESSION):
            session = self.kratos.session(event.session_id, deadline)
        if session is not None and (
            session.identity is None or session.identity.id != event.subject
        ):
            known.notes.append(NOT_THE_SUBJECTS)
            session = None
        self._learn_session(known, session)

    def _session_by_time(self, kratos: Kratos, known: Known, deadline: Deadline) -> None:
        """Find the session of a token that does not name it (F30). Never guess."""
        event = known.event
        if event.subject is None:  # pragma: no cover  the hooks answer these without a call
            self._learn_session(known, None)
            return
        with known.call("kratos.sessions"):
            sessions = kratos.sessions_of(event.subject, deadline)
        if sessions.complete and not sessions.items:
            self._learn_session(known, None)
            return
        match = (
            match_by_auth_time(
                sessions.items, event.auth_time, self.hook_time + CLOCK_SLACK, CLOCK_SLACK
            )
            if event.auth_time is not None and sessions.complete
            else Ambiguous.AMBIGUOUS
        )
        if isinstance(match, Session):
            self._learn_session(known, match)
        else:
            known.notes.append(AMBIGUOUS)
            known.failed[Source.KRATOS_SESSION] = AMBIGUOUS

    @staticmethod
    def _learn_session(known: Known, session: Session | None) -> None:
        known.session = session
        known.learn(
            Source.KRATOS_SESSION,
            dict(NO_SESSION) if session is None else session_facts(session),
        )

    def _identity(self, known: Known, deadline: Deadline) -> None:
        subject = known.event.subject
        if self.kratos is None:
            known.failed[Source.KRATOS_IDENTITY] = NOT_CONFIGURED
            return
        if subject is None:  # pragma: no cover  the hooks answer these without a call
            known.learn(Source.KRATOS_IDENTITY, dict(NO_IDENTITY))
            return
        with known.call(Source.KRATOS_IDENTITY):
            identity = self.kratos.identity(subject, deadline)
        known.learn(
            Source.KRATOS_IDENTITY,
            dict(NO_IDENTITY) if identity is None else identity_facts(identity),
        )

    def _client(self, known: Known, deadline: Deadline) -> None:
        if self.hydra is None or known.event.client_id is None:
            known.failed[Source.HYDRA_CLIENT] = NOT_CONFIGURED
            return
        with known.call(Source.HYDRA_CLIENT):
            client = self.hydra.client(known.event.client_id, deadline)
        known.learn(Source.HYDRA_CLIENT, {} if client is None else client_facts(client))

    def _login_request(self, known: Known, deadline: Deadline) -> None:
        challenge = known.event.login_challenge
        if self.hydra is None or challenge is None:
            known.failed[Source.HYDRA_LOGIN_REQUEST] = NOT_CONFIGURED
            return
        with known.call(Source.HYDRA_LOGIN_REQUEST):
            request = self.hydra.login_request(challenge, deadline)
        if request is None:
            # The challenge came from Kratos a moment ago: a Hydra that does not know it
            # is not the one that made it, so what it holds is unknown, not absent.
            known.failed[Source.HYDRA_LOGIN_REQUEST] = "upstream.invalid"
            return
        known.learn(
            Source.HYDRA_LOGIN_REQUEST,
            {"client.id": request.client.id, **client_facts(request.client)},
        )


def client_facts(client: OAuthClient) -> dict[str, Value]:
    """Return the ``client.*`` facts of a registered client, but for its id."""
    return {
        "client.name": client.name,
        "client.owner": client.owner,
        "client.scopes": client.scopes,
        "client.metadata": client.metadata,
    }
