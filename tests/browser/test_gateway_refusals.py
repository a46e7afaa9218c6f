"""What nginx and Caddy, as we ship them, make of a ``/check`` that does not allow."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Final

import pytest
from browser.check_answers import CHALLENGE, DENIED, STEP_UP, WITHOUT_A_FACT, WRONG_KEY
from browser.client import API_CALL, PAGE, ask
from browser.gateways import Gateway, RunGateway
from browser.stand_in import Answer, StandIn

UNREACHED: Final = {"nginx": 503, "caddy": 502}
"""What a gateway says where ``/check`` is away or answers what it never does."""

NEVER_ANSWERED: Final = {"nginx": 503, "caddy": 504}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_page_is_sent_to_the_address_that_check_names(
    gateway: Gateway, check: StandIn, application: StandIn, method: str
) -> None:
    check.answer = STEP_UP
    reply = ask(gateway, PAGE, "/page?x=1", method)
    assert reply.status_code == 303
    assert reply.headers["Location"] == dict(STEP_UP.headers)["X-Auth-Location"]
    assert application.asked == []


@pytest.mark.parametrize(
    ("headers", "path"), [(API_CALL, "/data"), ({"Accept": "*/*"}, "/data"), (PAGE, "/api/data")]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_api_call_gets_the_401_with_all_its_hints(
    gateway: Gateway,
    check: StandIn,
    application: StandIn,
    headers: dict[str, str],
    path: str,
    method: str,
) -> None:
    check.answer = STEP_UP
    reply = ask(gateway, headers, path, method, body="{}" if method == "POST" else None)
    assert reply.status_code == 401
    assert reply.json() == json.loads(STEP_UP.body)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Auth-Location"] == reply.json()["browser"]["url"]
    assert reply.raw.headers.getlist("WWW-Authenticate") == [CHALLENGE]
    assert application.asked == []


def test_a_401_stays_one_where_the_session_becomes_good_in_that_moment(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    """An app must not take the second answer that nginx asks for, an allow, for its own."""
    check.first_answers = [STEP_UP]
    reply = ask(gateway, API_CALL)
    assert reply.status_code == 401
    assert application.asked == []


def test_a_denied_api_call_gets_the_reason_and_a_denied_page_the_gateways_own_error(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    check.answer = DENIED
    for call in (ask(gateway, API_CALL), ask(gateway, PAGE, "/api/data")):
        assert call.status_code == 403
        assert call.json() == json.loads(DENIED.body)
    page = ask(gateway, PAGE)
    assert page.status_code == 403
    assert "403 Forbidden" in page.text
    assert application.asked == []


@pytest.mark.parametrize("headers", [PAGE, API_CALL])
def test_a_wrong_key_is_an_error_and_never_sends_anybody_to_sign_in(
    gateway: Gateway, check: StandIn, application: StandIn, headers: dict[str, str]
) -> None:
    check.answer = WRONG_KEY
    reply = ask(gateway, headers)
    assert reply.status_code == 502
    assert "Location" not in reply.headers
    assert application.asked == []


@pytest.mark.parametrize("headers", [PAGE, API_CALL])
@pytest.mark.parametrize("answer", [Answer(302, (("Location", "http://127.0.0.1/"),)), Answer(500)])
def test_an_answer_that_check_never_gives_lets_nobody_through(
    gateway: Gateway,
    check: StandIn,
    application: StandIn,
    headers: dict[str, str],
    answer: Answer,
) -> None:
    check.answer = answer
    assert ask(gateway, headers).status_code == UNREACHED[gateway.name]
    assert application.asked == []


@pytest.mark.parametrize("headers", [PAGE, API_CALL])
def test_where_check_lacks_a_fact_nobody_gets_through_and_it_is_worth_trying_again(
    gateway: Gateway, check: StandIn, application: StandIn, headers: dict[str, str]
) -> None:
    check.answer = WITHOUT_A_FACT
    assert ask(gateway, headers).status_code == 503
    assert application.asked == []


@pytest.mark.parametrize("headers", [PAGE, API_CALL])
def test_where_check_is_away_nobody_gets_through(
    gateway: Gateway, check: StandIn, application: StandIn, headers: dict[str, str]
) -> None:
    check.close()
    assert ask(gateway, headers).status_code == UNREACHED[gateway.name]
    assert application.asked == []


def test_where_check_never_answers_nobody_gets_through_and_the_gateway_soon_says_so(
    run_gateway: RunGateway, application: StandIn
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = run_gateway(check_port=silent.getsockname()[1])
        reply = ask(gateway, API_CALL)
    assert reply.status_code == NEVER_ANSWERED[gateway.name]
    assert reply.elapsed < timedelta(seconds=4)
    assert application.asked == []


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_the_applications_own_refusals_and_errors_pass_as_they_are(
    gateway: Gateway, application: StandIn, status: int
) -> None:
    headers = (("WWW-Authenticate", "Basic"), ("Content-Type", "text/plain"))
    application.answer = Answer(status, headers, b"the application's own")
    reply = ask(gateway)
    assert (reply.status_code, reply.text) == (status, "the application's own")
    assert reply.raw.headers.getlist("WWW-Authenticate") == ["Basic"]
