"""``/check``: what is asked upstream, what is answered, what follows, what is recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from unit.checking import SESSION, SUBJECT, at_work, consented
from unit.workbench import KRATOS_PUBLIC_URL, NOW, BenchMaker

OTHER = "11111111-2222-4333-8444-555555555555"

ADMIN = """
mfa:
  - name: the admin area
    when: request.path.startsWith("/admin")
    require: {aal: aal2, max_age: 15m}
"""


def test_a_live_session_is_shown_to_the_backend(make_bench: BenchMaker) -> None:
    bench = make_bench()
    answer = bench.check(session_token=at_work(bench, "password", "totp"))
    assert answer.status_code == 200
    assert answer.json == {
        "verdict": "allow",
        "reason": None,
        "rule": None,
        "message": None,
        "subject": SUBJECT,
        "session": {
            "id": SESSION,
            "aal": "aal2",
            "methods": ["password", "totp"],
            "authenticated_at": "2026-11-24T16:00:00.000Z",
            "expires_at": "2026-11-25T16:00:00.000Z",
        },
        "extended": False,
    }
    assert answer.headers["X-Auth-Subject"] == SUBJECT
    assert answer.headers["X-Auth-Session-Id"] == SESSION
    assert answer.headers["X-Auth-Aal"] == "aal2"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "X-Auth-Location" not in answer.headers
    assert "WWW-Authenticate" not in answer.headers


def test_a_rule_about_a_path_asks_for_a_second_factor_there_and_nowhere_else(
    make_bench: BenchMaker,
) -> None:
    bench = make_bench(ADMIN)
    token = at_work(bench)
    assert bench.check(session_token=token, path="/orders").status_code == 200
    answer = bench.check(
        session_token=token, path="/admin/", return_to="https://app.example.org/admin/"
    )
    assert answer.status_code == 401
    address = (
        f"{KRATOS_PUBLIC_URL}/self-service/login/browser?aal=aal2"
        "&return_to=https%3A%2F%2Fapp.example.org%2Fadmin%2F"
    )
    assert answer.json == {
        "verdict": "step_up",
        "reason": "mfa.aal_too_low",
        "rule": "the admin area",
        "message": "Please confirm with your second sign-in step to continue.",
        "browser": {"url": address},
        "native": {
            "method": "GET",
            "url": f"{KRATOS_PUBLIC_URL}/self-service/login/api?aal=aal2",
            "header": "X-Session-Token",
        },
    }
    assert answer.headers["X-Auth-Location"] == address
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication",'
        ' error_description="Another authentication is needed.", acr_values="aal2", max_age="900"'
    )
    assert "X-Auth-Subject" not in answer.headers


def test_the_same_token_passes_once_the_factor_is_given(make_bench: BenchMaker) -> None:
    """At once, whatever is remembered: whoever comes back from the step-up is let in."""
    bench = make_bench(ADMIN)
    token = at_work(bench)
    assert bench.check(session_token=token, path="/orders").status_code == 200
    assert bench.check(session_token=token, path="/admin").status_code == 401
    bench.ory.kratos.add_factor(SESSION, "totp")
    assert bench.check(session_token=token, path="/admin").status_code == 200


def test_a_factor_that_is_too_old_is_asked_for_again(make_bench: BenchMaker) -> None:
    """F98."""
    bench = make_bench(ADMIN)
    answer = bench.check(session_token=at_work(bench, "password", "totp"), path="/admin")
    assert answer.json["reason"] == "mfa.too_old"
    assert answer.json["browser"]["url"].endswith("?aal=aal2&refresh=true")


def test_who_has_no_factor_is_sent_to_enrol_one_and_passes_then(make_bench: BenchMaker) -> None:
    bench = make_bench(ADMIN)
    token = at_work(bench, second_factors=set())
    answer = bench.check(session_token=token, path="/admin")
    assert answer.status_code == 401
    assert answer.json["verdict"] == "enrol"
    assert "/self-service/settings/browser" in answer.json["browser"]["url"]
    bench.ory.kratos.identities[SUBJECT].second_factors.add("totp")
    bench.ory.kratos.add_factor(SESSION, "totp")
    assert bench.check(session_token=token, path="/admin").status_code == 200


def test_a_denied_request_is_told_no_way(make_bench: BenchMaker) -> None:
    bench = make_bench("""
    deny:
      - {name: closed, when: request.host == "old.example.org", message: It has moved.}
    """)
    answer = bench.check(session_token=at_work(bench), host="old.example.org")
    assert answer.status_code == 403
    assert answer.json == {
        "verdict": "deny",
        "reason": "rule.denied",
        "rule": "closed",
        "message": "It has moved.",
    }
    assert not {"X-Auth-Location", "WWW-Authenticate", "X-Auth-Subject"} & set(
        answer.headers.keys()
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"session_token": None},
        {"session_token": "ory_st_of_nobody"},
        {"session_cookie": "MTc5-of-nobody"},
        {"cookie": "theme=dark"},
        {"session_id": SESSION, "subject": OTHER},
        {"session_id": OTHER, "subject": SUBJECT},
        {"session_id": "../../x", "subject": SUBJECT},
        {"session_id": SESSION, "subject": "../../x"},
        {"access_token": "ory_at_of_nobody"},
        {"access_token": "not a token"},
    ],
)
def test_without_a_live_session_the_way_is_the_login_whatever_the_rules(
    make_bench: BenchMaker, asked: dict[str, Any]
) -> None:
    bench = make_bench(ADMIN)
    at_work(bench)
    answer = bench.check(**asked)
    assert answer.status_code == 401
    assert answer.json["reason"] == "session.not_active"
    assert answer.json["browser"]["url"] == f"{KRATOS_PUBLIC_URL}/self-service/login/browser"
    assert answer.json["native"]["header"] is None
    assert not any("../" in call for call in bench.calls())


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled", "deleted"])
@pytest.mark.parametrize("by", ["token", "cookie", "id", "access token"])
def test_a_session_that_has_ended_is_none_however_it_is_shown(
    make_bench: BenchMaker, end: str, by: str
) -> None:
    bench = make_bench()
    token = at_work(bench)
    cookie = bench.ory.kratos_public.cookie_of(SESSION)
    access_token = consented(bench)
    kratos = bench.ory.kratos
    match end:
        case "revoked":
            kratos.sessions[SESSION].revoked = True
        case "expired":
            kratos.sessions[SESSION].expires_at = NOW - timedelta(seconds=1)
        case "disabled":
            kratos.identities[SUBJECT].state = "inactive"
        case "deleted":
            del kratos.sessions[SESSION]
    shown = {
        "token": {"session_token": token},
        "cookie": {"session_cookie": cookie},
        "id": {"session_id": SESSION, "subject": SUBJECT},
        "access token": {"access_token": access_token},
    }[by]
    answer = bench.check(**shown)
    assert (answer.status_code, answer.json["reason"]) == (401, "session.not_active")


@pytest.mark.parametrize(
    ("by", "calls"),
    [
        ("token", ["GET /sessions/whoami"]),
        ("cookie", ["GET /sessions/whoami"]),
        ("whole cookie", ["GET /sessions/whoami"]),
        ("id", [f"GET /admin/sessions/{SESSION}?expand=identity"]),
        (
            "access token",
            ["POST /admin/oauth2/introspect", f"GET /admin/sessions/{SESSION}?expand=identity"],
        ),
    ],
)
def test_a_session_is_found_however_it_is_shown(
    make_bench: BenchMaker, by: str, calls: list[str]
) -> None:
    bench = make_bench()
    token, cookie = at_work(bench), bench.ory.kratos_public.cookie_of(SESSION)
    shown = {
        "token": {"session_token": token},
        "cookie": {"session_cookie": cookie},
        "whole cookie": {"cookie": f"a=b; ory_kratos_session={cookie}"},
        "id": {"session_id": SESSION, "subject": SUBJECT.upper()},
        "access token": {"access_token": consented(bench)},
    }[by]
    for _ in range(3):
        answer = bench.check(**shown)
        assert answer.status_code == 200
        assert answer.json["session"]["id"] == SESSION
    assert bench.calls() == calls


def test_an_access_token_that_names_no_session_is_not_known_to_be_anybodys(
    make_bench: BenchMaker,
) -> None:
    """F28, F30: which of the person's sessions it came from, nobody can tell."""
    bench = make_bench()
    at_work(bench)
    answer = bench.check(access_token=consented(bench, session_id=None))
    assert (answer.status_code, answer.json["reason"]) == (503, "policy.unknown")
    assert bench.record()["unknown"] == {"kratos.session": "session.ambiguous"}
    bench.ory.kratos.sessions.clear()
    assert bench.check(access_token=consented(bench, session_id=None)).status_code == 401


