"""Finds the session that a credential proves: asks Kratos, or Hydra and Kratos. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from webhook_service.gather import AMBIGUOUS, NOT_THE_SUBJECTS, Call, timed
from webhook_service.hooks.credential import Credential, Proof
from webhook_service.hooks.event import as_uuid
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.kratos_public import KratosPublic, SecondFactorMissing, Shown
from webhook_service.policy.facts import Source
from webhook_service.sessions import Session

WHOAMI: Final = "kratos.whoami"
INTROSPECTION: Final = "hydra.introspection"

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AmbiguousError(Exception):
    """The person behind the credential is known, and which of the sessions is not."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a credential proves.

    Attributes:
        session: with its identity; ``None`` where it proves none. Whether it is alive at a
            moment, its own times say.
        lacks_second_factor: it proves one that Kratos shows only after a second factor (F64).
        token_issued_at: when the access token was issued that names the session.
        notes: remarks for the decision record.
    """

    session: Session | None = None
    lacks_second_factor: bool = False
    token_issued_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def subject(self) -> str | None:
        """The person whose session it is."""
        return self.session.identity.id if self.session and self.session.identity else None


NOTHING: Final = Proven()


@dataclass(slots=True)
class Inquiry:
    """One attempt to find out.

    Attributes:
        deadline: by when.
        calls: what was asked for it.
        set_cookie: the cookie that Kratos gave along, for the browser that asked (F57). It is
            not part of what is proven: it must never be kept, or reach another browser.
    """

    deadline: Deadline
    calls: list[Call] = field(default_factory=list)
    set_cookie: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proofs:
    """Knows whom to ask about which credential.

    ``kratos`` and ``hydra`` are ``None`` where no setting names them: what they would tell is
    unknown then.
    """

    public: KratosPublic
    kratos: Kratos | None
    hydra: Hydra | None

    def find(self, credential: Credential, inquiry: Inquiry) -> Proven:
        """Return what a credential proves.

        Raises:
            OryError: it is not known.
            AmbiguousError: neither, and asking again would not help.
        """
        match credential.proof:
            case Proof.SESSION_TOKEN | Proof.SESSION_COOKIE:
                return self._of_holder(credential, inquiry)
            case Proof.ACCESS_TOKEN:
                return self._of_token(credential.value, inquiry)
        return self._of_id(credential.value, credential.subject, inquiry)

    def show(self, credential: Credential, inquiry: Inquiry) -> Session | None:
        """Ask Kratos as the holder of a cookie or token would; keep the cookie it gives.

        Raises:
            OryError: no usable answer came.
        """
        shown = self._shown(credential, inquiry)
        inquiry.set_cookie = shown.set_cookie
        return shown.session

    def _shown(self, credential: Credential, inquiry: Inquiry) -> Shown:
        with timed(inquiry.calls, WHOAMI):
            if credential.proof is Proof.SESSION_COOKIE:
                return self.public.show(inquiry.deadline, cookie=credential.value)
            return self.public.show(inquiry.deadline, token=credential.value)

    def _of_holder(self, credential: Credential, inquiry: Inquiry) -> Proven:
        try:
            session = self.show(credential, inquiry)
        except SecondFactorMissing:
            return Proven(lacks_second_factor=True)
        if session is not None and (session.identity is None or session.identity.id is None):
            raise OryError("kratos", UpstreamReason.INVALID, "answered with a session of nobody")
        return Proven(session)

    def _of_id(self, session_id: str, subject: str | None, inquiry: Inquiry) -> Proven:
        """Read a session by its id. The id alone proves nothing: it must be the subject's."""
        named, whose = as_uuid(session_id), as_uuid(subject)
        if named is None or whose is None:
            return NOTHING
        if self.kratos is None:
            raise OryError("kratos", UpstreamReason.UNREACHABLE, "not configured")
        with timed(inquiry.calls, Source.KRATOS_SESSION):
            session = self.kratos.session(named, inquiry.deadline)
        if session is not None and (session.identity is None or session.identity.id != whose):
            return Proven(notes=(NOT_THE_SUBJECTS,))
        return Proven(session)

    def _of_token(self, token: str, inquiry: Inquiry) -> Proven:
        """Find the session that an access token names (F28), as the token hook would."""
        if self.hydra is None:
            raise OryError("hydra", UpstreamReason.UNREACHABLE, "not configured")
        with timed(inquiry.calls, INTROSPECTION):
            told = self.hydra.introspect(token, inquiry.deadline)
        subject = as_uuid(told.subject) if told else None
        if told is None or subject is None:
            return NOTHING  # no longer good, or a machine's own
        if told.session_id is None:
            return self._unnamed(subject, inquiry)
        proven = self._of_id(str(told.session_id), subject, inquiry)
        return replace(proven, token_issued_at=told.issued_at or LONG_AGO)

    def _unnamed(self, subject: str, inquiry: Inquiry) -> Proven:
        """Judge a token that names no session: its person may have none at all (F30)."""
        if self.kratos is None:
            raise OryError("kratos", UpstreamReason.UNREACHABLE, "not configured")
        with timed(inquiry.calls, "kratos.sessions"):
            sessions = self.kratos.sessions_of(subject, inquiry.deadline)
        if sessions.items or not sessions.complete:
            raise AmbiguousError(AMBIGUOUS)
        return NOTHING
