"""What a gate answers: where the browser goes, what Hydra is told, or which page is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from webhook_service.ory.hydra_flows import AcceptedConsent, AcceptedLogin, Refusal
from webhook_service.policy.decision import Decision, Reason


class Way(StrEnum):
    """Why a browser is sent elsewhere."""

    ACCEPTED = "accepted"
    """Hydra was told yes, and said where to."""

    REJECTED = "rejected"
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    ENROL = "enrol"
    CONSENT_UI = "consent_ui"


class Notice(StrEnum):
    """The pages on which a person's way ends."""

    EXPIRED = "expired"
    """Hydra does not know the challenge, or knows it no longer."""

    UNAVAILABLE = "unavailable"
    """Kratos or Hydra gives no answer."""

    UNMET = "unmet"
    """What the rule asks for was asked of the person already, and it is not met."""

    FOREIGN = "foreign"
    """A form was sent by somebody else than the page that this browser was shown."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to Kratos, to Hydra, or to the operator's consent page."""

    way: Way
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcceptLogin:
    """Tell Hydra who signed in, in Kratos' place."""

    login: AcceptedLogin


@dataclass(frozen=True, slots=True)
class AcceptConsent:
    """Tell Hydra what the client gets."""

    consent: AcceptedConsent


@dataclass(frozen=True, slots=True)
class Reject:
    """Tell Hydra no; the client reads why."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Ask:
    """Show our own consent page."""

    client_name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirm:
    """Ask on a page of our own whether the person wants to sign out."""


@dataclass(frozen=True, slots=True)
class Page:
    """Say on a page of our own why there is no way on.

    ``message`` is the rule's, ``again`` where the person may begin anew: at Hydra.
    """

    notice: Notice
    message: str | None = None
    again: str | None = field(default=None, repr=False)


Answer: TypeAlias = Redirect | AcceptLogin | AcceptConsent | Reject | Ask | Page
"""What a gate decides."""

Outcome: TypeAlias = Redirect | Ask | Confirm | Page
"""What the browser gets: Hydra has been told what it had to be told."""

LOGIN_REQUIRED: Final = Refusal(
    "login_required", "Nobody is signed in, and the client asked for no page to be shown."
)
SECOND_FACTOR_REQUIRED: Final = Refusal(
    "interaction_required",
    "A second factor is needed, and the client asked for no page to be shown.",
)
TEMPORARILY_UNAVAILABLE: Final = Refusal(
    "temporarily_unavailable",
    "Whether this is allowed could not be checked just now. Try again.",
    status=503,
)
CONSENT_REQUIRED: Final = Refusal(
    "consent_required", "Consent is needed, and the client asked for no page to be shown."
)

STATUS: Final[Mapping[Notice, int]] = {
    Notice.EXPIRED: 410,
    Notice.UNAVAILABLE: 503,
    Notice.UNMET: 403,
    Notice.FOREIGN: 403,
}


def status_of(outcome: Outcome) -> int:
    """Return the HTTP status that the browser gets: a redirect is always fetched with GET."""
    if isinstance(outcome, Redirect):
        return 303
    return STATUS[outcome.notice] if isinstance(outcome, Page) else 200


def name_of(outcome: Outcome) -> str:
    """Name what the browser gets, for metrics."""
    match outcome:
        case Redirect(way=way):
            return way.value
        case Page(notice=notice):
            return notice.value
    return "asked"


def interaction_required(decision: Decision) -> Refusal:
    """Refuse where a person would have to do something, and must not be asked to."""
    return _told("interaction_required", decision)


def denied(decision: Decision) -> Refusal:
    """Refuse what a rule denies: with its message, which the client sees here (F19)."""
    return _told("access_denied", decision)


def _told(error: str, decision: Decision) -> Refusal:
    reason = "" if decision.reason is None else f"({decision.reason})"
    return Refusal(error, decision.message or "This is not allowed.", reason)


def could_not_be_checked(decision: Decision) -> bool:
    """Whether trying again may bring another decision: a fact could not be read."""
    return decision.reason is Reason.POLICY_UNKNOWN