@pytest.mark.parametrize("subject", ["machine", OTHER])
def test_an_access_token_of_a_machine_or_of_somebody_else_shows_no_session(
    make_bench: BenchMaker, subject: str
) -> None:
    bench = make_bench()
    at_work(bench)
    answer = bench.check(access_token=consented(bench, subject=subject))
    assert (answer.status_code, answer.json["reason"]) == (401, "session.not_active")


def test_a_refresh_token_is_no_access_token(make_bench: BenchMaker) -> None:
    bench = make_bench()
    at_work(bench)
    consented(bench)
    (chain,) = bench.ory.hydra.consents.chains.values()
    assert bench.check(access_token=chain.refresh_token).status_code == 401


def test_a_session_of_somebody_else_is_noted(make_bench: BenchMaker) -> None:
    bench = make_bench()
    at_work(bench)
    bench.check(session_id=SESSION, subject=OTHER)
    assert bench.record()["notes"] == ["session.not_the_subjects"]


def test_where_kratos_shows_a_session_only_after_a_second_factor_that_is_asked_for(
    make_bench: BenchMaker,
) -> None:
    """F64: ``session.whoami.required_aal: highest_available``."""
    bench = make_bench()
    token = at_work(bench)
    bench.ory.kratos_public.required_aal = "highest_available"
    answer = bench.check(session_token=token)
    assert answer.status_code == 401
    assert (answer.json["verdict"], answer.json["reason"]) == ("step_up", "mfa.aal_too_low")
    assert answer.json["rule"] is None
    assert answer.json["native"]["url"].endswith("/login/api?aal=aal2")
    assert bench.record()["facts"] == {
        "session.found": True,
        "session.active": True,
        "session.aal": "aal1",
    }
    bench.ory.kratos.add_factor(SESSION, "totp")
    assert bench.check(session_token=token).status_code == 200


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (requests.ConnectionError("refused"), "upstream.unreachable"),
        (requests.ReadTimeout(TimeoutError()), "upstream.timeout"),
        (503, "upstream.busy"),
        (500, "upstream.invalid"),
    ],
)
def test_nobody_passes_while_kratos_does_not_tell(
    make_bench: BenchMaker, outcome: Exception | int, reason: str
) -> None:
    """Whatever the rules are, and though no rule needs the session."""
    bench = make_bench()
    at_work(bench)
    bench.fail("GET", outcome)
    answer = bench.check(session_id=SESSION, subject=SUBJECT)
    assert answer.status_code == 503
    assert answer.json["reason"] == "policy.unknown"
    assert "Retry-After" not in answer.headers
    assert not {"X-Auth-Location", "WWW-Authenticate"} & set(answer.headers.keys())
    record = bench.record()
    assert record["unknown"] == {"kratos.session": reason}
    assert "session.found" not in record["facts"]
    assert record["status"] == 503


def test_what_failed_is_not_remembered(make_bench: BenchMaker) -> None:
    bench = make_bench()
    at_work(bench)
    real = bench.ory.handle
    bench.fail("GET", 503)
    assert bench.check(session_id=SESSION, subject=SUBJECT).status_code == 503
    bench.ory.handle = real  # type: ignore[method-assign]  # the stand-in is itself again
    assert bench.check(session_id=SESSION, subject=SUBJECT).status_code == 200


def test_a_record_tells_of_a_check_and_holds_no_credential(make_bench: BenchMaker) -> None:
    bench = make_bench(ADMIN)
    token = at_work(bench)
    bench.check(session_token=token, path="/admin", host="app.example.org")
    record = bench.record()
    assert record["event"] == "check"
    assert (record["verdict"], record["status"]) == ("step_up", 401)
    assert (record["subject"], record["session"]) == (SUBJECT, SESSION)
    assert [one["call"] for one in record["upstream"]] == ["kratos.whoami", "kratos.identity"]
    assert token not in bench.log.getvalue().decode()
    bench.check(session_token=token, path="/orders")
    assert bench.record()["upstream"] == []
    assert bench.record()["key"] != record["key"]
