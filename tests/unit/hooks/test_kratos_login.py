"""Kratos' login hook, both ways (F33 to F46, F94, F97, F105)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from unit.workbench import VERSIONS, Recorded

from webhook_service.hooks import kratos_login
from webhook_service.hooks.event import Event, Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.shape import ShapeError
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.known import FACTORS

FIRST = "kratos.login.api.aal1.minimal"
SECOND = "kratos.login.api.aal2.lookup_secret"
OAUTH = "kratos.login.browser.aal1.oauth2"


def read(
    body: Any, method: str | None = "password", headers: RequestHeaders | None = None
) -> Event:
    route = "/hooks/kratos/login" + (f"/{method}" if method else "")
    raw = Raw(route, json.dumps(body).encode(), method=method)
    return kratos_login.read(raw, headers or RequestHeaders())


@pytest.mark.recorded("kratos.login")
def test_every_recorded_login_hook_reads(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    event = read(body)
    assert event.name is EventName.KRATOS_LOGIN
    assert event.subject == body["identity"]["id"]
    assert event.values["session.found"] is True
    assert event.values["session.aal"] == body["session"]["authenticator_assurance_level"]
    assert event.values["identity.traits"] == body["identity"]["traits"]
    assert event.values["flow.type"] == body["flow"]["type"]
    challenge = body["flow"].get("oauth2_login_challenge")
    assert event.values["flow.oauth2"] is bool(challenge)
    assert event.login_challenge == challenge


def test_the_session_of_a_fresh_login_is_there_and_has_no_id_yet(recorded: Recorded) -> None:
    """F35; bad-inputs row 30."""
    event = read(recorded.body(FIRST))
    assert event.session_id is None
    assert event.values["session.id"] is None
    assert event.values["session.active"] is True


@pytest.mark.recorded("kratos.login")
def test_a_login_tells_when_it_was_authenticated_and_its_newest_factor_given(
    recorded_path: Path,
) -> None:
    """F97: the session is authenticated with the factor, some microseconds after it."""
    body = json.loads(recorded_path.read_text())["body"]
    session, event = body["session"], read(body)
    newest = session["authentication_methods"][-1]["completed_at"]
    assert event.signed_in_at == datetime.fromisoformat(newest)
    assert event.authenticated_at == datetime.fromisoformat(session["authenticated_at"])
    assert event.signed_in_at <= event.authenticated_at


@pytest.mark.parametrize("version", VERSIONS)
def test_the_factor_of_a_fresh_login_stays_in_its_session_as_it_was(
    recorded: Recorded, version: str
) -> None:
    """So it finds the session that had no id yet (F30, F35); ``authenticated_at`` moves."""
    fresh = read(recorded.body(FIRST, version))
    later = read(recorded.body(SECOND, version))
    completed = [factor.completed_at for factor in later.values[FACTORS]]
    assert fresh.signed_in_at in completed
    assert fresh.authenticated_at not in completed
    assert fresh.authenticated_at != later.authenticated_at


def test_a_login_whose_factors_have_no_time_does_not_say_when(recorded: Recorded) -> None:
    body = recorded.body(FIRST)
    body["session"]["authentication_methods"] = [{"method": "password", "completed_at": None}]
    assert read(body).signed_in_at is None
    body["session"]["authentication_methods"] = None
    assert read(body).signed_in_at is None


def test_a_second_step_tells_the_session_and_when_it_really_began(recorded: Recorded) -> None:
    """F97: Kratos writes now into issued_at; the oldest factor is the truth."""
    body = recorded.body(SECOND)
    event = read(body, "lookup_secret")
    assert event.session_id == body["session"]["id"]
    assert event.values["session.methods"] == ("password", "lookup_secret")
    assert event.values["session.issued_at"] == datetime(
        2026, 11, 24, 23, 25, 31, 234025, tzinfo=UTC
    )
    assert event.values["session.issued_at"] < event.values["session.authenticated_at"]


def test_the_method_is_the_urls_and_else_the_flows(recorded: Recorded) -> None:
    """F34."""
    body = recorded.body(FIRST)
    assert read(body, "oidc").values["event.method"] == "oidc"
    assert read(body, None).values["event.method"] == "password"


def test_a_login_without_oauth_needs_no_word_from_hydra(recorded: Recorded) -> None:
    assert read(recorded.body(FIRST)).answered == {Source.HYDRA_LOGIN_REQUEST}
    assert read(recorded.body(OAUTH)).answered == frozenset()


def test_address_and_country_come_from_the_headers_that_the_settings_name(
    recorded: Recorded,
) -> None:
    """F105, row 29: X-Forwarded-For decides nothing."""
    body = recorded.body(FIRST)
    body["request_headers"] = {
        "User-Agent": ["curl/8", "second"],
        "True-Client-Ip": ["192.0.2.9"],
        "X-Forwarded-For": ["203.0.113.5"],
        "cf-ipcountry": "DE",
        "Empty": [],
        "Odd": [7],
    }
    event = read(body, headers=RequestHeaders(country="CF-IPCountry"))
    assert event.values["request.ip"] == "192.0.2.9"
    assert event.values["request.country"] == "DE"
    assert event.values["request.user_agent"] == "curl/8"
    assert "odd" not in event.values["request.headers"]
    assert "empty" not in event.values["request.headers"]
    body["request_headers"] = None
    assert read(body).values["request.ip"] is None
    assert read(body).values["request.country"] is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("flow",), None, "flow"),
        (("flow", "refresh"), "no", "flow.refresh"),
        (("identity",), None, "identity"),
        (("identity", "id"), "00000000-0000-0000-0000-000000000000", "identity.id"),
        (("identity", "id"), "../../x", "identity.id"),
        (("session",), None, "session"),
        (("session", "active"), "yes", "session.active"),
        (("session", "authentication_methods"), {}, "session.authentication_methods"),
        (("session", "expires_at"), "soon", "session.expires_at"),
    ],
)
def test_another_shape_is_refused_by_the_field(
    recorded: Recorded, path: tuple[str, ...], value: Any, said: str
) -> None:
    body = recorded.body(FIRST)
    place = body
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ShapeError, match=said):
        read(body)
