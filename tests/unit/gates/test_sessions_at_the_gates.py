"""What Kratos tells of a browser's session, or does not, and what the browser is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from unit.gates.visitor import ADA, Visitor, where
from unit.workbench import KRATOS_PUBLIC_URL

MakeVisitor = Callable[..., Visitor]

LOGIN = f"{KRATOS_PUBLIC_URL}/self-service/login/browser"


@pytest.mark.parametrize("prompt", ["", "none"])
def test_a_session_that_kratos_hides_is_left_to_kratos_at_the_login_gate(
    visit: MakeVisitor, prompt: str
) -> None:
    """F64: Kratos asks for the second factor by itself."""
    visitor = visit()
    visitor.sign_in(enrolled=("totp",))
    visitor.bench.ory.kratos_public.required_aal = "highest_available"
    challenge = visitor.flows.add_login("blog", subject=ADA, prompt=prompt)
    response = visitor.go("login", challenge)
    if prompt:
        assert visitor.answered(challenge)[1]["error"] == "interaction_required"
    else:
        assert where(response) == (LOGIN, {"login_challenge": challenge})


@pytest.mark.parametrize("prompt", ["", "none"])
def test_while_kratos_is_away_the_login_gate_hands_on_and_asks_later(
    visit: MakeVisitor, prompt: str
) -> None:
    visitor = visit()
    visitor.sign_in()
    visitor.lose_kratos()
    challenge = visitor.flows.add_login("blog", subject=ADA, prompt=prompt)
    response = visitor.go("login", challenge)
    if prompt:
        assert visitor.answered(challenge)[1]["error"] == "temporarily_unavailable"
    else:
        assert where(response) == (LOGIN, {"login_challenge": challenge})


def test_a_session_that_the_service_knows_to_be_over_is_none(visit: MakeVisitor) -> None:
    """Clocks differ: Kratos may still call active what has ended by ours."""
    visitor = visit()
    clock, session = visitor.bench.clock, visitor.sign_in()
    clock.now = session.expires_at
    real = visitor.bench.ory.handle_public

    def behind(*asked: Any) -> Any:
        clock.advance(seconds=-1)
        answer = real(*asked)
        clock.advance(seconds=1)
        return answer

    visitor.bench.ory.handle_public = behind  # type: ignore[method-assign]  # its clock is
    challenge = visitor.flows.add_login("blog")
    assert where(visitor.go("login", challenge)) == (LOGIN, {"login_challenge": challenge})
    assert visitor.is_unanswered(challenge)


@pytest.mark.parametrize("gate", ["login", "consent"])
def test_the_cookie_with_the_sessions_new_end_reaches_the_browser(
    visit: MakeVisitor, gate: str
) -> None:
    """F57: Kratos gives it to whoever asks first, and the browser must have it."""
    visitor = visit()
    session = visitor.sign_in()
    session.expires_at += timedelta(hours=1)
    flows = visitor.flows
    challenge = flows.add_login("blog") if gate == "login" else flows.add_consent("blog", ADA)
    cookies = visitor.go(gate, challenge).headers.getlist("Set-Cookie")
    assert [cookie for cookie in cookies if cookie.startswith("ory_kratos_session=")]


def test_a_session_that_is_used_at_the_gate_is_extended_as_the_policy_says(
    visit: MakeVisitor,
) -> None:
    visitor = visit("sessions: [{name: sliding, extend: {when_left: 12h}, max_age: unlimited}]")
    session = visitor.sign_in(left=timedelta(hours=4))
    challenge = visitor.flows.add_login("blog")
    visitor.go("login", challenge)
    assert session.expires_at == visitor.bench.clock() + timedelta(hours=24)
    assert visitor.answered(challenge)[1]["remember_for"] == 24 * 3600


@pytest.mark.parametrize("gate", ["consent", "logout"])
def test_without_a_challenge_a_gate_asks_nobody(visit: MakeVisitor, gate: str) -> None:
    visitor = visit()
    assert visitor.bench.client.get(f"/oauth2/{gate}").status_code == 410
    assert visitor.bench.calls() == []


def test_a_sign_out_that_would_lead_elsewhere_is_not_followed(
    visit: MakeVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = visit()
    monkeypatch.setattr("webhook_service.ory.fake.flows.PUBLIC_URL", "javascript://hydra")
    challenge = visitor.flows.add_logout(ADA, rp_initiated=True)
    assert visitor.go("logout", challenge).status_code == 503
