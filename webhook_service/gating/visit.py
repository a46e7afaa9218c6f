"""One browser at a gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from webhook_service.early.proofs import Inquiry
from webhook_service.gates.answers import Outcome
from webhook_service.hooks.credential import Credential, Proof
from webhook_service.hooks.event import Raw, event_key
from webhook_service.turn import Turn


class Gate(StrEnum):
    """The gates, by the names that Hydra has for them."""

    LOGIN = "login"
    CONSENT = "consent"
    LOGOUT = "logout"

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/oauth2/{self.value}"


@dataclass(slots=True)
class Visit:
    """One browser at a gate.

    Attributes:
        gate: which.
        challenge: what Hydra sent it with.
        cookie: Kratos' session cookie, if the browser has one.
        turn: its time, and the policy.
        inquiry: what Kratos was asked about the cookie.
        set_cookie: the cookie with the session's new end, for the browser (F57).
    """

    gate: Gate
    challenge: str = field(repr=False)
    cookie: str | None = field(repr=False)
    turn: Turn
    inquiry: Inquiry
    set_cookie: str | None = field(default=None, repr=False)

    @property
    def credential(self) -> Credential | None:
        """What the browser shows to Kratos."""
        return None if self.cookie is None else Credential(Proof.SESSION_COOKIE, self.cookie)

    @property
    def key(self) -> str:
        """The key of what is decided here: the same wherever this challenge comes again."""
        return event_key(Raw(self.gate.path, self.challenge.encode()))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the browser gets, and a cookie of Kratos' to hand on."""

    outcome: Outcome
    set_cookie: str | None = field(default=None, repr=False)
