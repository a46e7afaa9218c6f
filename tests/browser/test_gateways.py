"""What passes through nginx and Caddy as we ship them: requests, identities, cookies."""

from __future__ import annotations

import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from browser import gateways
from browser.check_answers import (
    ALLOWED,
    EXTENDED,
    FRESH_COOKIE,
    SESSION_ID,
    STEP_UP,
    SUBJECT,
)
from browser.client import API_CALL, FORGED, ask
from browser.gateways import Gateway, Places
from browser.lab import CHECK_KEY
from browser.stand_in import Answer, StandIn
from ory.servers import free_ports


def test_an_allowed_request_reaches_the_application_as_it_was_sent(
    gateway: Gateway, application: StandIn
) -> None:
    reply = ask(gateway, {"Cookie": "a=b"}, "/a%20b?x=1&y=%2F", "PUT", "what was sent")
    assert (reply.status_code, reply.content) == (200, application.answer.body)
    (seen,) = application.asked
    assert (seen.method, seen.target) == ("PUT", "/a%20b?x=1&y=%2F")
    assert (seen.header("Cookie"), seen.body) == ("a=b", b"what was sent")
    assert seen.header("Host") == gateway.url.removeprefix("http://")


def test_check_is_asked_with_the_credentials_the_key_and_what_is_asked_for(
    gateway: Gateway, check: StandIn
) -> None:
    credentials = {
        "Cookie": "ory_kratos_session=cookie; other=1",
        "Authorization": "Bearer an-access-token",
        "X-Session-Token": "a-session-token",
        "User-Agent": "an app",
    }
    ask(gateway, credentials, "/a%20b?x=1", "POST", "a body that only the application gets")
    (asked,) = check.asked
    assert asked.method in {"GET", "HEAD"}
    assert (asked.target, asked.body) == ("/check", b"")
    assert {name: asked.header(name) for name in credentials} == credentials
    assert asked.header("X-Check-Key") == CHECK_KEY
    assert asked.header("X-Forwarded-Method") == "POST"
    assert asked.header("X-Forwarded-Uri") == "/a%20b?x=1"
    assert asked.header("X-Forwarded-Host") == gateway.url.removeprefix("http://")
    assert asked.header("X-Forwarded-Proto") == "http"
    assert asked.header("X-Forwarded-For") == "127.0.0.1"


@pytest.mark.parametrize(
    "target", ["/public/../secret", "//secret", "/%73ecret", "/public/%2e%2e/secret", "/secret/;x"]
)
def test_check_judges_the_very_path_that_the_application_gets(
    gateway: Gateway, check: StandIn, application: StandIn, target: str
) -> None:
    with closing(HTTPConnection("127.0.0.1", gateway.port, timeout=10)) as connection:
        # requests would tidy the path up before it is sent.
        connection.request("GET", target)
        assert connection.getresponse().status == 200
    assert check.asked[0].header("X-Forwarded-Uri") == application.asked[0].target


def test_the_application_is_told_who_it_is(gateway: Gateway, application: StandIn) -> None:
    ask(gateway)
    (seen,) = application.asked
    assert seen.header("X-Auth-Subject") == SUBJECT
    assert seen.header("X-Auth-Session-Id") == SESSION_ID
    assert seen.header("X-Auth-Aal") == "aal2"


