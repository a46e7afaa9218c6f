"""Consent that a person is asked for: on the operator's page, or on our own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from unit.gates.visitor import ADA, SESSION, Visitor, token_on, where

HYDRA = "http://127.0.0.1/oauth2/auth"

MakeVisitor = Callable[..., Visitor]


def test_another_client_is_handed_to_the_operators_consent_page(visit: MakeVisitor) -> None:
    visitor = visit(consent_ui_url="https://consent.example.org/ask")
    visitor.sign_in()
    challenge = visitor.flows.add_consent("blog", ADA)
    expected = ("https://consent.example.org/ask", {"consent_challenge": challenge})
    assert where(visitor.go("consent", challenge)) == expected
    assert visitor.is_unanswered(challenge)


def test_without_one_the_services_own_page_asks(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    visitor.bench.ory.hydra.add_client("odd", name="<b>Odd</b>")
    challenge = visitor.flows.add_consent("odd", ADA, ("openid", "reports:<read>"))
    page = visitor.go("consent", challenge)
    assert page.status_code == 200
    assert "Allow &lt;b&gt;Odd&lt;/b&gt; to use your account?" in page.text
    assert "Know that it is you" in page.text
    assert "reports:&lt;read&gt;" in page.text
    assert challenge not in page.text


@pytest.mark.parametrize("decision", ["allow", "refuse", ""])
def test_what_the_person_says_on_the_page_is_what_hydra_is_told(
    visit: MakeVisitor, decision: str
) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_consent("blog", ADA)
    token = token_on(visitor.go("consent", challenge))
    sent = visitor.send("consent", challenge, token=token, decision=decision)
    assert where(sent)[0] == HYDRA
    how, body = visitor.answered(challenge)
    if decision == "allow":
        assert body["session"]["access_token"] == {"kratos_session_id": SESSION}
    else:
        assert (how, body["error"]) == ("reject", "access_denied")


def test_consent_is_judged_again_when_it_is_given(visit: MakeVisitor) -> None:
    visitor = visit("sessions: [{name: short, max_age: 21h}]")
    visitor.sign_in(left=timedelta(hours=9))
    challenge = visitor.flows.add_consent("blog", ADA)
    token = token_on(visitor.go("consent", challenge))
    visitor.bench.clock.advance(hours=2)
    visitor.send("consent", challenge, token=token, decision="allow")
    how, body = visitor.answered(challenge)
    assert (how, body["error_hint"]) == ("reject", "(session.past_max_age)")


def test_consent_that_is_given_too_late_ends_on_a_page(visit: MakeVisitor) -> None:
    """Hydra's 401 is no word about the service's own key: nobody is alarmed."""
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_consent("blog", ADA)
    token = token_on(visitor.go("consent", challenge))
    visitor.flows.requests[challenge].expired = True
    for page in (
        visitor.send("consent", challenge, token=token, decision="allow"),
        visitor.send("consent", challenge, token=token, decision="refuse"),
        visitor.go("consent", challenge),
    ):
        assert page.status_code == 410
        assert "no longer valid" in page.text
    levels = {line["level"] for line in visitor.bench.lines()}
    assert levels == {"info"}


def test_consent_that_expires_while_it_is_told_ends_on_the_same_page(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_consent("ours", ADA)
    real = visitor.bench.ory.handle

    def handle(upstream: Any, method: str, target: str, body: bytes = b"") -> Any:
        visitor.flows.requests[challenge].expired = method == "PUT"
        return real(upstream, method, target, body)

    visitor.bench.ory.handle = handle  # type: ignore[method-assign]  # the last moment
    assert visitor.go("consent", challenge).status_code == 410
    assert visitor.bench.record()["status"] == 410


def test_what_browsers_got_is_counted_by_gate(visit: MakeVisitor) -> None:
    def counted() -> float:
        labels = {"gate": "consent", "answer": "asked"}
        return REGISTRY.get_sample_value("webhook_service_gate_answers_total", labels) or 0.0

    visitor = visit()
    visitor.sign_in()
    before = counted()
    visitor.go("consent", visitor.flows.add_consent("blog", ADA))
    assert counted() == before + 1
