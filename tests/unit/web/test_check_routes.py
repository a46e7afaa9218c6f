"""``/check`` over HTTP: its two ways in, and whose key opens which."""

from __future__ import annotations

from typing import Any

import pytest
from unit.checking import SESSION, SUBJECT, at_work
from unit.workbench import CHECK_KEY, HYDRA_KEY, KRATOS_PUBLIC_URL, BenchMaker

ADMIN = """
mfa:
  - name: the admin area
    when: request.path.startsWith("/admin")
    require: {aal: aal2}
"""


def test_a_gateway_asks_with_the_headers_of_the_request_that_waits(make_bench: BenchMaker) -> None:
    bench = make_bench(ADMIN)
    at_work(bench)
    cookie = bench.cookie_of(SESSION)
    public = {"X_Forwarded_Uri": "/orders", "Cookie": cookie}
    answer = bench.at_gateway(**public)
    assert answer.status_code == 200
    assert answer.headers["X-Auth-Subject"] == SUBJECT
    answer = bench.at_gateway(
        Cookie=cookie,
        X_Forwarded_Proto="https",
        X_Forwarded_Host="app.example.org",
        X_Forwarded_Uri="/admin/?tab=2",
        X_Forwarded_Method="GET",
    )
    assert answer.status_code == 401
    assert answer.headers["X-Auth-Location"] == (
        f"{KRATOS_PUBLIC_URL}/self-service/login/browser?aal=aal2"
        "&return_to=https%3A%2F%2Fapp.example.org%2Fadmin%2F%3Ftab%3D2"
    )
    assert answer.headers["X-Auth-Location"] == answer.json["browser"]["url"]


def test_nobody_is_sent_back_to_a_host_that_the_client_made_up(make_bench: BenchMaker) -> None:
    """Settled question 9."""
    bench = make_bench(ADMIN)
    at_work(bench)
    answer = bench.at_gateway(
        Cookie=bench.cookie_of(SESSION),
        X_Forwarded_Proto="https",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Uri="/admin",
    )
    assert answer.status_code == 401
    assert "return_to" not in answer.headers["X-Auth-Location"]


def test_a_request_that_two_families_of_headers_tell_otherwise_is_refused(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench(ADMIN)
    at_work(bench)
    answer = bench.at_gateway(
        Cookie=bench.cookie_of(SESSION),
        X_Forwarded_Uri="/orders",
        X_Original_Url="https://app.example.org/admin",
    )
    assert (answer.status_code, answer.json["error"]["id"]) == (400, "request.invalid")


@pytest.mark.parametrize(
    ("pages", "accept", "status"),
    [
        ("redirect", "text/html,application/xhtml+xml,*/*;q=0.8", 303),
        ("redirect", "application/json", 401),
        ("redirect", None, 401),
        (None, "text/html", 401),
        ("yes", "text/html", 401),
    ],
)
def test_a_gateway_that_cannot_redirect_may_have_pages_redirected(
    make_bench: BenchMaker, pages: str | None, accept: str | None, status: int
) -> None:
    bench = make_bench(ADMIN)
    sent = {"X_Session_Token": at_work(bench), "X_Forwarded_Uri": "/admin"}
    sent |= {} if accept is None else {"Accept": accept}
    sent |= {} if pages is None else {"X_Check_Pages": pages}
    answer = bench.at_gateway(**sent)
    assert answer.status_code == status
    assert (answer.headers.get("Location") == answer.headers["X-Auth-Location"]) is (status == 303)
    assert bench.record()["status"] == status
    sent["X_Forwarded_Uri"] = "/orders"
    assert bench.at_gateway(**sent).status_code == 200
    refused = bench.at_gateway("wrong", **sent)
    assert (refused.status_code, "Location" in refused.headers) == (401, False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/orders/7?tab=/admin", 200),
        ("/", 200),
        ("/admin", 401),
        ("/admin/", 401),
        ("//admin", 401),
        ("/%61dmin", 401),
        ("/%2561dmin", 200),
        ("/orders/../admin", 401),
        ("/orders/%2e%2e/admin", 401),
        ("/admin%252f..", 401),
    ],
)
def test_a_gateway_of_envoys_kind_asks_with_the_request_itself(
    make_bench: BenchMaker, method: str, path: str, status: int
) -> None:
    bench = make_bench(ADMIN)
    # What the client says of its request does not count: the request does.
    lies = {"X-Forwarded-Uri": "/orders", "X-Original-Url": "https://app.example.org/orders"}
    sent = {"X-Check-Key": CHECK_KEY, "X-Session-Token": at_work(bench), **lies}
    answer = bench.client.open(f"/check/request{path}", method=method, headers=sent)
    assert answer.status_code == status


