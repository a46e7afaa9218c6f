"""Nobody goes around: every way through the gates comes to an end.

The gates send a browser to Kratos and back to Hydra. What it comes back with is marked, and
from a marked request no gate sends anybody back again, whatever was decided.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest

from webhook_service.gates import consent, login
from webhook_service.gates.answers import AcceptConsent, AcceptLogin, Answer, Page, Redirect, Reject
from webhook_service.gates.authorization import read
from webhook_service.gates.seen import NOBODY, Seen, Sight
from webhook_service.hooks.hints import Hint, Step
from webhook_service.ory.hydra_flows import Asked
from webhook_service.ory.oauth_client import OAuthClient
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.sessions import Identity, Session

KRATOS = "https://kratos.test"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ADA = Session(
    id="5e551011-0000-4000-8000-000000000001",
    active=True,
    expires_at=NOW + timedelta(hours=1),
    identity=Identity("0a1b2c3d-0000-4000-8000-000000000001"),
)
PROMPTS = ("", "&prompt=login", "&prompt=consent", "&prompt=none", "&max_age=1")
RULINGS = [
    (Decision(EventName.HYDRA_TOKEN, verdict, reason), Hint(step, aal, refresh=refresh))
    for verdict, step, aal, refresh in product(Verdict, Step, ("aal1", "aal2"), (False, True))
    for reason in (None, Reason.POLICY_UNKNOWN, Reason.MFA_TOO_OLD)
]


def asked(more: str, *, skip: bool = False) -> Asked:
    url = f"https://hydra.test/oauth2/auth?client_id=web&response_type=code{more}"
    subject = ADA.identity.id if ADA.identity and ADA.identity.id and skip else ""
    return Asked(OAuthClient("web", skip_consent=True), request_url=url, skip=skip, subject=subject)


def comes_back(answer: Answer) -> str | None:
    """Return the address that the browser comes back to from Kratos by itself."""
    if not isinstance(answer, Redirect):
        return None
    query = parse_qs(urlsplit(answer.url).query)
    return next(iter(query.get("return_to", ())), None)


def at_login(request: Asked, ruling: tuple[Decision, Hint]) -> Answer:
    return login.answer(request, ADA, ruling, (KRATOS, "a-challenge", NOW))


def at_consent(request: Asked, ruling: tuple[Decision, Hint]) -> Answer:
    return consent.answer(request, ADA, ruling, (KRATOS, "a-challenge", None))


@pytest.mark.parametrize("more", PROMPTS)
def test_whoever_is_sent_to_come_back_comes_back_marked(more: str) -> None:
    for ruling, gate in product(RULINGS, (at_login, at_consent)):
        back = comes_back(gate(asked(more), ruling))
        assert back is None or read(back).asked_already


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("more", PROMPTS)
def test_from_a_marked_request_nobody_is_sent_to_come_back(more: str, *, skip: bool) -> None:
    for ruling in RULINGS:
        request = asked(f"{more}&step_up=asked", skip=skip)
        answers = [at_login(request, ruling), at_consent(request, ruling)]
        for sight in Sight:
            unjudged = consent.unjudged(request, Seen(sight), KRATOS)
            answers += [] if unjudged is None else [unjudged]
            answers.append(login.unjudged(request, NOBODY, KRATOS, "a-challenge"))
        assert [comes_back(answer) for answer in answers] == [None] * len(answers)


@pytest.mark.parametrize("more", PROMPTS)
def test_the_login_gate_asks_a_marked_request_for_no_second_factor(more: str) -> None:
    """It would lead to the consent gate, and nowhere from there."""
    request = asked(f"{more}&step_up=asked")
    for ruling in RULINGS:
        if ruling[1].step in {Step.STEP_UP, Step.ENROL} and ruling[0].verdict is not Verdict.ALLOW:
            assert isinstance(at_login(request, ruling), Page | Reject)


@pytest.mark.parametrize("more", ["&prompt=none", "&prompt=none&step_up=asked"])
def test_nothing_is_shown_to_who_asks_silently(more: str) -> None:
    """F66."""
    for ruling in RULINGS:
        answer = at_consent(asked(more), ruling)
        assert isinstance(answer, Reject | AcceptConsent)
        if ruling[0].reason is not Reason.POLICY_UNKNOWN:
            answer = at_login(asked(more, skip=True), ruling)
            assert isinstance(answer, Reject | AcceptLogin)
