"""What the words of effects mean: their kinds, their causes, and the reasons of their tries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webhook_service.effects.effect import Cause, Kind, State

KINDS: Final[Mapping[Kind, str]] = {
    Kind.EXTEND_SESSION: "extends a session, unless it is over",
    Kind.END_SESSION: "ends one session, its tokens, and the login that Hydra remembers for it",
    Kind.END_OTHER_SESSIONS: "ends a person's sessions but the one behind the event",
    Kind.END_ALL_SESSIONS: "ends a person's sessions",
    Kind.REVOKE_TOKENS: "revokes a person's tokens at Hydra",
}

STATES: Final[Mapping[State, str]] = {
    State.PENDING: "It waits for its time, for its next try or for a worker.",
    State.RUNNING: "A worker holds it.",
    State.DONE: "It is done and verified, or nothing had to be done any more.",
    State.FAILED: "It will not be tried again unless it is told to.",
    State.CANCELLED: "An operator let it not be done.",
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.PAST_MAX_AGE: "the session was found past the rule's max_age",
    Cause.MAX_AGE: "the session will be past the rule's max_age then",
    Cause.STEP_UP_WITHIN: "the session has until then to meet the rule",
}

_WITH_SOME_UNKNOWN: Final = ", some unknown"

REASONS: Final[Mapping[str, str]] = {
    # Why a try did not end it, or why nothing more was tried.
    "upstream.timeout": "Kratos or Hydra did not answer in time.",
    "upstream.unreachable": "No connection to Kratos or Hydra could be made, or it broke.",
    "upstream.unauthorized": (
        "Kratos or Hydra answered 401 or 403: the key that the service sends is wrong or missing."
    ),
    "upstream.busy": "Kratos or Hydra answered 429 or 503: it has too much to do.",
    "upstream.invalid": "Kratos or Hydra answered what this version cannot use.",
    "session.not_found": "No session of the person could be found that the effect is about.",
    "session.ambiguous": (
        "More than one session may be the one that the effect is about; none is guessed."
    ),
    "session.not_the_subjects": "The session belongs to another identity. It was left alone.",
    "session.still_active": "The session was ended, and Kratos still told of it as active.",
    "session.not_active": "The session is over: there is nothing to extend.",
    "tokens.still_listed": "The tokens were revoked, and Hydra still told of them.",
    "policy.unknown": "What the policy needs to know to decide this is not known any more.",
    "service.store_unavailable": "The database did not answer in time.",
    "effect.unreadable": "What was kept of it cannot be read.",
    "effect.error": "The service failed in it; its log names the place.",
    "effect.deadline": "Its deadline passed before its first try.",
    "failed": "The extension failed.",
    # How it ended.
    "ended": "What was alive was ended.",
    "ended_before": "It had ended before.",
    "revoked": "The tokens were revoked.",
    "newer ones too": "Tokens that were issued after the event had to be revoked along with them.",
    "no tokens": "Hydra told of no tokens.",
    "tokens by chain": "Its tokens were revoked one sign-in at a time.",
    "tokens by client": (
        "Its tokens were revoked client by client; those of other sessions went along."
    ),
    "Hydra is not configured": "No tokens were looked for: no setting names Hydra.",
    "rule_gone": "The rule has left the policy, or is in the shadow: nothing was done.",
    "met": "The session has stepped up in time: nothing was done.",
    "superseded": "The session is being ended: it was not extended.",
    "not_due": "The policy asks for no extension any more.",
    "refused": "The policy refuses the session by now: it was not extended.",
    "extended": "The session was extended.",
    "unchanged": "Kratos left the session as it is: enough time is left.",
    "repeated": "An earlier try of the same event had extended it.",
    "ending": "The session was about to end by itself: it was not extended.",
}
"""By the word that is kept; of what was done, each of its parts."""

_SOME_UNKNOWN: Final = "There may be tokens of which Hydra tells nothing."


def meaning(reason: str) -> str:
    """Say in sentences what a reason means; nothing where it is of another version."""
    sentences = []
    for part in reason.split("; "):
        known = part.removesuffix(_WITH_SOME_UNKNOWN)
        if known in REASONS:
            sentences.append(REASONS[known])
            if known != part:
                sentences.append(_SOME_UNKNOWN)
    return " ".join(sentences)
