"""From the exceptions of requests, urllib3 and sockets to the five reasons."""

from __future__ import annotations

import http.client
import socket
import ssl

import pytest
import requests
import urllib3.exceptions

from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.failures import is_stale, root, why


def wrapped(error: Exception) -> requests.ConnectionError:
    """As requests and urllib3 wrap what went wrong on a socket."""
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", error))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("timed out"), UpstreamReason.TIMEOUT),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), UpstreamReason.UNREACHABLE),
        (ssl.SSLError("wrong version number"), UpstreamReason.UNREACHABLE),
        (ConnectionRefusedError(111, "Connection refused"), UpstreamReason.UNREACHABLE),
        (ConnectionResetError(104, "Connection reset by peer"), UpstreamReason.UNREACHABLE),
        (http.client.RemoteDisconnected("closed"), UpstreamReason.UNREACHABLE),
        (http.client.IncompleteRead(b"x", 9), UpstreamReason.UNREACHABLE),
        (OSError("has no address"), UpstreamReason.UNREACHABLE),
        (http.client.BadStatusLine("SSH-2.0"), UpstreamReason.INVALID),
        (http.client.LineTooLong("header line"), UpstreamReason.INVALID),
    ],
)
def test_each_failure_has_a_reason_bare_and_wrapped(
    error: Exception, reason: UpstreamReason
) -> None:
    assert why(error)[0] is reason
    assert why(wrapped(error))[0] is reason


def test_what_the_caller_was_handling_is_not_taken_for_the_cause() -> None:
    error = wrapped(ConnectionRefusedError(111, "refused"))
    error.__context__ = TimeoutError("of the caller's own")
    assert isinstance(root(error), ConnectionRefusedError)


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    error = ValueError()
    error.args = (error,)
    assert root(error) is error


@pytest.mark.parametrize(
    ("error", "stale"),
    [
        (http.client.RemoteDisconnected("closed"), True),
        (ConnectionResetError(104, "reset"), True),
        (BrokenPipeError(32, "broken pipe"), True),
        (ssl.SSLEOFError(8, "EOF"), True),
        (TimeoutError("timed out"), False),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False),
        (ssl.SSLCertVerificationError("expired"), False),
        (http.client.BadStatusLine("SSH"), False),
    ],
)
def test_only_a_connection_that_the_other_side_closed_is_stale(
    error: Exception, *, stale: bool
) -> None:
    assert is_stale(wrapped(error)) is stale


def test_an_error_says_upstream_reason_and_detail() -> None:
    error = OryError("kratos", UpstreamReason.BUSY, "answered 429")
    assert str(error) == "kratos: upstream.busy: answered 429"
    assert (error.upstream, error.reason, error.detail) == (
        "kratos",
        "upstream.busy",
        "answered 429",
    )


def test_what_is_not_found_is_invalid_to_whoever_needs_it() -> None:
    assert NotFound("kratos").reason is UpstreamReason.INVALID
