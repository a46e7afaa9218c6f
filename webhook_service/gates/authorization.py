"""What a client asked Hydra for, as its address tells (OpenID Connect Core, section 3.1.2.1).

Hydra tells a gate neither ``prompt`` nor ``max_age``, but the address that the browser came to.
What stands elsewhere, in a posted form or a request object, cannot be seen there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

ASKED_ALREADY: Final = ("step_up", "asked")
"""Added to the address by which a browser comes back from Kratos, where it was sent to step up
or to enrol: whoever comes back with it unmet is not sent again, so nobody goes around. Hydra
lets parameters that it does not know be. A client begins anew without it."""

_ELSEWHERE: Final = frozenset({"request", "request_uri"})
_NEW_LOGIN: Final = frozenset({"login", "select_account"})


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorization request.

    Attributes:
        url: its address, with which it can be begun anew.
        silent: nothing may be shown (``prompt=none``).
        wants_new_login: it asks for a new login, or may do so where it cannot be seen.
        repeatable: the address alone holds all of it.
        asked_already: the browser has been sent to step up, or to enrol, in its course.
    """

    url: str
    silent: bool
    wants_new_login: bool
    repeatable: bool
    asked_already: bool

    @property
    def afterwards(self) -> str:
        """The address to come back to from Kratos.

        A login that was asked for has just been made: it is not asked for a second time, and
        ``auth_time`` stays that login's (F104).
        """
        query = [pair for pair in _without_login(_pairs(self.url)) if pair != ASKED_ALREADY]
        return _with_query(self.url, [*query, ASKED_ALREADY])

    @property
    def anew(self) -> str:
        """The address with which the person may begin once more."""
        pairs = _pairs(self.url)
        if ASKED_ALREADY not in pairs:
            return self.url
        return _with_query(self.url, [pair for pair in pairs if pair != ASKED_ALREADY])


def read(url: str) -> Authorization:
    """Read the address of an authorization request."""
    pairs = _pairs(url)
    asked = dict(pairs)
    prompts = frozenset(asked.get("prompt", "").split())
    elsewhere = not _ELSEWHERE.isdisjoint(asked)
    repeatable = {"client_id", "response_type"} <= asked.keys() or elsewhere
    return Authorization(
        url=url,
        silent="none" in prompts,
        wants_new_login=(
            elsewhere
            or not repeatable
            or "max_age" in asked
            or not _NEW_LOGIN.isdisjoint(prompts)
            or _auth_time_is_essential(asked.get("claims"))
        ),
        repeatable=repeatable,
        asked_already=ASKED_ALREADY in pairs,
    )


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses are at the same scheme, host and port."""
    return _origin(one) == _origin(other) is not None


def _origin(url: str) -> tuple[str, str, int | None] | None:
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _pairs(url: str) -> list[tuple[str, str]]:
    parts = _split(url)
    return [] if parts is None else parse_qsl(parts.query, keep_blank_values=True)


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    return f"{url.partition('?')[0]}?{urlencode(pairs)}"


def _without_login(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = []
    for name, value in pairs:
        if name != "prompt":
            kept.append((name, value))
            continue
        rest = " ".join(word for word in value.split() if word != "login")
        if rest:
            kept.append((name, rest))
    return kept


def _auth_time_is_essential(claims: str | None) -> bool:
    """Whether the ``claims`` parameter insists on ``auth_time``, or cannot be read."""
    if claims is None:
        return False
    try:
        asked = json.loads(claims)
        return any(
            bool(((asked.get(where) or {}).get("auth_time") or {}).get("essential"))
            for where in ("id_token", "userinfo")
        )
    except (ValueError, RecursionError, AttributeError):
        return True
