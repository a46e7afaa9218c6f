"""What never gets into a span: what came with a request, and whom it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from unit.tracing.made import Made
from unit.workbench import NOW, BenchMaker
from unit.world import named, person, session

POLICY = """
mfa: [{name: staff, require: {aal: aal2}}]
sessions: [{name: capped, max_age: 8h, extend: true}]
revoke: [{name: gone, events: [kratos.settings, kratos.recovery], revoke: [all_sessions]}]
"""
OUR_WORDS = {"password", "refresh_token"}
"""Values of payloads that are words of a route or an event, too."""


@pytest.mark.recorded("hydra.", "kratos.")
def test_nothing_of_a_payload_gets_into_a_span(
    make_traced: BenchMaker, made: Made, recorded_path: Path
) -> None:
    recorded = json.loads(recorded_path.read_text())
    make_traced(POLICY).post(path_of(recorded_path.stem), recorded["body"])
    assert len(made.all()) > 1
    text = "".join(span.to_json() for span in made.all())
    for value in texts(recorded["body"]):
        if len(value) > 7 and value not in OUR_WORDS:
            assert value not in text, value


def test_no_cookie_no_token_and_no_person_of_a_check_gets_into_a_span(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced(POLICY, public_url="https://auth.example.org")
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, began=NOW - timedelta(hours=1))
    cookie = bench.cookie_of(session_id)
    target = "/accounts/augusta?name=lovelace"
    bench.at_gateway(cookie=cookie, X_Forwarded_Uri=target)
    bench.client.get(f"/check/request{target}", headers={"Cookie": cookie, "X-Check-Key": "x"})
    bench.check(session_id=session_id, subject=subject)
    bench.check(session_token="a-token-of-augusta")
    bench.check(access_token="ory_at_of_augusta")
    bench.client.get("/oauth2/login?login_challenge=the-challenge", headers={"Cookie": cookie})
    bench.client.get("/oauth2/consent?consent_challenge=the-challenge", headers={"Cookie": cookie})
    assert {"POST /check", "GET /check", "GET /oauth2/login"} <= set(made.names())
    text = "".join(span.to_json() for span in made.all())
    private = (
        subject,
        session_id,
        cookie.partition("=")[2],
        "augusta",
        "lovelace",
        "the-challenge",
    )
    assert [value for value in private if value in text] == []


def path_of(case: str) -> str:
    """Return the route that a recorded call came to."""
    caller, flow = case.split(".")[:2]
    if caller == "hydra":
        return "/hooks/hydra/token" if flow == "token" else "/hooks/hydra/refresh-token"
    flow, _, method = flow.partition("-")
    if flow in {"login", "registration", "settings"}:
        return f"/hooks/kratos/{flow}/{method or 'password'}"
    return f"/hooks/kratos/{flow}"


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    if isinstance(value, str):
        yield value
