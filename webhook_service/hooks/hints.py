"""From a refusal to what the person, or the app, does next. Pure.

The way to a second factor is known by Kratos: a browser is sent to an address of its, an app
makes a request to it (F64, F99). A session that is aal2 already must be told ``refresh=true``,
or Kratos sends the browser straight back, and around it goes (F98).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from webhook_service.hooks.origins import permitted
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.model import MfaRule, Policy
from webhook_service.sessions import AAL1, AAL2, Session

SIGN_IN_CURES: Final = frozenset(
    {
        Reason.MFA_NO_SESSION,
        Reason.SESSION_NOT_ACTIVE,
        Reason.SESSION_PAST_MAX_AGE,
        Reason.SESSION_ENDING,
    }
)
"""What is wrong for want of a session that lives: the next step is the login, whatever level."""

SESSION_TOKEN_HEADER: Final = "X-Session-Token"  # noqa: S105  a header's name, no secret


class Step(StrEnum):
    """What is to be done."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    ENROL = "enrol"
    NONE = "none"
    """Nothing that the person could do would help."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The next step.

    Attributes:
        step: which.
        aal: the level that the deciding rule asks for; ``None`` where it is no matter of levels.
        max_age: how old the factor may be, by that rule.
        refresh: whether Kratos must be told to ask again, though it would see no need to.
    """

    step: Step
    aal: str | None = None
    max_age: timedelta | None = None
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where people and apps can be sent.

    ``kratos`` is Kratos' public address, as browsers know it; ``origins`` are those to which a
    browser may come back (settled question 9).
    """

    kratos: str
    origins: Collection[str] = ()


def hint(decision: Decision, session: Session | None, policy: Policy) -> Hint:
    """Say what comes next. ``session`` is the live one, ``None`` where there is none."""
    if decision.reason in SIGN_IN_CURES:
        # Kratos may not have ended it yet: a browser that still has it would be sent back.
        return Hint(Step.SIGN_IN, refresh=session is not None)
    rule = None if decision.rule is None else policy.rule(decision.rule)
    aal, max_age = AAL2, None
    if isinstance(rule, MfaRule):
        aal, max_age = rule.require.aal, rule.require.max_age
    match decision.verdict:
        case Verdict.STEP_UP:
            asked_already = session is not None and session.claimed_aal >= aal
            return Hint(Step.STEP_UP, aal, max_age, refresh=asked_already)
        case Verdict.ENROL:
            return Hint(Step.ENROL, aal, max_age)
    return Hint(Step.NONE)


def browser_url(towards: Hint, places: Places, return_to: str | None) -> str:
    """Return where a browser is sent; it comes back only to an origin that may be named."""
    back = None if return_to is None else permitted(return_to, places.origins)
    return _address(towards, places, "browser", {} if back is None else {"return_to": back})


def native_request(towards: Hint, places: Places) -> Mapping[str, str | None]:
    """Return the request with which an app begins; ``header`` takes its session token.

    A flow is begun with GET; what the person types goes to the flow's ``ui.action`` (F99).
    """
    is_login = towards.step is Step.SIGN_IN
    plain = Hint(Step.SIGN_IN) if is_login else towards  # an app begins a new session by itself
    return {
        "method": "GET",
        "url": _address(plain, places, "api", {}),
        "header": None if is_login else SESSION_TOKEN_HEADER,
    }


def www_authenticate(towards: Hint, *, showed_something: bool) -> str:
    """Return the challenge to whoever holds a token: RFC 9470, or RFC 6750, section 3.1."""
    if towards.step is Step.SIGN_IN:
        error = "invalid_token" if showed_something else None
        told = {"error": error, "error_description": error and "There is no live session."}
    else:
        seconds = None if towards.max_age is None else int(towards.max_age.total_seconds())
        told = {
            "error": "insufficient_user_authentication",
            "error_description": "Another authentication is needed.",
            "acr_values": towards.aal,
            "max_age": None if seconds is None else str(seconds),
        }
    parameters = ", ".join(f'{name}="{value}"' for name, value in told.items() if value)
    return f"Bearer {parameters}".rstrip()


def _address(towards: Hint, places: Places, kind: str, more: Mapping[str, str]) -> str:
    """Return the address at which a flow of this kind begins."""
    flow = "settings" if towards.step is Step.ENROL else "login"
    query = {}
    if towards.step is Step.STEP_UP and towards.aal != AAL1:
        query["aal"] = str(towards.aal)
    if towards.refresh:
        query["refresh"] = "true"
    query.update(more)
    begin = f"{places.kratos}/self-service/{flow}/{kind}"
    return f"{begin}?{urlencode(query)}" if query else begin
