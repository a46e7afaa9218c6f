"""What a request may look like: bad-inputs rows 10 to 29, as far as the app decides them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from unit.workbench import BenchMaker, Recorded

from webhook_service import sandbox

TOKEN = "hydra.token.refresh_token.consent-claims"
PATH = "/hooks/hydra/token"


def error(answer: Any) -> tuple[int, str]:
    """Return status and reason of an error; it has Ory's shape."""
    assert answer.content_type == "application/json"
    assert set(answer.json) == {"error"}
    assert answer.json["error"]["code"] == answer.status_code
    assert answer.json["error"]["message"]
    return answer.status_code, answer.json["error"]["id"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[" * 1000, id="a thousand brackets"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"subject": "a", "subject": "b"}', id="two subjects"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"a": "\\ud800"}', id="a lone surrogate"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="5,000 digits"),
    ],
)
def test_what_is_not_json_is_400_with_one_message(make_bench: BenchMaker, body: bytes) -> None:
    bench = make_bench()
    assert error(bench.post(PATH, body)) == (400, "request.malformed")
    assert bench.calls() == []


def test_u0000_in_the_subject_is_refused(make_bench: BenchMaker, recorded: Recorded) -> None:
    body = recorded.bytes(TOKEN).replace(b'"subject": "aea9', b'"subject": "\\u0000ea9')
    assert error(make_bench().post(PATH, body)) == (400, "request.malformed")


def test_json_that_is_no_hook_is_400_and_names_the_field(make_bench: BenchMaker) -> None:
    answer = make_bench().post(PATH, {"session": {}})
    assert error(answer) == (400, "request.invalid")
    assert "session.id_token" in answer.json["error"]["message"]


def test_a_body_over_the_limit_is_413(make_bench: BenchMaker) -> None:
    bench = make_bench()
    assert error(bench.post(PATH, b" " * (1024 * 1024 + 1))) == (413, "request.too_large")
    assert error(bench.post(PATH, b" " * (1024 * 1024))) == (400, "request.malformed")


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"Content_Encoding": "gzip"}, (415, "request.unsupported_encoding")),
        ({"Content_Type": "application/x-www-form-urlencoded"}, (415, "request.unsupported_type")),
        ({"Content_Type": "application/json; charset=latin-1"}, (415, "request.unsupported_type")),
        ({"Content_Type": "application/jsonp"}, (415, "request.unsupported_type")),
        ({"Content_Type": ""}, (415, "request.unsupported_type")),
        ({"Transfer_Encoding": "chunked"}, (411, "request.length_required")),
    ],
)
def test_only_plain_json_of_a_known_length_is_read(
    make_bench: BenchMaker, headers: dict[str, str], outcome: tuple[int, str]
) -> None:
    assert error(make_bench().post(PATH, b"{}", **headers)) == outcome


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_may_be_labelled_as_ory_does_and_a_little_otherwise(
    make_bench: BenchMaker, recorded: Recorded, content_type: str
) -> None:
    answer = make_bench().post(PATH, recorded.body(TOKEN), Content_Type=content_type)
    assert answer.status_code == 204


@pytest.mark.parametrize("length", ["+5", "5, 5", "-1", "5x"])
def test_a_length_that_is_none_is_refused(make_bench: BenchMaker, length: str) -> None:
    answer = make_bench().client.post(
        PATH,
        data=b"12345",
        content_type="application/json",
        headers={"Authorization": "Bearer hydra-hook-key-" + "h" * 24},
        environ_overrides={"CONTENT_LENGTH": length},
    )
    assert error(answer) == (400, "request.malformed")


def test_a_body_that_ends_early_is_408(make_bench: BenchMaker) -> None:
    bench = make_bench()
    answer = bench.client.open(
        PATH,
        method="POST",
        data=b"{}",
        content_type="application/json",
        headers={"Authorization": "Bearer hydra-hook-key-" + "h" * 24},
        environ_overrides={"CONTENT_LENGTH": "10"},
    )
    assert error(answer) == (408, "request.timeout")


