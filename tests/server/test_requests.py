"""What each server, and the app behind it, makes of a request: bad-inputs rows 1 to 29.

Where a server answers by itself, before the app, its answer is asserted as it is: gunicorn's
is ours (web/gunicorn_worker.py), granian's has no body. docs/decisions/servers.md has the
table.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from server.running import HYDRA, HYDRA_KEY, JSON, KRATOS, LOGIN, TOKEN, Service, hook
from server.wire import ask, request, wire
from unit.workbench import Recorded

BODY = b'{"a": "%s"}' % (b"x" * 500)
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"

UNAUTHORIZED = (401, "request.unauthorized")
MALFORMED = (400, "request.malformed")
INVALID = (400, "request.invalid")
"""The app has read it: JSON, and not of a hook."""
NOT_FOUND = (404, "request.not_found")
NO_METHOD = (405, "request.method_not_allowed")
NO_LENGTH = (411, "request.length_required")
NO_TYPE = (415, "request.unsupported_type")
BARE_400 = (400, None)
BARE_431 = (431, None)
ALIVE = (200, None)


class Case(NamedTuple):
    name: str
    data: bytes
    gunicorn: tuple[int, str | None]
    granian: tuple[int, str | None]


def post(*headers: str | bytes, target: str = TOKEN, body: bytes = BODY, **more: str) -> bytes:
    return request("POST", target, *headers, body=body, **more)


def alive(*headers: str | bytes) -> bytes:
    return request("GET", "/health/alive", *headers)


def both(name: str, data: bytes, answer: tuple[int, str | None]) -> Case:
    return Case(name, data, answer, answer)


CALLERS = [
    both("1: no key", post(JSON, LENGTH), UNAUTHORIZED),
    both("2: the byte 0xE9", post(f"{HYDRA}\xe9", JSON, LENGTH), UNAUTHORIZED),
    both("3: the header twice", post(HYDRA, HYDRA, JSON, LENGTH), UNAUTHORIZED),
    both("3: empty, then right", post("Authorization:", HYDRA, JSON, LENGTH), UNAUTHORIZED),
    both("3: right, then empty", post(HYDRA, "Authorization:", JSON, LENGTH), UNAUTHORIZED),
    both("3: right, then 0xE9", post(HYDRA, "Authorization: \xe9", JSON, LENGTH), UNAUTHORIZED),
    both(
        "4: odd spaces and case",
        post(f"authorization:  bEARER   {HYDRA_KEY}  ", JSON, LENGTH),
        INVALID,
    ),
    both("4: a tab", post(f"Authorization: Bearer\t{HYDRA_KEY}", JSON, LENGTH), UNAUTHORIZED),
    both("5: X_API_Key", post(f"X_API_Key: {HYDRA_KEY}", JSON, LENGTH), UNAUTHORIZED),
    both("5: X-API-Key", post(f"X-API-Key: {HYDRA_KEY}", JSON, LENGTH), UNAUTHORIZED),
    both("5: Authorization_", post(HYDRA.replace(":", "_:"), JSON, LENGTH), UNAUTHORIZED),
    both("7: the other caller's key", post(KRATOS, JSON, LENGTH), UNAUTHORIZED),
    both("8: broken Basic", post("Authorization: Basic %%%", JSON, LENGTH), UNAUTHORIZED),
]

BODIES = [
    both("10: empty", post(HYDRA, JSON, "Content-Length: 0", body=b""), MALFORMED),
    both("10: neither length nor coding", post(HYDRA, JSON, body=b""), MALFORMED),
    both(
        "20: announced too large",
        post(HYDRA, JSON, "Content-Length: 1048577", body=b""),
        (413, "request.too_large"),
    ),
    both(
        "20: sent too large",
        post(HYDRA, JSON, "Content-Length: 2000000", body=b" " * 2_000_000),
        (413, "request.too_large"),
    ),
    both("21: chunked", post(HYDRA, JSON, CHUNKED, body=CHUNKS), NO_LENGTH),
    both(
        "21: padded chunks",
        post(HYDRA, JSON, CHUNKED, body=b"000000000000002 ;a=b\r\n{}\r\n0\r\n\r\n"),
        NO_LENGTH,
    ),
    both("21: garbage for chunks", post(HYDRA, JSON, CHUNKED, body=b"zz\r\n{}"), NO_LENGTH),
    Case("21: xchunked", post(HYDRA, JSON, f"{CHUNKED[:19]}x{CHUNKED[19:]}"), NO_LENGTH, BARE_400),
    Case("21: chunked twice", post(HYDRA, JSON, CHUNKED, CHUNKED), MALFORMED, NO_LENGTH),
    Case(
        "21: identity",
        post(HYDRA, JSON, LENGTH, "Transfer-Encoding: identity"),
        *[MALFORMED, BARE_400],
    ),
    Case("22: length, coding", post(HYDRA, JSON, LENGTH, CHUNKED), MALFORMED, NO_LENGTH),
    Case("22: coding, length", post(HYDRA, JSON, CHUNKED, LENGTH), MALFORMED, NO_LENGTH),
    Case("22: two lengths", post(HYDRA, JSON, LENGTH, "Content-Length: 5"), MALFORMED, BARE_400),
    Case("22: the same length twice", post(HYDRA, JSON, LENGTH, LENGTH), MALFORMED, INVALID),
    *(
        Case(
            f"22: length {length!r}",
            post(HYDRA, JSON, f"Content-Length: {length}"),
            MALFORMED,
            BARE_400,
        )
        for length in ("+5", "-5", "0x5", "5, 5", "5 5", "", "\xb2", "9" * 30)
    ),
    both(
        "24: gzip",
        post(HYDRA, JSON, LENGTH, "Content-Encoding: gzip"),
        (415, "request.unsupported_encoding"),
    ),
    both("25: a form", post(HYDRA, "Content-Type: multipart/form-data", LENGTH), NO_TYPE),
    both("25: no type", post(HYDRA, LENGTH), NO_TYPE),
    Case("25: two types", post(HYDRA, JSON, "Content-Type: text/xml", LENGTH), MALFORMED, INVALID),
]

TARGETS = [
    *(
        both(f"26: {method}", request(method, TOKEN, HYDRA), NO_METHOD)
        for method in ("GET", "PUT", "TRACE", "OPTIONS", "DELETE", "PROPFIND")
    ),
    both("26: HEAD", request("HEAD", TOKEN, HYDRA), (405, None)),
    Case("26: post", request("post", TOKEN, HYDRA, JSON, LENGTH, body=BODY), MALFORMED, INVALID),
    *(
        both(f"27: {target}", post(HYDRA, JSON, LENGTH, target=target), NOT_FOUND)
        for target in (
            f"{TOKEN}/",
            f"/{TOKEN}",
            f"//{TOKEN}",
            "/hooks//hydra/token",
            "/hooks/./hydra/token",
            "/hooks/kratos/../hydra/token",
            "/%2fhooks/hydra/token",
        )
    ),
    # granian hands the app the path alone, which it may (RFC 9112, section 3.2.2).
    Case("27: absolute", post(HYDRA, JSON, LENGTH, target=f"http://a{TOKEN}"), NOT_FOUND, INVALID),
]

FRAMES = [
    Case("28: a line break", alive("User-Agent: a\r\nb"), MALFORMED, BARE_400),
    Case("28: a bare CR", alive("User-Agent: a\rb"), MALFORMED, BARE_400),
    Case("28: a NUL", alive("User-Agent: a\0b"), MALFORMED, BARE_400),
    Case("a folded header", alive("User-Agent: a\r\n b"), MALFORMED, BARE_400),
    Case("bare line feeds", b"GET /health/alive HTTP/1.1\nHost: a\n\n", MALFORMED, ALIVE),
    Case("two hosts", alive("Host: a"), MALFORMED, ALIVE),
    Case("a TLS hello", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", MALFORMED, BARE_400),
    Case("HTTP/0.9", b"GET /health/alive\r\n\r\n", MALFORMED, BARE_400),
    Case("HTTP/2.0", alive().replace(b"/1.1", b"/2.0"), MALFORMED, BARE_400),
    Case("200 headers", alive(*(f"X-{n}: a" for n in range(200))), MALFORMED, BARE_431),
    Case("a header of 9 KB", alive(f"X: {'a' * 9000}"), MALFORMED, ALIVE),
    Case("a header of 200 KB", alive(f"X: {'a' * 200_000}"), MALFORMED, BARE_431),
    both("SCRIPT_NAME", alive("SCRIPT_NAME: /hooks"), ALIVE),
    both(
        "a scheme against another", alive("X-Forwarded-Proto: http", "X-Forwarded-Ssl: on"), ALIVE
    ),
]

CASES = [pytest.param(case, id=case.name) for case in (*CALLERS, *BODIES, *TARGETS, *FRAMES)]


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_answered_as_the_table_says(service: Service, case: Case) -> None:
    answer = ask(service.port, case.data)
    assert (answer.status, answer.reason) == getattr(case, service.server)
    assert service.ory.calls == []


@pytest.mark.parametrize("case", CASES)
def test_after_it_the_connection_serves_the_next_request_or_ends(
    service: Service, case: Case
) -> None:
    """What is left of a refused request is never taken for the next, nor its answer."""
    with wire(service.port) as one:
        one.send(case.data)
        one.answer(to_head=case.data.startswith(b"HEAD"))
        try:
            one.send(hook({"next": 1}))
            assert one.answer().reason == "request.invalid"
        except (EOFError, ConnectionError):
            assert one.rest == b""


def test_a_callers_address_is_not_taken_from_a_header(service: Service) -> None:
    """Row 29."""
    body = Recorded().body("kratos.login.api.aal1.minimal")
    forged = (
        "X-Forwarded-For: 203.0.113.5",
        "True-Client-Ip: 203.0.113.5",
        "Forwarded: for=203.0.113.5",
    )
    assert ask(service.port, hook(body, *forged, key=KRATOS, target=LOGIN)).status == 204
    body["request_headers"]["True-Client-Ip"] = ["203.0.113.5"]
    assert ask(service.port, hook(body, key=KRATOS, target=LOGIN)).status == 403


def test_one_line_is_logged_whatever_the_client_calls_itself(service: Service) -> None:
    """Row 28."""
    body = Recorded().body("kratos.login.api.aal1.minimal")
    body["request_headers"]["User-Agent"] = ['x\r\n{"verdict":"allow"}']
    before = len(service.lines())
    named = hook(body, 'User-Agent: %0d%0a\\r\\n{"verdict":"allow"}', key=KRATOS, target=LOGIN)
    assert ask(service.port, named).status == 204
    assert [line["message"] for line in service.lines()[before:]] == ["decision"]