def test_and_its_host_and_method_are_those_of_the_request(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    deny:
      - {name: r, when: request.host == "app.example.org" && request.method == "PUT"}
    """)
    sent = {"X-Check-Key": CHECK_KEY, "X-Session-Token": at_work(bench)}
    for host, method, status in (
        ("app.example.org", "PUT", 403),
        ("other.example.org", "PUT", 200),
        ("app.example.org", "POST", 200),
    ):
        answer = bench.client.open(
            "/check/request/x", method=method, headers={**sent, "Host": host}
        )
        assert answer.status_code == status


def test_its_people_come_back_to_where_they_were(make_bench: BenchMaker) -> None:
    bench = make_bench(ADMIN)
    answer = bench.client.get(
        "/check/request/admin/caf%C3%A9?tab=2",
        headers={
            "X-Check-Key": CHECK_KEY,
            "X-Session-Token": at_work(bench),
            "X-Forwarded-Proto": "https",
            "Host": "app.example.org",
        },
    )
    assert answer.headers["X-Auth-Location"].endswith(
        "&return_to=https%3A%2F%2Fapp.example.org%2Fadmin%2Fcaf%25C3%25A9%3Ftab%3D2"
    )


def test_its_key_is_asked_for_first(make_bench: BenchMaker) -> None:
    bench = make_bench()
    answer = bench.client.post("/check/request/x", headers={"X-Check-Key": "wrong"})
    assert (answer.status_code, answer.json["error"]["id"]) == (401, "request.unauthorized")
    assert "WWW-Authenticate" not in answer.headers
    (line,) = [one for one in bench.lines() if one["message"] == "request refused"]
    assert line["caller"] == "check"


def test_a_gateway_may_ask_with_head(make_bench: BenchMaker) -> None:
    bench = make_bench()
    token = at_work(bench)
    answer = bench.client.head(
        "/check", headers={"X-Check-Key": CHECK_KEY, "X-Session-Token": token}
    )
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Auth-Session-Id"] == SESSION


@pytest.mark.parametrize(
    "key", [None, "", "wrong", HYDRA_KEY, f"Bearer {CHECK_KEY}", CHECK_KEY[:-1]]
)
def test_a_gateway_with_a_wrong_key_is_told_no_way_to_sign_in(
    make_bench: BenchMaker, key: str | None
) -> None:
    """Or it would send every person there, around and around."""
    bench = make_bench()
    answer = bench.at_gateway(key, X_Session_Token=at_work(bench))
    assert (answer.status_code, answer.json["error"]["id"]) == (401, "request.unauthorized")
    assert not {"X-Auth-Location", "WWW-Authenticate"} & set(answer.headers.keys())
    assert set(answer.json) == {"error"}
    assert bench.calls() == []


def test_the_persons_bearer_token_is_no_key_and_the_key_is_no_credential(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench()
    at_work(bench)
    assert bench.at_gateway(None, Authorization=f"Bearer {CHECK_KEY}").status_code == 401
    answer = bench.at_gateway(Authorization=f"Bearer {CHECK_KEY}")
    assert answer.json["reason"] == "session.not_active"


def test_a_backend_sends_its_key_as_a_bearer_token(make_bench: BenchMaker) -> None:
    bench = make_bench()
    asked = {"session_token": at_work(bench)}
    assert bench.post("/check", asked, key=CHECK_KEY).status_code == 200
    assert bench.post("/check", asked, key=HYDRA_KEY).status_code == 401
    header = {"X-Check-Key": CHECK_KEY}
    assert bench.client.post("/check", json=asked, headers=header).status_code == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "request.malformed"),
        (b"[]", "request.malformed"),
        ({}, "request.invalid"),
        ({"session_token": "a", "sesion_id": "b"}, "request.invalid"),
    ],
)
def test_what_is_no_question_is_refused(make_bench: BenchMaker, body: Any, reason: str) -> None:
    answer = make_bench().post("/check", body, key=CHECK_KEY)
    assert (answer.status_code, answer.json["error"]["id"]) == (400, reason)


def test_without_keys_there_is_no_such_route(make_bench: BenchMaker) -> None:
    bench = make_bench(check_keys=())
    assert bench.check(session_token=at_work(bench)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(make_bench: BenchMaker, method: str) -> None:
    answer = make_bench().client.open("/check", method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_a_header_beyond_ascii_is_a_text_and_no_fault(make_bench: BenchMaker) -> None:
    bench = make_bench("deny:\n  - {name: r, when: request.user_agent == 'café'}")
    token = at_work(bench)
    agent = {"X_Session_Token": token, "User_Agent": "caf\xe9"}
    assert bench.at_gateway(**agent).status_code == 403
