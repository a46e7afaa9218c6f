"""When a request is whole enough for a thread. The bytes are what gunicorn was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.web.gunicorn_arrival import HELD_BYTES, HeadTooLongError, has_arrived

LINE = b"POST /hooks/hydra/token HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"", id="no body"),
        pytest.param(b"Content-Length: 0\r\n", id="an empty body"),
        pytest.param(b"Content-Length: 65536\r\n", id="a body that is not collected"),
        pytest.param(b"Transfer-Encoding: chunked\r\n", id="a coding"),
        pytest.param(b"Content-Length: 5\r\ntransfer-encoding: x\r\n", id="a length and a coding"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6\r\n", id="two lengths"),
        pytest.param(b"Content-Length: 5, 5\r\n", id="a list"),
        pytest.param(b"Content-Length: +5\r\n", id="a sign"),
        pytest.param(b"Content-Length:\r\n", id="no number"),
        pytest.param(b"Content-Length: 9999999999999\r\n", id="a number without sense"),
        pytest.param(b"Content-Length: 5\r\nExpect: 100-continue\r\n", id="who waits for us"),
        pytest.param(b"X: Content-Length: 5\r\n", id="a length in a value"),
    ],
)
def test_a_request_has_arrived_with_its_head_if_no_more_is_waited_for(headers: bytes) -> None:
    head = LINE + headers + b"\r\n"
    assert has_arrived(head)
    assert not has_arrived(head[:-1])


@pytest.mark.parametrize(
    "header",
    [b"Content-Length: 5", b"content-length:5", b"CONTENT-LENGTH : 5 ", b"Content-Length:\t5"],
)
def test_a_body_of_a_plain_length_is_waited_for(header: bytes) -> None:
    head = LINE + b"Host: a\r\n" + header + b"\r\n\r\n"
    assert not has_arrived(head)
    assert not has_arrived(head + b"1234")
    assert has_arrived(head + b"12345")
    assert has_arrived(head + b"12345" + LINE)


@pytest.mark.parametrize("end", [b"\n\n", b"\n\r\n", b"\r\n\n"])
def test_a_bare_line_feed_is_left_to_gunicorn_at_once(end: bytes) -> None:
    assert has_arrived(LINE.rstrip() + end)


def test_a_head_without_end_is_given_up() -> None:
    assert not has_arrived(b"a" * (HELD_BYTES - 1))
    with pytest.raises(HeadTooLongError):
        has_arrived(b"a" * HELD_BYTES)


@given(st.integers(0, 3000), st.data())
def test_it_never_arrives_before_its_last_byte_and_always_with_it(
    length: int, data: st.DataObject
) -> None:
    request = LINE + b"Content-Length: %d\r\n\r\n" % length + b"{" * length
    cut = data.draw(st.integers(0, len(request) - 1))
    assert not has_arrived(request[:cut])
    assert has_arrived(request)
