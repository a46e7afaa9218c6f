"""Which hook a recorded call belongs to, and how it is read once more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from unit.workbench import Recorded

from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.recordings import (
    NotAHookError,
    moment_of,
    read_recording,
    recording_of,
)
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.table import hooks

HOOKS = hooks(RequestHeaders()).values()


def named_event(path: Path) -> str:
    """Read the event off the file's name, as its README spells it."""
    name = path.name.replace("hydra.refresh_token_hook", "hydra.refresh_token")
    return ".".join(name.split(".")[:2]).split("-")[0]


@pytest.mark.recorded("hydra", "kratos")
def test_the_case_names_the_event(recorded_path: Path) -> None:
    recording = recording_of(json.loads(recorded_path.read_text()))
    assert recording.event == named_event(recorded_path)


@pytest.mark.recorded("hydra", "kratos")
def test_the_name_of_a_file_serves_where_there_is_no_case(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    assert recording_of(body, recorded_path.stem).event == named_event(recorded_path)


@pytest.mark.recorded("hydra", "kratos.login", "kratos.settings")
def test_the_shape_tells_where_there_is_neither(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    assert recording_of(body, "body").event == named_event(recorded_path)


@pytest.mark.recorded("kratos.registration", "kratos.recovery", "kratos.verification")
def test_a_flow_of_which_only_the_address_tells_is_told_by_it(recorded_path: Path) -> None:
    body = json.loads(recorded_path.read_text())["body"]
    assert recording_of(body).event == named_event(recorded_path)
    for address in (None, "http://[", "http://127.0.0.1/somewhere"):
        with pytest.raises(NotAHookError, match="of which flow"):
            recording_of({**body, "request_url": address})


@pytest.mark.parametrize(
    ("case", "method"),
    [
        ("kratos.settings-password.api", "password"),
        ("kratos.settings-lookup_secret", "lookup_secret"),
        ("kratos.settings", None),
        ("kratos.login.api.aal1", None),
    ],
)
def test_a_case_can_name_the_method(case: str, method: str | None) -> None:
    """F34: bodies of settings do not."""
    assert recording_of({"case": case, "body": {}}).method == method


def test_an_event_is_named_as_a_whole() -> None:
    with pytest.raises(NotAHookError):
        recording_of({"case": "kratos.logins", "body": {}})


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="a list"),
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param({"case": "hydra.token"}, id="no body"),
        pytest.param({"case": "hydra.token", "body": "text"}, id="a text"),
        pytest.param({"session": {"id": "x"}}, id="something with a session"),
        pytest.param({"flow": "login"}, id="a flow that is none"),
        pytest.param(
            {"case": "hydra.token", "status": 200, "body": {}}, id="the answer of an admin API"
        ),
    ],
)
def test_what_is_no_hook_call_is_refused(document: Any) -> None:
    with pytest.raises(NotAHookError):
        recording_of(document)


@pytest.mark.recorded("hydra", "kratos")
def test_a_recording_is_read_through_its_hook(recorded_path: Path) -> None:
    recording = recording_of(json.loads(recorded_path.read_text()))
    event = read_recording(recording, HOOKS)
    assert event.name is recording.event
    if recording.method is not None:
        assert event.values["event.method"] == recording.method


def test_what_no_hook_reads_is_refused() -> None:
    """A check is no call of Ory's."""
    with pytest.raises(NotAHookError, match="no hook that reads check"):
        read_recording(recording_of({"case": "check", "body": {}}), HOOKS)


def test_the_method_of_a_case_is_that_of_the_hooks_url(recorded: Recorded) -> None:
    body = recorded.body("kratos.login.api.aal1.minimal")
    event = read_recording(recording_of({"case": "kratos.login-code", "body": body}), HOOKS)
    assert event.values["event.method"] == "code"


def test_a_hook_of_hydra_has_no_method(recorded: Recorded) -> None:
    body = recorded.body("hydra.token.client_credentials")
    event = read_recording(recording_of({"case": "hydra.token-code", "body": body}), HOOKS)
    assert event.values.get("event.method") is None


def test_a_body_that_is_not_the_hooks_is_refused() -> None:
    with pytest.raises(ShapeError):
        read_recording(recording_of({"case": "hydra.token", "body": {}}), HOOKS)


def test_a_login_is_made_when_its_session_was_authenticated(recorded: Recorded) -> None:
    """F97; a token does not say when."""
    body = recorded.body("kratos.login.api.aal1.minimal")
    event = read_recording(recording_of(body), HOOKS)
    assert moment_of(event) == event.values["session.authenticated_at"] is not None
    token = recorded.body("hydra.token.refresh_token.password-only")
    assert moment_of(read_recording(recording_of(token), HOOKS)) is None


def test_a_recording_may_say_when_it_was_received() -> None:
    at = recording_of({"case": "hydra.token", "at": "2026-11-25T12:00:00Z", "body": {}}).at
    assert at == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert recording_of({"case": "hydra.token", "at": "noon", "body": {}}).at is None
