"""Which of the five reasons stands behind an exception of requests, urllib3 or a socket.

All three wrap each other's exceptions, some as a cause, some as an argument, some as an
attribute; ``root`` digs out the first one. Details are fixed sentences: the originals name
URLs, and a login challenge is part of one.
"""

from __future__ import annotations

import socket
import ssl
from http.client import IncompleteRead
from typing import Final

from webhook_service.ory.errors import UpstreamReason

MAX_WRAPPERS: Final = 8


def root(error: BaseException) -> BaseException:
    """Return the exception at the bottom.

    Only links that a wrapper made on purpose are followed: ``__context__`` may lead to
    whatever the caller was handling when the call was made.
    """
    for _ in range(MAX_WRAPPERS):
        inner = error.__cause__ or getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = error.args[-1] if error.args else None
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def is_stale(error: BaseException) -> bool:
    """Whether a connection was closed by the other side before it answered."""
    return isinstance(root(error), ConnectionError | ssl.SSLEOFError)


def why(error: BaseException) -> tuple[UpstreamReason, str]:
    """Return the reason and a sentence for the log."""
    match root(error):
        case TimeoutError():
            return UpstreamReason.TIMEOUT, "no whole answer within the deadline"
        case socket.gaierror():
            return UpstreamReason.UNREACHABLE, "its name does not resolve"
        case ssl.SSLCertVerificationError() as refused:
            return UpstreamReason.UNREACHABLE, f"its certificate: {refused.verify_message}"
        case ssl.SSLError():
            return UpstreamReason.UNREACHABLE, "TLS failed"
        case IncompleteRead():
            return UpstreamReason.UNREACHABLE, "the connection ended in the middle of the answer"
        case ConnectionRefusedError():
            return UpstreamReason.UNREACHABLE, "the connection was refused"
        case OSError() as broken:
            detail = broken.strerror or type(broken).__name__
            return UpstreamReason.UNREACHABLE, f"the connection broke: {detail}"
        case other:
            return UpstreamReason.INVALID, f"not an HTTP answer: {type(other).__name__}"
