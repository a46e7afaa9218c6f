"""Our client of Hydra: ids and challenges in URLs, and shapes."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, faults
from webhook_service.ory.hydra import Hydra, OAuthClient
from webhook_service.ory.ids import quoted

ANY_TEXT = st.text(min_size=1, max_size=30)


def soon() -> Deadline:
    return Deadline.after(5)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ANY_TEXT.filter(lambda text: "/" not in text and text not in {".", ".."}))
def test_a_client_is_found_by_whatever_id_it_has(
    fake: FakeOry, hydra: Hydra, client_id: str
) -> None:
    fake.hydra.add_client(client_id)
    found = hydra.client(client_id, soon())
    assert found is not None
    assert found.id == client_id


@given(ANY_TEXT)
def test_a_text_cannot_leave_its_place_in_a_url(text: str) -> None:
    part = quoted(text)
    if part is not None:
        assert not set("/?#&=+ ") & set(part)
        assert unquote(part) == text
        url = urlsplit(f"http://hydra/admin/clients/{part}?challenge={part}")
        assert url.path == f"/admin/clients/{part}"
        assert parse_qs(url.query) == {"challenge": [text]}


@pytest.mark.parametrize("text", ["", ".", "..", "\ud800"])
def test_what_would_be_another_path_is_not_there_and_never_asked_for(
    fake: FakeOry, hydra: Hydra, text: str
) -> None:
    assert hydra.client(text, soon()) is None
    assert hydra.login_request(text, soon()) is None
    assert fake.calls == []


def test_a_login_request_that_was_answered_already_is_none(fake: FakeOry, hydra: Hydra) -> None:
    """Hydra says 410 and where the browser was sent."""
    fake.break_calls("hydra", faults.says(410, body=b'{"redirect_to": "http://127.0.0.1/"}'))
    assert hydra.login_request("a-challenge", soon()) is None


def test_a_remembered_login_says_whom_it_remembers(fake: FakeOry, hydra: Hydra) -> None:
    fake.hydra.add_client("web", scopes=["openid"])
    challenge = fake.hydra.add_login_request("web", subject="ada")
    request = hydra.login_request(challenge, soon())
    assert request is not None
    assert (request.skip, request.subject) == (True, "ada")
    assert request.client == OAuthClient("web", "", "", ("openid",), {})


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"client_id": 1}',
        b'{"client_id": "web", "metadata": []}',
        b'{"client_id": "web", "scope": ["openid"]}',
    ],
)
def test_a_client_of_another_shape_is_invalid(fake: FakeOry, hydra: Hydra, body: bytes) -> None:
    fake.break_calls("hydra", faults.says(200, body=body))
    with pytest.raises(OryError) as caught:
        hydra.client("web", soon())
    assert caught.value.reason is UpstreamReason.INVALID


def test_a_client_without_names_scopes_or_metadata_has_none(fake: FakeOry, hydra: Hydra) -> None:
    body = b'{"client_id": "web", "client_name": null, "scope": null, "metadata": null}'
    fake.break_calls("hydra", faults.says(200, body=body))
    assert hydra.client("web", soon()) == OAuthClient("web")


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"client": {}}', b'{"client": null}'])
def test_a_login_request_of_another_shape_is_invalid(
    fake: FakeOry, hydra: Hydra, body: bytes
) -> None:
    fake.break_calls("hydra", faults.says(200, body=body))
    with pytest.raises(OryError) as caught:
        hydra.login_request("a-challenge", soon())
    assert caught.value.reason is UpstreamReason.INVALID


def test_hydra_is_ready_at_the_place_of_either_version(fake: FakeOry, hydra: Hydra) -> None:
    hydra.ready(soon())
    fake.break_calls("hydra", faults.says(404, body=b"404 page not found"), times=1)
    fake.break_calls("hydra", faults.says(200, body=b'{"status": "ok"}'))
    hydra.ready(soon())
    assert [call.target for call in fake.calls] == [
        "/health/ready",
        "/health/ready",
        "/admin/health/ready",
    ]
