"""What the words of a decision record mean: verdicts, answers, notes, calls that told nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webhook_service.hooks.reply import STORE_UNAVAILABLE
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.policy.facts import EventName

VERDICTS: Final[Mapping[str, str]] = {
    Verdict.ALLOW: "allowed",
    Verdict.STEP_UP: "second factor asked for",
    Verdict.ENROL: "second factor to be set up first",
    Verdict.DENY: "refused",
}

REASONS: Final[Mapping[str, str]] = {
    Reason.RULE_DENIED: "A deny rule matched.",
    Reason.MFA_NO_SESSION: "The rule needs a live session, and there is none.",
    Reason.MFA_AAL_TOO_LOW: "The session has not used a second factor, though one is enrolled.",
    Reason.MFA_METHOD_NOT_ACCEPTED: "The factor that was used is none that the rule accepts.",
    Reason.MFA_TOO_OLD: "The factor was used longer ago than the rule accepts.",
    Reason.MFA_NOT_ENROLLED: "No factor that the rule accepts is enrolled.",
    Reason.SESSION_NOT_ACTIVE: "The session is over, or there is none.",
    Reason.SESSION_PAST_MAX_AGE: "The session is older than the rule's max_age.",
    Reason.SESSION_ENDING: "The session or its tokens are being ended: an effect is on its way.",
    Reason.POLICY_UNKNOWN: "A fact that the rule needs could not be read (on_error: deny).",
}

NOTES: Final[Mapping[str, str]] = {
    "mfa.enrolment_grace": "The person has no second factor yet, and is let through until then.",
    "subject.none": "No user is behind the token: rules about users are passed over.",
    "policy.passed_over": "A rule that could not be decided says on_error: allow.",
    "session.not_the_subjects": "The session that was named belongs to another person.",
    "session.ambiguous": "No session was named, and none or several fit: none is guessed.",
    "extend.failed": "The extension failed; it is tried again as an effect.",
    "revoke.all_sessions_instead": (
        "Which session is the event's own is not known: all of the person's are ended."
    ),
    "check.of_client": "A check asked what would be decided for this client's token.",
    "gate.login": "Decided at the login gate, before any token.",
    "gate.consent": "Decided at the consent gate, before any token.",
}

UNKNOWN: Final[Mapping[str, str]] = {
    "upstream.timeout": "did not answer in time",
    "upstream.unreachable": "could not be reached",
    "upstream.unauthorized": "refused the service's own key",
    "upstream.busy": "had too much to do (429 or 503)",
    "upstream.invalid": "answered what this version cannot use",
}

EXTENSIONS: Final[Mapping[str, str]] = {
    "extended": "The session was extended, and its new end read back.",
    "unchanged": "Kratos left the session as it is: enough time is left.",
    "repeated": "An earlier try of the same event had taken it on.",
    "ending": "The session was about to end by itself: it was not extended.",
    "deferred": "The session could not be read: it is extended later, as an effect.",
    "failed": "It failed: it is tried again, as an effect.",
}

KEPT: Final[Mapping[str, str]] = {
    "accepted": "kept, to be done after the answer",
    "repeated": "kept before, by another try or event",
    "done": "done at once, for the database did not take it",
    "lost": "lost: the database did not take it",
}

_REFUSABLE: Final = frozenset(
    {EventName.KRATOS_LOGIN, EventName.KRATOS_REGISTRATION, EventName.KRATOS_SETTINGS}
)
_GATES: Final = frozenset({"gate.login", "gate.consent"})
_OF_CLIENT: Final = "check.of_client"

_TO_HYDRA: Final[Mapping[int, str]] = {
    200: "Hydra issues the token with the claims that rules changed; all others stay.",
    204: "Hydra issues the token unchanged.",
    403: (
        "Hydra refuses the token: its client gets access_denied. After a refresh the refresh"
        " token stays good; an authorization code is lost."
    ),
    503: "Hydra asks three times within 3 s, then its client gets server_error and may try again.",
}
_TO_KRATOS: Final[Mapping[int, str]] = {
    204: "Kratos goes on.",
    403: "Kratos refuses and shows the message above the form.",
    503: "Kratos asks three times within 3 s, then shows its error page.",
}
_TO_CHECK: Final[Mapping[int, str]] = {
    200: "The gateway or backend lets the request through.",
    303: "The browser is sent on, to where it can sign in or step up.",
    401: "The gateway or backend turns the request down, and is told where to sign in or step up.",
    403: "The gateway or backend turns the request down for good.",
    503: "The gateway or backend turns the request down for now.",
}
_TO_GATE: Final[Mapping[int, str]] = {
    200: "The browser got the consent page.",
    303: "The browser was sent on: to Hydra, or to Kratos to sign in or step up.",
}


def answer_in_words(event: str, status: int, notes: tuple[str, ...] = ()) -> str:
    """Say what an answer means to whoever asked.

    Args:
        event: what was asked about.
        status: the HTTP status of the answer.
        notes: the record's notes, which tell of a gate.
    """
    if _GATES & set(notes):
        return _TO_GATE.get(status, "The browser got a page that says why there is no way on.")
    if event == EventName.CHECK or _OF_CLIENT in notes:
        return _TO_CHECK.get(status, "")
    return (_TO_KRATOS if event.startswith("kratos.") else _TO_HYDRA).get(status, "")


def is_shown_to_person(event: str) -> bool:
    """Whether Kratos shows the message of a refusal."""
    return event in _REFUSABLE


def why_otherwise(event: str, verdict: str, status: int) -> str | None:
    """Say why an answer is not what the verdict says; ``None`` where it is."""
    if verdict == Verdict.ALLOW and status in {403, 503}:
        return (
            "The decision was to allow. What must follow from it could not be kept"
            f" ({STORE_UNAVAILABLE}), so it could not be answered like that."
        )
    if verdict != Verdict.ALLOW and status == 204:  # noqa: PLR2004  no content: go on
        if event == EventName.KRATOS_LOGIN:
            return "A login is not refused for want of a second factor: only a session can step up."
        return "What the event is about had happened by then, and cannot be refused any more."
    return None
