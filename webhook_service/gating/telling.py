"""Tells Hydra what a gate decided, and where the browser goes from there."""

from __future__ import annotations

from typing import Final, Literal, assert_never
from urllib.parse import urlsplit

from webhook_service.gates.answers import (
    AcceptConsent,
    AcceptLogin,
    Answer,
    Ask,
    Outcome,
    Page,
    Redirect,
    Reject,
    Way,
)
from webhook_service.gates.authorization import same_origin
from webhook_service.gating.visit import Gate, Visit
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra_flows import Asked, HydraFlows

_SIGN_OUT: Final = "/oauth2/sessions/logout"


def tell(flows: HydraFlows, visit: Visit, asked: Asked, answer: Answer) -> Outcome:
    """Tell Hydra about a login or a consent what it must be told, if anything.

    Raises:
        OryError: it gives no answer, or one that leads elsewhere than to itself.
    """
    challenge, deadline = visit.challenge, visit.turn.deadline
    match answer:
        case AcceptLogin(login=login):
            way, url = Way.ACCEPTED, flows.accept_login(challenge, login, deadline)
        case AcceptConsent(consent=consent):
            way, url = Way.ACCEPTED, flows.accept_consent(challenge, consent, deadline)
        case Reject(refusal=refusal):
            kind: Literal["login", "consent"]
            kind = "login" if visit.gate is Gate.LOGIN else "consent"
            way, url = Way.REJECTED, flows.reject(kind, challenge, refusal, deadline)
        case Redirect() | Ask() | Page():
            return answer
        case _ as never:
            assert_never(never)
    if not same_origin(url, asked.request_url):
        raise _elsewhere()
    return Redirect(way, url)


def tell_of_logout(flows: HydraFlows, visit: Visit) -> Outcome:
    """Tell Hydra that the person may be signed out.

    Raises:
        OryError: it gives no answer, or one that leads elsewhere than to itself. Of a sign-out
            it does not tell its own host, so the path must do.
    """
    url = flows.accept_logout(visit.challenge, visit.turn.deadline)
    if not (same_origin(url, url) and urlsplit(url).path.endswith(_SIGN_OUT)):
        raise _elsewhere()
    return Redirect(Way.ACCEPTED, url)


def _elsewhere() -> OryError:
    detail = "sends browsers elsewhere than to itself (urls.self.public)"
    return OryError("hydra", UpstreamReason.INVALID, detail)
