"""The login gate: asks for a second factor where it can be asked for, and keeps people signed in.

Nothing is enforced here: who is passed on to Kratos meets the consent gate and the token hook.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from webhook_service.gates import answers
from webhook_service.gates.answers import AcceptLogin, Answer, Notice, Page, Redirect, Reject
from webhook_service.gates.authorization import Authorization, read
from webhook_service.gates.seen import Seen, Sight, to_kratos
from webhook_service.hooks.hints import Hint, Step
from webhook_service.ory.hydra_flows import AcceptedLogin, Asked
from webhook_service.policy.decision import Decision, Verdict
from webhook_service.sessions import Session

_SECOND: Final = timedelta(seconds=1)
_PLAIN: Final = Hint(Step.SIGN_IN)


def whose(asked: Asked, seen: Seen) -> Session | None:
    """Return the session to judge: the browser's, unless Hydra remembers somebody else."""
    session = seen.session
    if session is None or session.identity is None or session.identity.id is None:
        return None
    return session if asked.subject in {"", session.identity.id} else None


def unjudged(asked: Asked, seen: Seen, kratos: str, challenge: str) -> Answer:
    """Answer where there is no session to judge: Kratos asks for a login."""
    if read(asked.request_url).silent:
        # Hydra asks silently only for somebody it remembers: Kratos would show a page (F66).
        if seen.sight is Sight.UNKNOWN:
            return Reject(answers.TEMPORARILY_UNAVAILABLE)
        if seen.sight is Sight.HIDDEN:
            return Reject(answers.SECOND_FACTOR_REQUIRED)
        return Reject(answers.LOGIN_REQUIRED)
    return _sign_in(kratos, challenge)


def answer(
    asked: Asked,
    session: Session,
    ruling: tuple[Decision, Hint],
    at: tuple[str, str, datetime],
) -> Answer:
    """Answer for a live session. ``at``: Kratos' address, the challenge, and now."""
    decision, hint = ruling
    kratos, challenge, now = at
    request = read(asked.request_url)
    if decision.verdict is Verdict.ALLOW:
        return _stand_in(asked, request, session, now) or _sign_in(kratos, challenge)
    if request.silent and not answers.could_not_be_checked(decision):
        return Reject(
            answers.denied(decision)
            if decision.verdict is Verdict.DENY
            else answers.interaction_required(decision)
        )
    match hint.step:
        case Step.STEP_UP | Step.ENROL if request.asked_already:
            return Page(Notice.UNMET, decision.message, request.anew)
        case Step.STEP_UP | Step.SIGN_IN:
            return to_kratos(kratos, hint, login_challenge=challenge)
        case Step.ENROL if not request.wants_new_login:
            return to_kratos(kratos, hint, return_to=request.afterwards)
    # Denied, or to be enrolled after the new login that was asked for: the consent gate's turn.
    return _sign_in(kratos, challenge)


def _sign_in(kratos: str, challenge: str) -> Redirect:
    return to_kratos(kratos, _PLAIN, login_challenge=challenge)


def _stand_in(
    asked: Asked, request: Authorization, session: Session, now: datetime
) -> AcceptLogin | None:
    """Accept in Kratos' place, so that a session kept alive by use needs no password (F83).

    Not where the request asks for a new login: accepting sets ``auth_time`` to now, and a
    client that looks at it would be told of a login that nobody made (settled question 1). A
    login that Hydra remembers keeps its ``auth_time``, and has met ``max_age`` (F104).
    """
    identity, expires_at = session.identity, session.expires_at
    if identity is None or identity.id is None or session.id is None or expires_at is None:
        return None
    remember_for = (expires_at - now) // _SECOND
    if remember_for < 1:
        return None
    if request.wants_new_login and not asked.skip:
        return None
    if not _is_expected(asked, session):
        return None
    return AcceptLogin(AcceptedLogin(identity.id, session.id, session.methods, remember_for))


def _is_expected(asked: Asked, session: Session) -> bool:
    """Whether the client expects this person, or does not say whom."""
    identity = session.identity
    if identity is None:
        return False
    names = {identity.id, *identity.verified_addresses}
    named = {asked.hinted_subject, asked.login_hint} - {None}
    return named <= names
