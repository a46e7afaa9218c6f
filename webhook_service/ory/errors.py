"""What can go wrong with a call to Kratos or Hydra, as five reasons.

The same words stand in replies, metrics and decision records. ``detail`` is for logs: a
fixed sentence, never an answer's body, a URL, a credential or a trait.
"""

from __future__ import annotations

from enum import StrEnum


class UpstreamReason(StrEnum):
    """Why a fact is unknown."""

    TIMEOUT = "upstream.timeout"
    """No whole answer within the deadline."""

    UNREACHABLE = "upstream.unreachable"
    """No connection, or one that broke: the name, the port, TLS, a proxy in between."""

    UNAUTHORIZED = "upstream.unauthorized"
    """Answered 401 or 403: our key is wrong or missing. Asking again cannot help."""

    BUSY = "upstream.busy"
    """Answered 429 or 503."""

    INVALID = "upstream.invalid"
    """Answered something that Kratos and Hydra do not answer."""


class OryError(Exception):
    """A call to Kratos or Hydra brought no usable answer.

    Attributes:
        upstream: ``kratos`` or ``hydra``.
        reason: one of the five.
        detail: one sentence for the log.
    """

    def __init__(self, upstream: str, reason: UpstreamReason, detail: str) -> None:
        super().__init__(f"{upstream}: {reason}: {detail}")
        self.upstream = upstream
        self.reason = reason
        self.detail = detail


class NotFound(OryError):  # noqa: N818  an answer like any other, and an error only to whoever needed the thing
    """Answered 404 or 410: what was asked for does not exist, or no longer.

    Its reason is ``upstream.invalid``, for the callers that cannot go on without it.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, UpstreamReason.INVALID, "answered that there is no such thing")


class BadRequestError(OryError):
    """Answered 400: it does not understand what it was asked. Asking again cannot help."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, UpstreamReason.INVALID, "answered 400")
