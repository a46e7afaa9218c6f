"""The consent gate, with the whole service behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from unit.gates.visitor import (
    ADA,
    BOB,
    SECOND_FACTOR,
    SESSION,
    Visitor,
    where,
)
from unit.workbench import KRATOS_PUBLIC_URL

LOGIN = f"{KRATOS_PUBLIC_URL}/self-service/login/browser"
SETTINGS_FLOW = f"{KRATOS_PUBLIC_URL}/self-service/settings/browser"
HYDRA = "http://127.0.0.1/oauth2/auth"

MakeVisitor = Callable[..., Visitor]


def back(response: Any) -> dict[str, str]:
    """Return the query of the address that Kratos is told to send the browser back to."""
    _, query = where(response)
    asked = parse_qs(urlsplit(query["return_to"]).query)
    return {name: values[0] for name, values in asked.items()}


@pytest.mark.parametrize("how", ["skip_consent", "metadata", "remembered"])
def test_the_operators_own_client_is_accepted_without_a_page_and_bound_to_the_session(
    visit: MakeVisitor, how: str
) -> None:
    """F28: a remembered consent comes here too, and its session must be sent again."""
    visitor = visit()
    visitor.sign_in()
    visitor.bench.ory.hydra.add_client("flagged", metadata={"first_party": True})
    client = {"skip_consent": "ours", "metadata": "flagged", "remembered": "blog"}[how]
    challenge = visitor.flows.add_consent(
        client, ADA, ("openid", "offline"), skip=how == "remembered"
    )
    assert where(visitor.go("consent", challenge))[0] == HYDRA
    assert visitor.answered(challenge) == (
        "accept",
        {
            "grant_scope": ["openid", "offline"],
            "grant_access_token_audience": [],
            "session": {"access_token": {"kratos_session_id": SESSION}, "id_token": {}},
            "remember": False,
            "remember_for": 0,
        },
    )
    assert visitor.bench.record()["notes"] == ["gate.consent"]


@pytest.mark.parametrize("flag", ["true", 1, None, False])
def test_nothing_but_true_marks_a_client_as_the_operators_own(
    visit: MakeVisitor, flag: object
) -> None:
    visitor = visit()
    visitor.sign_in()
    visitor.bench.ory.hydra.add_client("flagged", metadata={"first_party": flag})
    challenge = visitor.flows.add_consent("flagged", ADA)
    assert visitor.go("consent", challenge).status_code == 200
    assert visitor.is_unanswered(challenge)


@pytest.mark.parametrize(("flag", "remembered"), [(True, True), ("true", False), (None, False)])
def test_only_what_the_operator_marks_is_remembered(
    visit: MakeVisitor, flag: object, remembered: object
) -> None:
    """Later chains of a remembered consent are not told: more is revoked with their session."""
    visitor = visit()
    visitor.sign_in()
    metadata = {"first_party": True, "remember_consent": flag}
    visitor.bench.ory.hydra.add_client("flagged", metadata=metadata)
    challenge = visitor.flows.add_consent("flagged", ADA)
    visitor.go("consent", challenge)
    assert visitor.answered(challenge)[1]["remember"] is remembered


@pytest.mark.parametrize("whose", [None, BOB])
def test_without_the_subjects_own_session_nothing_is_bound(
    visit: MakeVisitor, whose: str | None
) -> None:
    """A gate binds a session only if its identity is the request's subject."""
    visitor = visit()
    if whose:
        visitor.sign_in(whose=whose)
    challenge = visitor.flows.add_consent("ours", ADA)
    visitor.go("consent", challenge)
    how, body = visitor.answered(challenge)
    assert (how, body["session"]["access_token"]) == ("accept", {})


def test_an_unmet_rule_sends_the_browser_to_step_up_and_back_to_the_authorization(
    visit: MakeVisitor,
) -> None:
    """F65. The login that the client asked for has been made: it is not asked for twice."""
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=("totp",))
    challenge = visitor.flows.add_consent("bank", ADA, state="xyz", prompt="login consent")
    response = visitor.go("consent", challenge)
    address, query = where(response)
    assert address == LOGIN
    assert query["aal"] == "aal2"
    assert "refresh" not in query
    assert back(response) == {
        "client_id": "bank",
        "response_type": "code",
        "scope": "openid",
        "state": "xyz",
        "prompt": "consent",
        "step_up": "asked",
    }
    assert visitor.is_unanswered(challenge)
    assert challenge not in response.headers["Location"]


def test_a_factor_that_is_too_old_is_asked_for_again(visit: MakeVisitor) -> None:
    """F98."""
    visitor = visit("mfa: [{name: fresh, require: {aal: aal2, max_age: 15m}}]")
    visitor.sign_in("password", "totp", enrolled=("totp",))
    _, query = where(visitor.go("consent", visitor.flows.add_consent("bank", ADA)))
    assert (query["aal"], query["refresh"]) == ("aal2", "true")


