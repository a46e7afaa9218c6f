"""The consent gate: the last place at which a browser can still be sent somewhere.

What is refused here reaches the client with its reason; what passes is bound to the live
session, by which every later token is judged (F28).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from webhook_service.gates import answers
from webhook_service.gates.answers import (
    AcceptConsent,
    Answer,
    Ask,
    Notice,
    Page,
    Redirect,
    Reject,
    Way,
)
from webhook_service.gates.authorization import read
from webhook_service.gates.seen import Seen, Sight, to_kratos
from webhook_service.hooks.hints import Hint, Step
from webhook_service.ory.hydra_flows import AcceptedConsent, Asked, Refusal
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.policy.messages import stock_message
from webhook_service.sessions import AAL2, SESSION_CLAIM, Session

FIRST_PARTY: Final = "first_party"
"""A client whose metadata holds it as ``true`` is the operator's own: nobody is asked for
consent. Only the admin API writes metadata, so no client gives it to itself."""

REMEMBER_CONSENT: Final = "remember_consent"
"""Likewise, a client whose consents Hydra is to remember. It renews its tokens silently only if
it has a remembered one (seen with 2.3.0: whether it skips consent does not matter)."""

REFUSED: Final = Refusal("access_denied", "The person did not allow it.")


def unjudged(asked: Asked, seen: Seen, kratos: str) -> Answer | None:
    """Answer where Kratos does not show the session; ``None`` where it can be judged.

    A token that is issued now is not bound to a session for as long as it is refreshed: that
    is not for a moment in which Kratos gives no answer.
    """
    request = read(asked.request_url)
    if seen.sight is Sight.UNKNOWN:
        if request.silent:
            return Reject(answers.TEMPORARILY_UNAVAILABLE)
        return Page(Notice.UNAVAILABLE)
    if seen.sight is not Sight.HIDDEN:
        return None
    message = stock_message(Reason.MFA_AAL_TOO_LOW)
    decision = Decision(
        event=EventName.HYDRA_TOKEN,
        verdict=Verdict.STEP_UP,
        reason=Reason.MFA_AAL_TOO_LOW,
        message=message,
    )
    return _elsewhere(asked, decision, Hint(Step.STEP_UP, AAL2), kratos)


def answer(
    asked: Asked,
    session: Session | None,
    ruling: tuple[Decision, Hint],
    at: tuple[str, str, str | None],
) -> Answer:
    """Answer a consent request. ``session`` is its subject's own, or none.

    ``at``: Kratos' address, the challenge, and the operator's consent page if there is one.
    """
    decision, hint = ruling
    kratos, challenge, consent_ui = at
    if decision.verdict is Verdict.DENY:
        return _deny(asked, decision)
    if decision.verdict is not Verdict.ALLOW:
        return _elsewhere(asked, decision, hint, kratos)
    if asked.skip or asked.client.skip_consent or _is_marked(asked, FIRST_PARTY):
        return accepted(asked, session)
    if read(asked.request_url).silent:
        return Reject(answers.CONSENT_REQUIRED)
    if consent_ui is not None:
        query = urlencode({"consent_challenge": challenge})
        return Redirect(Way.CONSENT_UI, f"{consent_ui}?{query}")
    return Ask(asked.client.name or asked.client.id, asked.scopes)


def accepted(asked: Asked, session: Session | None) -> AcceptConsent:
    """Give the client what it asked for, bound to the session."""
    claims = {} if session is None or session.id is None else {SESSION_CLAIM: session.id}
    remember = _is_marked(asked, REMEMBER_CONSENT)
    return AcceptConsent(AcceptedConsent(asked.scopes, asked.audience, claims, remember))


def _is_marked(asked: Asked, mark: str) -> bool:
    return (asked.client.metadata or {}).get(mark) is True


def _deny(asked: Asked, decision: Decision) -> Answer:
    if not answers.could_not_be_checked(decision):
        return Reject(answers.denied(decision))
    if read(asked.request_url).silent:
        return Reject(answers.TEMPORARILY_UNAVAILABLE)
    return Page(Notice.UNAVAILABLE, decision.message)


def _elsewhere(asked: Asked, decision: Decision, hint: Hint, kratos: str) -> Answer:
    """Send the browser to Kratos and back to the authorization (F65), once."""
    request = read(asked.request_url)
    if request.silent or not request.repeatable:
        return Reject(answers.interaction_required(decision))
    if request.asked_already or hint.step is Step.NONE:
        return Page(Notice.UNMET, decision.message, request.anew)
    return to_kratos(kratos, hint, return_to=request.afterwards)
