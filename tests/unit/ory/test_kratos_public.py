"""Whose session a credential proves: what is sent for that, and what the answers mean."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.kratos_public import KratosPublic, SecondFactorMissing
from webhook_service.ory.transport import Transport

API = Path(__file__).parents[2] / "payloads" / "kratos-1.3.1_hydra-2.3.0" / "api"
URL = "http://kratos.example:4433"
COOKIE = "MTc5NTU3Njk3NXxhLWNvb2tpZS1vZi1rcmF0b3M-_8="
TOKEN = "ory_st_JWV8LUxHfOvDrNuZAmXVV5A0yQ6CZGHY"


def soon() -> Deadline:
    return Deadline.after(5)


def recorded(case: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((API / f"kratos.whoami.{case}.json").read_text())
    return answer


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def public() -> KratosPublic:
    return KratosPublic(Transport("kratos", URL))


def answers(mock: responses.RequestsMock, status: int, body: object) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    mock.get(f"{URL}/sessions/whoami", status=status, body=text)


def test_of_a_cookie_kratos_gets_its_own_and_nothing_else(
    mock: responses.RequestsMock,
) -> None:
    answers(mock, 200, recorded("unchanged")["body"])
    KratosPublic(Transport("kratos", URL), "ory_session_playground").whoami(soon(), cookie=COOKIE)
    (call,) = mock.calls
    assert call.request.headers["Cookie"] == f"ory_session_playground={COOKIE}"
    assert not {"X-Session-Token", "Authorization"} & set(call.request.headers)


def test_a_token_is_sent_in_kratos_own_header_and_counts_before_a_cookie(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    answers(mock, 200, recorded("unchanged")["body"])
    public.whoami(soon(), cookie=COOKIE, token=TOKEN)
    (call,) = mock.calls
    assert call.request.headers["X-Session-Token"] == TOKEN
    assert not {"Cookie", "Authorization"} & set(call.request.headers)


def test_one_callers_credential_is_not_sent_with_the_next_call(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    answers(mock, 200, recorded("unchanged")["body"])
    public.whoami(soon(), cookie=COOKIE)
    public.whoami(soon(), token=TOKEN)
    assert "Cookie" not in mock.calls[1].request.headers
    assert "X-Session-Token" not in mock.calls[0].request.headers


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a b",
        "a;b=c",
        "a,b",
        'a"b',
        "a\\b",
        "a\r\nX-Session-Token: b",
        "a\n",
        "a\tb",
        "a\0",
        "\x7f",
        "é",
        "\ud800",
        "a" * 4097,
    ],
)
def test_what_kratos_cannot_have_made_is_nobodys_and_is_not_sent(
    mock: responses.RequestsMock, public: KratosPublic, value: str
) -> None:
    assert public.whoami(soon(), cookie=value) is None
    assert public.whoami(soon(), token=value) is None
    assert len(mock.calls) == 0


def test_without_a_credential_nobody_is_asked(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    assert public.whoami(soon()) is None
    assert len(mock.calls) == 0


def test_the_longest_credential_is_sent_whole(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    answers(mock, 200, recorded("unchanged")["body"])
    longest = "~" * 4096
    assert public.whoami(soon(), token=longest) is not None
    assert mock.calls[0].request.headers["X-Session-Token"] == longest


@pytest.mark.parametrize("case", ["unchanged", "after-extend"])
def test_every_recorded_session_is_read(
    mock: responses.RequestsMock, public: KratosPublic, case: str
) -> None:
    answer = recorded(case)
    answers(mock, answer["status"], answer["body"])
    session = public.whoami(soon(), cookie=COOKIE)
    assert session is not None
    assert session.id == answer["body"]["id"]
    assert session.aal == "aal2"
    assert session.identity is not None
    assert session.identity.id == answer["body"]["identity"]["id"]


def test_a_credential_that_kratos_does_not_take_is_nobodys(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    answer = recorded("expired")
    answers(mock, answer["status"], answer["body"])
    assert public.whoami(soon(), cookie=COOKIE) is None


def test_a_session_that_is_shown_only_after_a_second_factor_is_unknown_not_absent(
    mock: responses.RequestsMock, public: KratosPublic
) -> None:
    """F64."""
    answer = recorded("aal2-required")
    answers(mock, answer["status"], answer["body"])
    with pytest.raises(SecondFactorMissing) as caught:
        public.whoami(soon(), cookie=COOKIE)
    assert caught.value.reason is UpstreamReason.INVALID
    assert "second factor" in caught.value.detail


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        pytest.param(401, "<h1>Sign in</h1>", UpstreamReason.UNAUTHORIZED, id="a proxy's 401"),
        pytest.param(401, {"message": "no"}, UpstreamReason.UNAUTHORIZED, id="a gateway's 401"),
        pytest.param(401, {"error": "no"}, UpstreamReason.UNAUTHORIZED, id="an OAuth server's 401"),
        pytest.param(401, [], UpstreamReason.UNAUTHORIZED, id="a list"),
        pytest.param(403, "", UpstreamReason.UNAUTHORIZED, id="a proxy's 403"),
        pytest.param(
            403,
            {"error": {"id": "security_csrf_violation"}},
            UpstreamReason.UNAUTHORIZED,
            id="another 403 of Kratos",
        ),
        pytest.param(204, "", UpstreamReason.INVALID, id="204"),
        pytest.param(200, {"active": True}, UpstreamReason.INVALID, id="a session without an id"),
        pytest.param(200, "<h1>Welcome</h1>", UpstreamReason.INVALID, id="a page"),
        pytest.param(404, "404 page not found", UpstreamReason.INVALID, id="another service"),
        pytest.param(404, {"error": {"code": 404}}, UpstreamReason.INVALID, id="Ory's 404"),
        pytest.param(307, "", UpstreamReason.INVALID, id="Kratos' admin port"),
        pytest.param(500, {"error": {"code": 500}}, UpstreamReason.INVALID, id="500"),
        pytest.param(503, {"error": {"code": 503}}, UpstreamReason.BUSY, id="503"),
    ],
)
def test_only_kratos_own_word_says_that_nobody_is_signed_in(
    mock: responses.RequestsMock,
    public: KratosPublic,
    status: int,
    body: object,
    reason: UpstreamReason,
) -> None:
    """A wrong address, or a proxy in between, must not look like a person who is signed out."""
    answers(mock, status, body)
    with pytest.raises(OryError) as caught:
        public.whoami(soon(), cookie=COOKIE)
    assert caught.value.reason is reason


def test_no_credential_reaches_a_log_or_an_error(
    fake: FakeOry, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    public = KratosPublic(Transport("kratos", served.kratos_public.url))
    said = repr(public)
    for fault in (
        faults.hang,
        faults.hang_up,
        faults.reset,
        faults.html,
        faults.says(401),
        faults.says(401, body=COOKIE.encode()),
        faults.redirects(f"http://127.0.0.1/{TOKEN}"),
    ):
        fake.break_calls("kratos_public", fault)
        for credential in ({"cookie": COOKIE}, {"token": TOKEN}):
            with pytest.raises(OryError) as caught:
                public.whoami(Deadline.after(0.1), **credential)
            said += f"{caught.value} {caught.value!r}"
        fake.heal()
    assert COOKIE not in said + caplog.text
    assert TOKEN not in said + caplog.text


def test_a_kept_connection_that_died_is_replaced_and_the_credential_sent_again(
    fake: FakeOry, served: Served, session_id: str
) -> None:
    public = KratosPublic(Transport("kratos", served.kratos_public.url))
    cookie = fake.kratos_public.cookie_of(session_id)
    for _ in range(2):
        session = public.whoami(soon(), cookie=cookie)
        assert session is not None
        assert session.id == session_id
        served.kratos_public.drop_connections()


def test_the_stand_ins_answers_are_to_the_letter_of_the_recorded_ones(
    fake: FakeOry, session_id: str
) -> None:
    public = fake.kratos_public
    nobody, expired = public.handle("/sessions/whoami", {}), recorded("expired")
    assert (nobody.status, json.loads(nobody.body)) == (expired["status"], expired["body"])
    assert nobody.headers["Content-Type"] == expired["headers"]["Content-Type"]
    public.required_aal = "highest_available"
    fake.kratos.identities[fake.kratos.sessions[session_id].identity_id].second_factors = {"totp"}
    hidden = recorded("aal2-required")
    host = hidden["body"]["redirect_browser_to"].split("/")[2]
    sent = {"Host": host, "x-session-token": public.token_of(session_id)}
    answer = public.handle("/sessions/whoami", sent)
    assert (answer.status, json.loads(answer.body)) == (hidden["status"], hidden["body"])
    fake.kratos.add_factor(session_id, "totp")
    answer, real = public.handle("/sessions/whoami", sent), recorded("unchanged")
    assert answer.headers.keys() == real["headers"].keys()
    assert json.loads(answer.body).keys() <= real["body"].keys()


def test_the_stand_in_answers_behind_responses_too(
    mock: responses.RequestsMock, fake: FakeOry, session_id: str, public: KratosPublic
) -> None:
    fake.mount(
        mock,
        kratos_url="http://kratos.example:4434",
        hydra_url="http://hydra.example:4445",
        kratos_public_url=URL,
    )
    session = public.whoami(soon(), cookie=fake.kratos_public.cookie_of(session_id))
    assert session is not None
    assert session.id == session_id
    assert [(call.upstream, call.target) for call in fake.calls] == [
        ("kratos_public", "/sessions/whoami")
    ]


LINE = recorded("after-extend")["headers"]["Set-Cookie"].replace("<cookie>", COOKIE)


def shown(mock: responses.RequestsMock, *lines: str) -> str | None:
    """Ask for a browser; return the cookie that is handed on to it."""
    body = json.dumps(recorded("after-extend")["body"])
    headers = [("Set-Cookie", line) for line in lines]
    mock.get(f"{URL}/sessions/whoami", body=body, headers=headers)
    told = KratosPublic(Transport("kratos", URL)).show(soon(), cookie=COOKIE)
    assert told.session is not None
    return told.set_cookie


def test_a_browsers_new_cookie_is_handed_on_to_the_letter(mock: responses.RequestsMock) -> None:
    """F57."""
    assert shown(mock, LINE) == LINE
    assert LINE.endswith("; HttpOnly; SameSite=Lax")


def test_no_other_cookie_is(mock: responses.RequestsMock) -> None:
    """Of a balancer in between, or of a Kratos that names its cookie otherwise."""
    assert shown(mock, "balancer=3; Path=/", f"x{LINE}", LINE) == LINE


@pytest.mark.parametrize("lines", [(), ("balancer=3",), (f"{LINE}\x01",), (f"{LINE} é",)])
def test_without_one_there_is_none(mock: responses.RequestsMock, lines: tuple[str, ...]) -> None:
    assert shown(mock, *lines) is None


def test_the_cookie_of_a_stand_in_is_renewed_after_an_extension_and_ages_out() -> None:
    now = [datetime(2026, 11, 25, 12, tzinfo=UTC)]
    fake = FakeOry(clock=lambda: now[0], lifespan=timedelta(hours=1))
    session_id = fake.kratos.sign_in(fake.kratos.add_identity({}))
    cookie = fake.kratos_public.cookie_of(session_id)
    now[0] += timedelta(minutes=59)
    with fake.serve() as served:
        public = KratosPublic(Transport("kratos", served.kratos_public.url))
        public.ready(soon())
        assert public.show(soon(), cookie=cookie).set_cookie is None
        fake.kratos.extend_session(session_id, {})
        line = public.show(soon(), cookie=cookie).set_cookie
        assert line is not None
        assert "Max-Age=3600; HttpOnly; SameSite=Lax" in line
        fresh = line.partition("=")[2].partition(";")[0]
        assert public.show(soon(), cookie=fresh).set_cookie is None
        now[0] += timedelta(minutes=1)
        assert public.whoami(soon(), cookie=cookie) is None
        assert public.whoami(soon(), cookie=fresh) is not None