def test_who_has_no_second_factor_is_sent_to_enrol(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in()
    response = visitor.go("consent", visitor.flows.add_consent("bank", ADA))
    assert where(response)[0] == SETTINGS_FLOW
    assert back(response)["step_up"] == "asked"


def test_without_any_session_a_rule_sends_to_sign_in(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR)
    response = visitor.go("consent", visitor.flows.add_consent("bank", ADA))
    assert where(response)[0] == LOGIN
    assert where(response)[1].keys() == {"return_to"}


def test_who_was_sent_before_is_told_and_not_sent_again(visit: MakeVisitor) -> None:
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=("totp",))
    challenge = visitor.flows.add_consent("bank", ADA, step_up="asked")
    page = visitor.go("consent", challenge)
    assert page.status_code == 403
    assert "The bank needs your second step." in page.text
    assert "Try again" in page.text
    assert "step_up" not in page.text
    assert visitor.is_unanswered(challenge)
    assert visitor.bench.record()["status"] == 403


def test_an_authorization_that_came_as_a_form_cannot_be_repeated_and_is_rejected(
    visit: MakeVisitor,
) -> None:
    """Its address holds nothing of it: nobody could be sent back there."""
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=("totp",))
    challenge = visitor.flows.add_consent("bank", ADA)
    visitor.flows.requests[challenge].told["request_url"] = HYDRA
    visitor.go("consent", challenge)
    assert visitor.answered(challenge)[1]["error"] == "interaction_required"


def test_a_denial_reaches_the_client_with_the_rules_message(visit: MakeVisitor) -> None:
    visitor = visit("deny: [{name: closed, when: client.id == 'ours', message: Closed today.}]")
    visitor.sign_in()
    challenge = visitor.flows.add_consent("ours", ADA)
    assert where(visitor.go("consent", challenge))[0] == HYDRA
    assert visitor.answered(challenge) == (
        "reject",
        {
            "error": "access_denied",
            "error_description": "Closed today.",
            "error_hint": "(rule.denied)",
            "status_code": 403,
        },
    )


@pytest.mark.parametrize(
    ("enrolled", "client", "error"),
    [
        (("totp",), "bank", "interaction_required"),
        ((), "bank", "interaction_required"),
        ((), "blog", "consent_required"),
    ],
)
def test_silently_the_client_is_told_what_is_missing(
    visit: MakeVisitor, enrolled: tuple[str, ...], client: str, error: str
) -> None:
    visitor = visit(SECOND_FACTOR)
    visitor.sign_in(enrolled=enrolled)
    challenge = visitor.flows.add_consent(client, ADA, prompt="none")
    visitor.go("consent", challenge)
    assert visitor.answered(challenge)[1]["error"] == error


@pytest.mark.parametrize("prompt", ["", "none"])
def test_a_fact_that_cannot_be_read_is_no_denial(visit: MakeVisitor, prompt: str) -> None:
    visitor = visit("""
        deny:
          - {name: unknown, when: identity.metadata_admin.blocked == true, on_error: deny}
    """)
    visitor.sign_in()
    challenge = visitor.flows.add_consent("ours", ADA, prompt=prompt)
    real = visitor.bench.ory.handle

    def handle(upstream: Any, method: str, target: str, body: bytes = b"") -> Any:
        if upstream == "kratos":
            raise requests.ConnectionError
        return real(upstream, method, target, body)

    visitor.bench.ory.handle = handle  # type: ignore[method-assign]  # stands in for the stand-in
    response = visitor.go("consent", challenge)
    assert visitor.bench.record()["reason"] == "policy.unknown"
    if prompt:
        assert visitor.answered(challenge)[1]["error"] == "temporarily_unavailable"
    else:
        assert response.status_code == 503
        assert visitor.is_unanswered(challenge)


@pytest.mark.parametrize("prompt", ["", "none"])
def test_while_kratos_does_not_tell_whose_session_it_is_nothing_is_issued(
    visit: MakeVisitor, prompt: str
) -> None:
    """A token that is issued now would never be bound to its session."""
    visitor = visit()
    visitor.sign_in()
    visitor.lose_kratos()
    challenge = visitor.flows.add_consent("ours", ADA, prompt=prompt)
    response = visitor.go("consent", challenge)
    if prompt:
        assert visitor.answered(challenge)[1]["error"] == "temporarily_unavailable"
    else:
        assert response.status_code == 503
        assert visitor.is_unanswered(challenge)


def test_a_session_that_kratos_hides_is_stepped_up_first(visit: MakeVisitor) -> None:
    """F64: with ``required_aal: highest_available`` whoami tells nothing else."""
    visitor = visit()
    visitor.sign_in(enrolled=("totp",))
    visitor.bench.ory.kratos_public.required_aal = "highest_available"
    address, query = where(visitor.go("consent", visitor.flows.add_consent("ours", ADA)))
    assert (address, query["aal"]) == (LOGIN, "aal2")
    marked = visitor.flows.add_consent("ours", ADA, step_up="asked")
    assert visitor.go("consent", marked).status_code == 403


def test_a_challenge_that_hydra_does_not_know_ends_on_a_page(visit: MakeVisitor) -> None:
    assert visit().go("consent", "long-gone").status_code == 410


def test_an_answer_that_leads_elsewhere_is_not_followed(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_consent("ours", ADA)
    visitor.flows.requests[challenge].told["request_url"] = "https://hydra.test/oauth2/auth?a=b"
    assert visitor.go("consent", challenge).status_code == 503
    assert visitor.bench.record()["status"] == 503
