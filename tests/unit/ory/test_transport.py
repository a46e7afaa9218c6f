"""What a request of ours looks like, and what it leaves out."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping

import pytest
import requests
import responses

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport

API_KEY = "ory_pat_an-example-key-of-many-characters"
UNKNOWN = "11111111-2222-4333-8444-555555555555"
URL = "http://kratos.example:4434"


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def sent(mock: responses.RequestsMock) -> Mapping[str, str]:
    """Return the headers of the one request that was made."""
    (call,) = mock.calls
    return call.request.headers


def test_a_request_asks_for_json_uncompressed_and_sends_no_credential(
    mock: responses.RequestsMock,
) -> None:
    mock.get(f"{URL}/admin/health/ready", json={"status": "ok"})
    Kratos(Transport("kratos", URL)).ready(soon())
    headers = sent(mock)
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("webhook-service/")
    assert "Authorization" not in headers


def test_the_api_key_is_sent_as_a_bearer_token(mock: responses.RequestsMock) -> None:
    mock.get(f"{URL}/admin/health/ready", json={"status": "ok"})
    Kratos(Transport("kratos", URL, api_key=API_KEY)).ready(soon())
    assert sent(mock)["Authorization"] == f"Bearer {API_KEY}"


def test_a_path_in_the_base_url_is_kept(mock: responses.RequestsMock) -> None:
    mock.get(f"{URL}/behind/a/proxy/admin/health/ready", json={"status": "ok"})
    Kratos(Transport("kratos", f"{URL}/behind/a/proxy/")).ready(soon())


def test_the_stand_in_answers_behind_responses_too(
    mock: responses.RequestsMock, fake: FakeOry, session_id: str
) -> None:
    fake.mount(mock, kratos_url=URL, hydra_url="http://hydra.example:4445")
    kratos = Kratos(Transport("kratos", URL))
    session = kratos.session(session_id, soon())
    assert session is not None
    assert session.active
    assert kratos.session(UNKNOWN, soon()) is None
    fake.hydra.add_client("web")
    assert Hydra(Transport("hydra", "http://hydra.example:4445")).client("web", soon()) is not None


def test_an_exception_of_requests_itself_is_an_ory_error(mock: responses.RequestsMock) -> None:
    mock.get(f"{URL}/admin/health/ready", body=requests.exceptions.ChunkedEncodingError())
    with pytest.raises(OryError) as caught:
        Kratos(Transport("kratos", URL)).ready(soon())
    assert caught.value.reason is UpstreamReason.UNREACHABLE


@pytest.mark.parametrize("url", ["http://", "kratos:4434", "ftp://kratos.example"])
def test_a_wrong_url_is_an_error_and_no_crash(url: str) -> None:
    with pytest.raises(OryError) as caught:
        Kratos(Transport("kratos", url)).ready(soon())
    assert caught.value.reason is UpstreamReason.UNREACHABLE


def test_no_cookie_is_kept(fake: FakeOry, kratos: Kratos, session_id: str) -> None:
    cookie = {"Set-Cookie": "csrf_token=1; Path=/"}
    fake.break_calls("kratos", faults.says(204, cookie), times=1)
    kratos.extend(session_id, soon())
    assert not kratos._transport._session.cookies


def test_proxies_of_the_environment_count_only_when_asked_for(
    fake: FakeOry, served: Served, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in's own port serves as the proxy: it is asked for the whole URL."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        direct = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("http_proxy", served.kratos.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(OryError):
            Kratos(Transport("kratos", direct)).session(session_id, soon())
    assert fake.calls == []
    proxied = Kratos(Transport("kratos", "http://kratos.example:4434", trust_env=True))
    assert proxied.session(session_id, soon()) is not None
    assert fake.calls[0].target.startswith("http://kratos.example:4434/admin/sessions/")
    fake.break_calls("kratos", faults.drip_body)
    with pytest.raises(OryError) as caught:
        proxied.session(session_id, Deadline.after(0.2))
    assert caught.value.reason is UpstreamReason.TIMEOUT


def test_what_is_removed_is_gone_and_what_is_not_there_cannot_be(
    fake: FakeOry, served: Served, session_id: str
) -> None:
    transport = Transport("kratos", served.kratos.url)
    transport.delete(f"/admin/sessions/{session_id}", soon())
    assert fake.kratos.sessions[session_id].revoked
    with pytest.raises(NotFound):
        transport.delete(f"/admin/sessions/{UNKNOWN}", soon())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.says(403), UpstreamReason.UNAUTHORIZED),
        (faults.html, UpstreamReason.INVALID),
        (faults.says(404, body=b"404 page not found"), UpstreamReason.INVALID),
    ],
)
def test_what_was_not_removed_is_an_error(
    fake: FakeOry, served: Served, session_id: str, fault: faults.Fault, reason: UpstreamReason
) -> None:
    fake.break_calls("kratos", fault)
    with pytest.raises(OryError) as caught:
        Transport("kratos", served.kratos.url).delete(f"/admin/sessions/{session_id}", soon())
    assert caught.value.reason is reason


def test_a_removal_is_sent_again_where_a_kept_connection_died(
    fake: FakeOry, served: Served, session_id: str
) -> None:
    transport = Transport("kratos", served.kratos.url)
    Kratos(transport).ready(soon())
    fake.break_calls("kratos", faults.hang_up, times=1)
    transport.delete(f"/admin/sessions/{session_id}", soon())
    assert fake.kratos.sessions[session_id].revoked
    assert [call.method for call in fake.calls] == ["GET", "DELETE", "DELETE"]


def test_no_credential_and_no_challenge_reaches_a_log_or_an_error(
    fake: FakeOry, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 would log whole URLs; a challenge is in one (F37)."""
    caplog.set_level(logging.DEBUG)
    hydra = Hydra(Transport("hydra", served.hydra.url, api_key=API_KEY))
    fake.hydra.add_client("web")
    challenge = fake.hydra.add_login_request("web")
    assert hydra.login_request(challenge, soon()) is not None
    said = ""
    for fault in (
        faults.hang,
        faults.hang_up,
        faults.reset,
        faults.html,
        faults.says(401),
        # A header line that urllib3 warns about, with the URL.
        faults.says(200, {"Content-Type": "application/json", "broken header": "\r\n: x"}),
        faults.redirects("http://127.0.0.1/"),
    ):
        fake.break_calls("hydra", fault)
        with pytest.raises(OryError) as caught:
            hydra.login_request(challenge, Deadline.after(0.1))
        said += f"{caught.value} {caught.value!r}"
        fake.heal()
    assert challenge[:20] not in said + caplog.text
    assert API_KEY not in said + caplog.text