def test_what_a_client_forges_reaches_neither_check_nor_the_application(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    ask(gateway, FORGED)
    for asked in (*check.asked, *application.asked):
        assert [name for name, value in asked.headers if value == "forged"] == []
    assert application.asked[0].header("X-Check-Key") is None


def test_no_client_makes_up_the_fresh_cookie_and_the_application_never_sees_it(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    """The Caddyfile carries it from ``/check`` to the client in a header of the request."""
    reply = ask(gateway, {"X-Fresh-Cookie": "forged=1"})
    assert "Set-Cookie" not in reply.headers
    assert check.asked[0].header("X-Fresh-Cookie") is None
    check.answer = EXTENDED
    ask(gateway)
    assert FRESH_COOKIE not in {value for _, value in application.asked[-1].headers}


def test_a_name_with_an_underscore_is_dropped_because_some_take_it_for_a_hyphen(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    """WSGI and CGI know both ``X-Auth-Subject`` and ``X_Auth_Subject`` by one name."""
    ask(gateway, {"X_Auth_Subject": "forged", "X-Auth_Aal": "forged", "X_Check_Key": "forged"})
    for asked in (*check.asked, *application.asked):
        assert [name for name in asked.header_names if "_" in name] == []


def test_what_check_leaves_out_is_not_filled_in_by_the_client(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    check.answer = Answer(200)
    ask(gateway, FORGED)
    (seen,) = application.asked
    assert "forged" not in {seen.header(name) for name in FORGED}


def test_no_host_that_a_client_makes_up_reaches_check(gateway: Gateway, check: StandIn) -> None:
    own = gateway.url.removeprefix("http://")
    for target, host in (("/", "forged.example"), (f"{gateway.url}/", "forged.example")):
        with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
            request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            assert connection.recv(9) == b"HTTP/1.1 "
    assert {asked.header("X-Forwarded-Host") for asked in check.asked} == {own}


def test_the_fresh_cookie_passes_to_the_client_beside_those_of_the_application(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    check.answer = EXTENDED
    application.answer = Answer(200, (("Set-Cookie", "one=1"), ("Set-Cookie", "two=2; Path=/")))
    cookies = ask(gateway).raw.headers.getlist("Set-Cookie")
    assert sorted(cookies) == ["one=1", FRESH_COOKIE, "two=2; Path=/"]
    check.answer = ALLOWED
    cookies = ask(gateway).raw.headers.getlist("Set-Cookie")
    assert sorted(cookies) == ["one=1", "two=2; Path=/"]


def test_the_fresh_cookie_passes_whatever_the_application_answers(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    check.answer = EXTENDED
    for status in (204, 303, 404, 500):
        application.answer = Answer(status)
        reply = ask(gateway)
        assert reply.status_code == status
        assert reply.raw.headers.getlist("Set-Cookie") == [FRESH_COOKIE]


def test_nobody_reaches_check_with_the_gateways_key_from_outside(gateway: Gateway) -> None:
    for path in ("/check", "/_check"):
        assert "verdict" not in ask(gateway, API_CALL, path).text


def test_the_address_for_browsers_to_refresh_at_is_not_guarded(
    gateway: Gateway, check: StandIn, application: StandIn
) -> None:
    check.answer = EXTENDED
    reply = ask(gateway, {"Cookie": "a=b", **FORGED}, "/session/refresh", "POST", "{}")
    assert reply.raw.headers.getlist("Set-Cookie") == [FRESH_COOKIE]
    (asked,) = check.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/session/refresh", b"{}")
    own = gateway.url.removeprefix("http://")
    assert (asked.header("Host"), asked.header("X-Forwarded-Host")) == (own, own)
    assert asked.header("X-Forwarded-Proto") == "http"
    assert asked.header("X-Forwarded-For") == "127.0.0.1"
    assert asked.header("X-Check-Key") is None
    assert asked.header("Cookie") == "a=b"
    assert application.asked == []


def test_nginx_asks_again_and_again_over_one_connection(
    check: StandIn, application: StandIn, tmp_path: Path
) -> None:
    places = Places(free_ports(1)[0], check.port, application.port)
    with gateways.nginx(places, CHECK_KEY, tmp_path) as gateway:
        for answer in (ALLOWED, STEP_UP) * 5:
            check.answer = answer
            reply = ask(gateway, API_CALL, method="POST", body="none of this is for /check")
            assert reply.status_code == answer.status
    assert {asked.body for asked in check.asked} == {b""}
    assert check.connections == 1