@pytest.mark.parametrize("method", ["GET", "PUT", "TRACE", "OPTIONS", "DELETE"])
def test_other_verbs_are_405(make_bench: BenchMaker, method: str) -> None:
    answer = make_bench().client.open(PATH, method=method)
    assert error(answer) == (405, "request.method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/hydra/token/",
        "//hooks/hydra/token",
        "/hooks//hydra/token",
        "/hooks/kratos/login/",
        "/hooks/kratos/login/Password",
        "/hooks/kratos/login/pass-word",
        "/hooks/kratos/login/a/b",
        "/hooks/kratos/login/" + "a" * 41,
        "/static/x",
        "/",
    ],
)
def test_a_path_that_is_nearly_right_is_404_and_never_a_redirect(
    make_bench: BenchMaker, path: str
) -> None:
    """F21: Hydra follows, and a 204 there would let everyone in."""
    bench = make_bench(operator_keys=())  # whose page is at "/"
    answer = bench.client.open(base_url="http://localhost", path=path, method="POST", data=b"{}")
    assert error(answer) == (404, "request.not_found")


def test_a_target_in_absolute_form_is_404(make_bench: BenchMaker, recorded: Recorded) -> None:
    answer = make_bench().client.post(
        PATH,
        data=recorded.bytes(TOKEN),
        content_type="application/json",
        environ_overrides={"RAW_URI": "http://elsewhere/hooks/hydra/token"},
    )
    assert error(answer) == (404, "request.not_found")


def test_a_forged_address_changes_no_decision(make_bench: BenchMaker, recorded: Recorded) -> None:
    """Row 29."""
    bench = make_bench("""
    deny:
      - name: from there
        events: [kratos.login]
        when: request.ip == "203.0.113.5"
    """)
    body = recorded.body("kratos.login.api.aal1.minimal")
    forged = {"X_Forwarded_For": "203.0.113.5", "True_Client_Ip": "203.0.113.5"}
    assert bench.login(body, **forged).status_code == 204


def test_any_method_that_ory_may_add_is_served(make_bench: BenchMaker, recorded: Recorded) -> None:
    """F34."""
    bench = make_bench("""
    deny:
      - name: not with this one
        events: [kratos.login]
        when: event.method.startsWith("brand_new")
    """)
    body = recorded.body("kratos.login.api.aal1.minimal")
    assert bench.login(body, method="brand_new_2").status_code == 403
    assert bench.login(body, method="password").status_code == 204
    assert bench.post("/hooks/kratos/login", body).status_code == 204


def test_a_failure_of_our_own_is_500_and_says_nothing_of_the_input(
    make_bench: BenchMaker, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make_bench()
    secret = "assertion-of-somebody"

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr("webhook_service.deciding.decide", fails)
    assert error(bench.token(recorded.body(TOKEN))) == (500, "service.error")
    log = bench.log.getvalue().decode()
    assert "RuntimeError" in log
    assert "deciding.py:" in log
    assert secret not in log


def test_a_request_that_waited_too_long_for_its_turn_is_503_at_once(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """bad-inputs row 64: Hydra tries again; nothing was read or done."""
    bench = make_bench()
    answer = bench.client.post(
        PATH,
        data=recorded.bytes(TOKEN),
        content_type="application/json",
        headers={"Authorization": "Bearer hydra-hook-key-" + "h" * 24},
        environ_overrides={"webhook_service.arrived_at": time.monotonic() - 0.7},
    )
    assert error(answer) == (503, "service.overloaded")
    assert bench.calls() == []


def test_one_line_is_logged_whatever_the_client_calls_itself(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    """Row 28."""
    body = recorded.body("kratos.login.api.aal1.minimal")
    body["request_headers"]["User-Agent"] = ['x\r\n{"verdict":"allow"}']
    bench = make_bench()
    assert bench.login(body).status_code == 204
    assert len(bench.log.getvalue().splitlines()) == 1


def test_the_sandbox_bodies_are_the_recorded_ones(recorded: Recorded) -> None:
    for name, case in {
        "refresh": TOKEN,
        "password-only": "hydra.token.authorization_code.password-only",
        "machine": "hydra.token.client_credentials",
    }.items():
        assert json.loads((sandbox.FOLDER / f"{name}.json").read_text()) == recorded.body(case)
