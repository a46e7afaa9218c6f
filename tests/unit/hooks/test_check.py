"""What backends, gateways, browsers and apps ask, and which credential counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.hooks.check import CREDENTIALS, SECRET_HEADERS, Question, Wire
from webhook_service.hooks.credential import Credential, Proof, cookie_value
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.strict_json import MalformedError
from webhook_service.hooks.target import Target

WIRE = Wire(
    "ory_kratos_session",
    RequestHeaders("True-Client-Ip", "CF-IPCountry"),
    takes_access_tokens=True,
)
TOKEN = "ory_st_JWV8LUxHfOvDrNuZAmXVV5A0yQ6CZGHY"


def asked(**body: Any) -> Question:
    return WIRE.of_body(json.dumps(body).encode())


def refused(**body: Any) -> str:
    with pytest.raises(ShapeError) as caught:
        asked(**body)
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "credential"),
    [
        ({"session_token": TOKEN}, Credential(Proof.SESSION_TOKEN, TOKEN)),
        ({"session_cookie": "MTc5"}, Credential(Proof.SESSION_COOKIE, "MTc5")),
        (
            {"cookie": "theme=dark; ory_kratos_session=MTc5; x=y"},
            Credential(Proof.SESSION_COOKIE, "MTc5"),
        ),
        ({"access_token": "ory_at_x.y"}, Credential(Proof.ACCESS_TOKEN, "ory_at_x.y")),
        (
            {"session_id": "a1", "subject": "b2"},
            Credential(Proof.SESSION_ID, "a1", "b2"),
        ),
    ],
)
def test_a_backend_shows_one_credential(body: dict[str, str], credential: Credential) -> None:
    assert asked(**body) == Question(credential, asked(**body).facts)


@pytest.mark.parametrize(
    "body",
    [
        {"session_token": None},
        {"session_cookie": ""},
        {"cookie": None},
        {"cookie": "theme=dark"},
        {"cookie": "ory_kratos_session="},
        {"access_token": ""},
        {"session_id": None, "subject": None},
    ],
)
def test_who_has_nothing_to_show_may_say_so(body: dict[str, Any]) -> None:
    """A backend hands on what a visitor sent; most visitors of a site are nobody yet."""
    assert asked(**body).credential is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"session_token": TOKEN, "session_cookie": "MTc5"},
        {"session_token": TOKEN, "cookie": None},
        {"session_token": None, "access_token": "x"},
    ],
)
def test_none_or_several_credentials_are_refused(body: dict[str, Any]) -> None:
    assert refused(**body).startswith("exactly one of")


@pytest.mark.parametrize(
    "body",
    [{"session_id": "a1"}, {"session_token": TOKEN, "subject": "b2"}],
)
def test_a_session_id_goes_with_its_subject(body: dict[str, Any]) -> None:
    """An id is in many a log: knowing it proves nothing."""
    assert refused(**body).startswith("subject:")


def test_a_subject_alone_is_no_credential() -> None:
    assert refused(subject="b2").startswith("exactly one of")


def test_a_mistyped_field_is_refused_by_its_name_and_not_passed_over() -> None:
    """Passed over, the rules about the client would be, too."""
    assert refused(session_token=TOKEN, clientid="billing") == "clientid: Unknown field."


@pytest.mark.parametrize(
    ("field", "value"),
    [("session_token", 7), ("client_id", ["a"]), ("scopes", "openid"), ("headers", [])],
)
def test_another_type_is_refused_by_the_fields_name(field: str, value: Any) -> None:
    body = {"session_token": TOKEN, field: value}
    assert refused(**body).startswith(f"{field}:")


def test_a_body_that_is_not_json_is_malformed() -> None:
    with pytest.raises(MalformedError):
        WIRE.of_body(b'{"session_token": "a", "session_token": "b"}')


def test_no_error_repeats_a_credential() -> None:
    for body in ({"session_token": TOKEN, "client_id": 7}, {"session_token": [TOKEN]}):
        assert TOKEN not in refused(**body)
    assert TOKEN not in repr(asked(session_token=TOKEN))


def test_a_question_about_a_client_names_it_and_its_scopes() -> None:
    question = asked(session_token=TOKEN, client_id="billing", scopes=["openid", "billing:write"])
    assert question.client_id == "billing"
    assert question.scopes == ("openid", "billing:write")
    assert question.facts == {}


@pytest.mark.parametrize("field", ["host", "path", "method"])
def test_a_question_about_a_client_is_not_one_about_a_request(field: str) -> None:
    """Rules about a token see no request: half of the question would be left unanswered."""
    said = refused(session_token=TOKEN, client_id="billing", **{field: "x"})
    assert said.startswith(f"{field}: Not with client_id")


def test_an_empty_client_and_scopes_of_nobody_are_refused() -> None:
    assert refused(session_token=TOKEN, client_id="") == "client_id: Empty."
    assert refused(session_token=TOKEN, scopes=["openid"]).startswith("scopes: Without client_id")


def test_a_backend_tells_of_the_request_that_waits() -> None:
    question = asked(
        session_token=TOKEN,
        host="App.example.org:443",
        path="/%61dmin?x",
        method="post",
        headers={
            "User-Agent": "curl/8",
            "True-Client-Ip": "203.0.113.5",
            "CF-IPCountry": ["DE", "FR"],
            "Cookie": "secret",
            "Authorization": "secret",
        },
        return_to="https://app.example.org/admin",
    )
    assert question.facts == {
        "request.host": "app.example.org",
        "request.path": "/admin",
        "request.method": "POST",
        "request.ip": "203.0.113.5",
        "request.country": "DE",
        "request.user_agent": "curl/8",
        "request.headers": {
            "user-agent": "curl/8",
            "true-client-ip": "203.0.113.5",
            "cf-ipcountry": "DE",
        },
    }
    assert question.return_to == "https://app.example.org/admin"


def test_what_is_no_host_path_or_method_is_refused() -> None:
    assert refused(session_token=TOKEN, host="a/b") == "host: Not a host."
    assert refused(session_token=TOKEN, path="/%00").startswith("path:")
    assert refused(session_token=TOKEN, method="GET /").startswith("method:")


@pytest.mark.parametrize(
    ("headers", "credential"),
    [
        ({"x-session-token": TOKEN}, Credential(Proof.SESSION_TOKEN, TOKEN)),
        ({"authorization": "Bearer at"}, Credential(Proof.ACCESS_TOKEN, "at")),
        ({"authorization": "bearer  at "}, Credential(Proof.ACCESS_TOKEN, "at")),
        ({"cookie": "ory_kratos_session=c"}, Credential(Proof.SESSION_COOKIE, "c")),
        ({}, None),
        ({"authorization": "Basic YTpi"}, None),
        ({"authorization": "Bearer "}, None),
        ({"x-session-token": "", "cookie": "a=b"}, None),
        (
            {"authorization": "Basic YTpi", "cookie": "ory_kratos_session=c"},
            Credential(Proof.SESSION_COOKIE, "c"),
        ),
        (
            {"authorization": "Bearer at", "cookie": "ory_kratos_session=c"},
            Credential(Proof.ACCESS_TOKEN, "at"),
        ),
        (
            {"x-session-token": TOKEN, "authorization": "Bearer at"},
            Credential(Proof.SESSION_TOKEN, TOKEN),
        ),
    ],
)
def test_what_an_app_shows_on_purpose_counts_before_what_a_browser_adds(
    headers: dict[str, str], credential: Credential | None
) -> None:
    assert WIRE.of_gateway(headers).credential == credential


def test_without_hydra_a_bearer_token_is_the_applications_own_affair() -> None:
    wire = Wire("ory_kratos_session", RequestHeaders(), takes_access_tokens=False)
    headers = {"authorization": "Bearer at", "cookie": "ory_kratos_session=c"}
    assert wire.of_gateway(headers).credential == Credential(Proof.SESSION_COOKIE, "c")


def test_a_gateways_request_is_read_from_its_headers() -> None:
    question = WIRE.of_gateway(
        {
            "cookie": "ory_kratos_session=c",
            "x-check-key": "secret",
            "x-forwarded-proto": "https",
            "x-forwarded-host": "app.example.org",
            "x-forwarded-uri": "/%61dmin?tab=2",
            "x-forwarded-method": "GET",
            "true-client-ip": "203.0.113.5",
            "user-agent": "curl/8",
        }
    )
    assert question.facts["request.host"] == "app.example.org"
    assert question.facts["request.path"] == "/admin"
    assert question.facts["request.method"] == "GET"
    assert question.facts["request.ip"] == "203.0.113.5"
    assert question.return_to == "https://app.example.org/%61dmin?tab=2"
    assert not SECRET_HEADERS & set(question.facts["request.headers"])


def test_a_browsers_own_request_has_no_address_to_come_back_to() -> None:
    target = Target(None, "auth.example.org", "/session/refresh", "POST")
    question = WIRE.of_browser_or_app({"x-session-token": TOKEN}, target)
    assert question.return_to is None
    assert question.facts["request.host"] == "auth.example.org"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("s=1", "1"),
        ("a=2; s=1", "1"),
        ("s=1;s=2", "1"),
        ("xs=2; s=1", "1"),
        ("s=a=b", "a=b"),
        ("s", None),
        ("", None),
        ("S=1", None),
        ("a=s=1", None),
    ],
)
def test_of_a_cookie_header_one_cookie_is_read_and_the_first_of_its_name(
    header: str, value: str | None
) -> None:
    assert cookie_value(header, "s") == value


@given(
    st.dictionaries(
        st.sampled_from([*CREDENTIALS, "subject", "client_id", "scopes", "host", "path", "x"]),
        st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3))),
        max_size=5,
    )
)
def test_whatever_is_asked_is_a_question_or_refused(body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    try:
        question = WIRE.of_body(data)
    except (ShapeError, MalformedError):
        return
    assert len({*CREDENTIALS} & set(body)) == 1
    assert question.client_id == body.get("client_id")
