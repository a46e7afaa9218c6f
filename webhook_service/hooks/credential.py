"""What somebody shows to prove a session, before anybody has looked whether it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Proof(StrEnum):
    """The kinds of credentials, by the names that ``/check`` has for them."""

    SESSION_TOKEN = "session_token"  # noqa: S105  a kind of credential, no secret
    SESSION_COOKIE = "session_cookie"
    ACCESS_TOKEN = "access_token"  # noqa: S105  the same
    SESSION_ID = "session_id"


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential, as secret as a password but for a session's id.

    ``subject`` is whose session an id must be: an id alone proves nothing.
    """

    proof: Proof
    value: str = field(repr=False)
    subject: str | None = None


def cookie_value(header: str, name: str) -> str | None:
    """Return the first value of a cookie of that name in a whole ``Cookie`` header.

    The first, as Kratos takes it. Whatever else the browser sent is not looked at.
    """
    for part in header.split(";"):
        found, is_pair, value = part.strip().partition("=")
        if is_pair and found == name:
            return value
    return None
