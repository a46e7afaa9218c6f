"""The part of Kratos' public API that the service asks: whose session a credential proves.

A session cookie and a session token are secrets like a password. They are sent to Kratos and
nowhere else, and no log, error or record repeats them.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from webhook_service.ory.answers import error_of, value_of
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.exchange import Answer
from webhook_service.ory.health import ask_health
from webhook_service.ory.transport import Transport
from webhook_service.sessions import Session, read_session

LONGEST_CREDENTIAL: Final = 4096
"""Kratos' cookies have some 430 characters, its tokens 39; browsers keep no longer cookie."""

# The octets of a cookie's value (RFC 6265, section 4.1.1). Anything else could end the value
# and begin another cookie or header; Kratos' own cookies and tokens are made of fewer.
_CREDENTIAL: Final = re.compile(
    rf"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{{1,{LONGEST_CREDENTIAL}}}"
)

_LINE: Final = re.compile(r"[\x20-\x7e]+")
"""A header's value that cannot become two headers."""


class SecondFactorMissing(OryError):  # noqa: N818  an answer like any other, and an error only to whoever needed the session
    """The credential is good, but Kratos shows its session only after a second factor (F64).

    Its reason is ``upstream.invalid``, for the callers that cannot go on without the session.
    """

    def __init__(self, upstream: str) -> None:
        detail = "shows this session only after a second factor (session.whoami.required_aal)"
        super().__init__(upstream, UpstreamReason.INVALID, detail)


class Shown(NamedTuple):
    """What whoami told. ``set_cookie`` is a ``Set-Cookie`` line, as secret as the cookie in it."""

    session: Session | None
    set_cookie: str | None


class KratosPublic:
    """Kratos' public API.

    Args:
        transport: to ``KRATOS_PUBLIC_URL``, and without an API key: Kratos would take a
            bearer token for a session token.
        cookie_name: ``SESSION_COOKIE``, as Kratos names its cookie.
    """

    def __init__(self, transport: Transport, cookie_name: str = "ory_kratos_session") -> None:
        self._transport = transport
        self._cookie_name = cookie_name

    def whoami(
        self, deadline: Deadline, *, cookie: str | None = None, token: str | None = None
    ) -> Session | None:
        """Return the live session, with its identity, that a credential proves.

        ``None`` where it proves none: it is unknown, expired or signed out, its person is
        disabled (F82), or it is nothing that Kratos could have made, which is not sent.
        Nothing but the credential is sent along, so Kratos learns no other cookie. The new
        cookie that Kratos may answer with (F57) is let go: ``show`` hands it on.

        Args:
            deadline: when the answer must be there.
            cookie: the value of Kratos' session cookie.
            token: a session token; it counts where both are given, as it does for Kratos.

        Raises:
            SecondFactorMissing: it proves one, and which one Kratos does not tell.
            OryError: no usable answer came.
        """
        return self.show(deadline, cookie=cookie, token=token).session

    def show(
        self, deadline: Deadline, *, cookie: str | None = None, token: str | None = None
    ) -> Shown:
        """Return the same session, and the new cookie that Kratos gives to a browser with it.

        It gives one where the session was extended since it gave the cookie that was sent
        (F57): whoever asks for a browser hands it on as it is.

        Raises:
            SecondFactorMissing, OryError: as above.
        """
        name, value, prefix = (
            ("X-Session-Token", token, "")
            if token is not None
            else ("Cookie", cookie, f"{self._cookie_name}=")
        )
        if value is None or _CREDENTIAL.fullmatch(value) is None:
            return Shown(None, None)
        headers = {name: prefix + value}
        return self._transport.ask("/sessions/whoami", deadline, self._shown, headers)

    def ready(self, deadline: Deadline) -> None:
        """Return if Kratos answers there.

        Raises:
            OryError: it does not, or what is there is not Kratos.
        """
        ask_health(self._transport, ("/health/ready",), deadline)

    def _shown(self, answer: Answer) -> Shown:
        upstream = self._transport.upstream
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            error = error_of(answer.body) or {}
            if answer.status == HTTPStatus.UNAUTHORIZED and error:
                return Shown(None, None)
            if error.get("id") == "session_aal2_required":
                raise SecondFactorMissing(upstream)
        session = value_of(upstream, answer.status, answer.body, read_session)
        if session is None or session.id is None:
            raise OryError(upstream, UpstreamReason.INVALID, "answered with no session")
        return Shown(session, self._own_cookie(answer.set_cookies))

    def _own_cookie(self, lines: tuple[str, ...]) -> str | None:
        """Return the line that sets Kratos' session cookie; no other is anybody's business."""
        own = f"{self._cookie_name}="
        mine = (line for line in lines if line.startswith(own) and _LINE.fullmatch(line))
        return next(mine, None)
