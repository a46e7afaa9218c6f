"""What a connection can be used for, and what is never mixed up on it."""

from __future__ import annotations

import itertools
import socket

import pytest
from server.running import HYDRA, JSON, REFRESH, TOKEN, Service, hook
from server.wire import request, wire

ALIVE = request("GET", "/health/alive")


def test_two_hooks_go_over_one_connection(service: Service) -> None:
    with wire(service.port) as one:
        for number in range(2):
            one.send(hook({**REFRESH, "number": number}))
            assert one.answer().status == 204
        one.send(ALIVE)
        assert one.answer().status == 200
        assert one.rest == b""


def test_requests_that_come_all_at_once_are_answered_one_after_the_other(service: Service) -> None:
    """Pipelining: no answer to what is not asked, none missing, in order."""
    asked = [ALIVE, hook({"a": 1}), request("GET", "/nothing"), hook(), ALIVE, hook(key="X: y")]
    with wire(service.port) as one:
        one.send(b"".join(asked))
        assert [one.answer().status for _ in asked] == [200, 400, 404, 204, 200, 401]
        assert one.rest == b""


def test_a_request_in_pieces_is_one_request(service: Service) -> None:
    """However the network cuts it: in the middle of a line end, of a word, of the body."""
    data = hook()
    cuts = [0, 1, 20, data.index(b"\r\n") + 1, data.index(b"\r\n\r\n") + 2, len(data) - 1, None]
    with wire(service.port) as one:
        one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in itertools.pairwise(cuts):
            one.send(data[start:end])
        assert one.answer().status == 204
        one.send(ALIVE)
        assert one.answer().status == 200


@pytest.mark.parametrize(("headers", "stays"), [((), False), (("Connection: keep-alive",), True)])
def test_http_1_0_is_served_and_keeps_a_connection_if_asked(
    service: Service, headers: tuple[str, ...], *, stays: bool
) -> None:
    with wire(service.port) as one:
        one.send(hook(REFRESH, *headers).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        answer = one.answer()
        assert answer.status == 204
        if stays:
            one.send(ALIVE)
            assert one.answer().status == 200
        else:
            assert one.is_closed()


def test_who_asks_to_close_is_left_after_the_answer(service: Service) -> None:
    with wire(service.port) as one:
        one.send(hook(REFRESH, "Connection: close"))
        assert one.answer().status == 204
        assert one.is_closed()


def test_who_waits_for_100_continue_is_told_to_go_on(service: Service) -> None:
    head, _, body = hook(REFRESH, "Expect: 100-continue").partition(b"\r\n\r\n")
    with wire(service.port) as one:
        one.send(head + b"\r\n\r\n")
        assert one.answer().status == 100
        one.send(body)
        assert one.answer().status == 204
        one.send(ALIVE)
        assert one.answer().status == 200


def test_who_waits_for_100_continue_without_a_key_is_refused_without_a_body(
    service: Service,
) -> None:
    """Gunicorn says 100 before it asks the app, granian when the app reads."""
    with wire(service.port) as one:
        one.send(request("POST", TOKEN, JSON, "Content-Length: 5", "Expect: 100-continue"))
        answers = [one.answer()]
        if answers[0].status == 100:
            answers.append(one.answer())
        assert answers[-1].reason == "request.unauthorized"
        assert [a.status for a in answers] == (
            [100, 401] if service.server == "gunicorn" else [401]
        )
        assert one.is_closed()


def test_a_body_that_ends_early_is_no_body(service: Service) -> None:
    """Row 23: the caller closes its side before all is sent."""
    with wire(service.port) as one:
        one.send(request("POST", TOKEN, HYDRA, JSON, "Content-Length: 500", body=b"{}"))
        one.socket.shutdown(socket.SHUT_WR)
        assert one.answer().reason == "request.timeout"
        assert one.is_closed()


def test_a_head_without_an_end_is_refused_and_the_refusal_arrives(service: Service) -> None:
    with wire(service.port) as one:
        one.send(b"GET /health/alive HTTP/1.1\r\n")
        for _ in range(200):
            try:
                one.send(b"X: " + b"a" * 5000 + b"\r\n")
            except ConnectionError:
                assert service.server == "granian"
                return
        answer = one.answer()
        if service.server == "gunicorn":
            assert answer.reason == "request.malformed"
        else:
            assert answer.status == 431
        assert one.is_closed()


def test_a_refusal_reaches_who_is_still_sending(service: Service) -> None:
    """Closed under 16 MB on their way, a connection is reset, and the answer lost with it.

    gunicorn goes on reading for this. granian does not: the answer may be lost.
    """
    body = b" " * 16_000_000
    with wire(service.port) as one:
        one.send(request("POST", TOKEN, HYDRA, JSON, f"Content-Length: {len(body)}"))
        try:
            one.send(body)
        except ConnectionError:
            assert service.server == "granian"
            return
        assert one.answer().reason == "request.too_large"
        assert one.is_closed()
