"""Whose access token it is: how Hydra is asked, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served
from webhook_service.ory.hydra import LONGEST_TOKEN, Hydra
from webhook_service.ory.introspection import AccessToken
from webhook_service.ory.transport import Transport

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
URL = "http://hydra.example:4445"
TOKEN = "ory_at_HvX1ZL8-0_~a.b+c/d="
SUBJECT = "ba86de81-632c-4c14-85f6-259d83986bf8"


def soon() -> Deadline:
    return Deadline.after(5)


def told(**more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((API / "hydra.introspect.active.json").read_text())["body"]
    return {**body, **more}


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def introspected(mock: responses.RequestsMock, body: object, status: int = 200) -> Any:
    mock.post(f"{URL}/admin/oauth2/introspect", json=body, status=status)
    return Hydra(Transport("hydra", URL)).introspect(TOKEN, soon())


def test_a_token_goes_to_hydra_in_a_form_and_never_in_an_address(
    mock: responses.RequestsMock,
) -> None:
    introspected(mock, told())
    (call,) = mock.calls
    assert call.request.url == f"{URL}/admin/oauth2/introspect"
    assert parse_qs(call.request.body.decode()) == {"token": [TOKEN]}
    assert call.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.request.headers["Content-Length"] == str(len(call.request.body))


def test_a_live_access_token_is_somebodys(mock: responses.RequestsMock) -> None:
    assert introspected(mock, told()) == AccessToken(
        SUBJECT, "web", None, datetime.fromtimestamp(1795562722, UTC)
    )


def test_it_names_the_session_that_the_consent_app_put_in(mock: responses.RequestsMock) -> None:
    """F28, F17."""
    found = introspected(mock, told(ext={"kratos_session_id": "a1", "staff": True}))
    assert found.session_id == "a1"


@pytest.mark.parametrize(
    "body",
    [
        {"active": False},
        told(token_use="refresh_token"),
        told(token_use=None),
        told(active=False),
    ],
)
def test_what_is_no_live_access_token_is_nobodys(
    mock: responses.RequestsMock, body: dict[str, Any]
) -> None:
    """Hydra says active of a refresh token as well."""
    assert introspected(mock, body) is None


@pytest.mark.parametrize("iat", [None, 0, -1, 1 << 60])
def test_a_time_that_is_none_is_no_time(mock: responses.RequestsMock, iat: Any) -> None:
    assert introspected(mock, told(iat=iat)).issued_at is None


@pytest.mark.parametrize("field", ["sub", "client_id"])
def test_an_empty_name_is_nobodys(mock: responses.RequestsMock, field: str) -> None:
    found = introspected(mock, told(**{field: ""}))
    assert (found.subject if field == "sub" else found.client_id) is None


@pytest.mark.parametrize("body", [[], {}, {"active": "yes"}, told(iat="now"), told(ext=[])])
def test_another_shape_is_no_answer(mock: responses.RequestsMock, body: Any) -> None:
    with pytest.raises(OryError) as caught:
        introspected(mock, body)
    assert caught.value.reason is UpstreamReason.INVALID


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, UpstreamReason.UNAUTHORIZED), (503, UpstreamReason.BUSY), (302, UpstreamReason.INVALID)],
)
def test_a_refusal_is_no_answer(
    mock: responses.RequestsMock, status: int, reason: UpstreamReason
) -> None:
    with pytest.raises(OryError) as caught:
        introspected(mock, {}, status)
    assert caught.value.reason is reason
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "token",
    ["", "a b", "a&token=b", "a\n", "é", "=", "a=b", "\ud800", "x" * (LONGEST_TOKEN + 1)],
)
def test_what_cannot_be_a_token_is_not_sent(mock: responses.RequestsMock, token: str) -> None:
    """RFC 6750, section 2.1."""
    assert Hydra(Transport("hydra", URL)).introspect(token, soon()) is None
    assert len(mock.calls) == 0


def test_it_is_asked_again_where_a_kept_connection_had_died(
    fake: FakeOry, served: Served, hydra: Hydra
) -> None:
    login = fake.hydra.consents.log_in(SUBJECT)
    token = fake.hydra.consents.consent(login, "web", session_id="a1").access_token
    assert hydra.introspect(token, soon()) is not None
    served.hydra.drop_connections()
    found = hydra.introspect(token, soon())
    assert found is not None
    assert (found.subject, found.client_id, found.session_id) == (SUBJECT, "web", "a1")
