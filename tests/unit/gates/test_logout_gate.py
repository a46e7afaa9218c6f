"""The logout gate, with the whole service behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from unit.gates.visitor import ADA, BOB, SESSION, Visitor, token_on, where

MakeVisitor = Callable[..., Visitor]

HYDRA = "http://127.0.0.1/oauth2/sessions/logout"


def is_live(visitor: Visitor) -> bool:
    return not visitor.bench.ory.kratos.sessions[SESSION].revoked


def test_the_session_at_kratos_ends_before_hydra_is_told(visit: MakeVisitor) -> None:
    """F72."""
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_logout(ADA, client_id="blog", rp_initiated=True)
    assert where(visitor.go("logout", challenge))[0] == HYDRA
    assert not is_live(visitor)
    assert visitor.answered(challenge)[0] == "accept"
    assert [call.split("?")[0] for call in visitor.bench.calls()] == [
        "GET /admin/oauth2/auth/requests/logout",
        "GET /sessions/whoami",
        f"DELETE /admin/sessions/{SESSION}",
        "PUT /admin/oauth2/auth/requests/logout/accept",
    ]


def test_where_no_client_asks_for_it_the_person_is_asked(visit: MakeVisitor) -> None:
    """Anybody's page could send the browser here."""
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_logout(ADA)
    page = visitor.go("logout", challenge)
    assert page.status_code == 200
    assert "Do you want to sign out?" in page.text
    assert is_live(visitor)
    assert visitor.is_unanswered(challenge)
    assert visitor.send("logout", challenge, token="guessed").status_code == 403
    assert is_live(visitor)
    assert where(visitor.send("logout", challenge, token=token_on(page)))[0] == HYDRA
    assert not is_live(visitor)


def test_somebody_elses_session_is_left_alone(visit: MakeVisitor) -> None:
    visitor = visit()
    visitor.sign_in(whose=BOB)
    challenge = visitor.flows.add_logout(ADA, rp_initiated=True)
    assert where(visitor.go("logout", challenge))[0] == HYDRA
    assert is_live(visitor)


def test_without_a_session_hydra_is_told_alone(visit: MakeVisitor) -> None:
    visitor = visit()
    challenge = visitor.flows.add_logout(ADA, rp_initiated=True)
    assert where(visitor.go("logout", challenge))[0] == HYDRA


@pytest.mark.parametrize("which", ["handle_public", "DELETE"])
def test_while_kratos_is_away_nobody_is_told_to_be_signed_out(
    visit: MakeVisitor, which: str
) -> None:
    visitor = visit()
    visitor.sign_in()
    challenge = visitor.flows.add_logout(ADA, rp_initiated=True)
    if which == "DELETE":
        visitor.bench.fail("DELETE", 503)
    else:
        visitor.lose_kratos()
    assert visitor.go("logout", challenge).status_code == 503
    assert visitor.is_unanswered(challenge)


def test_a_challenge_that_hydra_does_not_know_ends_on_a_page(visit: MakeVisitor) -> None:
    assert visit().go("logout", "long-gone").status_code == 410
