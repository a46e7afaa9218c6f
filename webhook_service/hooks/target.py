"""The request that a gateway or backend asks about: its host, path and method, as rules see them.

An application decodes a path before it looks at it. A rule on the path must see what the
application will see, or ``/%61dmin`` would pass by a rule on ``/admin``: so escapes are decoded
once, slashes in a row are one, and ``.`` and ``..`` are gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from webhook_service.hooks.shape import ShapeError

_ORIGINAL: Final = frozenset(
    {"x-original-url", "x-original-uri", "x-original-host", "x-original-method"}
)

_HOST: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\@]*)([/?#].*)?", re.DOTALL)
_PLAIN: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+/?|/")
"""A path of which nothing is to be put right, as most are."""
_SENT_AS_IT_IS: Final = "!#$%&'()*+,/:;=?@[]~"
_METHOD: Final = re.compile(r"[A-Za-z-]{1,40}")


@dataclass(frozen=True, slots=True)
class Target:
    """A request that is asked about; ``None`` for what nobody told.

    ``authority`` is the host with its port, ``target`` the path with its query, both as they
    were sent: together with ``scheme`` they are the address to come back to.
    """

    scheme: str | None = None
    authority: str | None = None
    target: str | None = None
    method: str | None = None

    @property
    def host(self) -> str | None:
        """The host as rules see it."""
        return None if self.authority is None else host_of(self.authority)

    @property
    def path(self) -> str | None:
        """The path as rules see it."""
        return None if self.target is None else path_of(self.target)

    @property
    def url(self) -> str | None:
        """The whole address, where all of it is told."""
        if self.scheme is None or self.authority is None or self.target is None:
            return None
        escaped = quote(self.target.encode("latin-1"), safe=_SENT_AS_IT_IS)
        return f"{self.scheme}://{self.authority}{escaped}"


def host_of(authority: str) -> str:
    """Return a host in lower case, without its port and the dot that may end it.

    Raises:
        ShapeError: it is no host.
    """
    found = _HOST.fullmatch(authority)
    if found is None:
        raise ShapeError("host: Not a host.")
    return found[1].lower().removesuffix(".")


def path_of(target: str) -> str:
    """Return the path of a request target as an application would see it.

    ``target`` is what stands in a request line, bytes beyond ASCII as Latin-1 (PEP 3333).

    Raises:
        ShapeError: it is not one that can be sent.
    """
    encoded = _without_origin(target).partition("?")[0].partition("#")[0]
    if _PLAIN.fullmatch(encoded):
        return encoded
    try:
        path = unquote_to_bytes(encoded.encode("latin-1")).decode(errors="replace")
    except UnicodeEncodeError:
        raise ShapeError("path: Escape what is not ASCII, as in a request line.") from None
    if "\0" in path:
        raise ShapeError("path: Holds U+0000.")
    return _tidy(path)


def method_of(method: str) -> str:
    """Return a method as rules see it.

    Raises:
        ShapeError: it is none.
    """
    if _METHOD.fullmatch(method) is None:
        raise ShapeError("method: Not a method of HTTP.")
    return method.upper()


def forwarded(headers: Mapping[str, str]) -> Target:
    """Read what a gateway says of the request, in either of the two families of headers.

    Names are in lower case. Where both families tell, they must agree: a gateway that sets one
    of them and hands on the other from its client would let the client choose its rules.

    Raises:
        ShapeError: they do not agree, or are not what they should be.
    """
    ours = Target(
        scheme=_last(headers.get("x-forwarded-proto")),
        authority=_last(headers.get("x-forwarded-host")),
        target=headers.get("x-forwarded-uri") or None,
        method=_last(headers.get("x-forwarded-method")),
    )
    both = _with_original(ours, headers) if _ORIGINAL & headers.keys() else ours
    return Target(
        scheme=(both.scheme or "").lower() or None,
        authority=both.authority,
        target=_without_origin(both.target or "") or None,
        method=None if both.method is None else method_of(both.method),
    )


def _with_original(ours: Target, headers: Mapping[str, str]) -> Target:
    """Add what the other family tells, if both agree.

    Raises:
        ShapeError: they do not.
    """
    theirs = _original(headers)
    for what in ("host", "path", "method"):
        _agree(what, getattr(ours, what), getattr(theirs, what))
    return Target(
        scheme=ours.scheme or theirs.scheme,
        authority=ours.authority or theirs.authority,
        target=ours.target or theirs.target,
        method=ours.method or theirs.method,
    )


def _original(headers: Mapping[str, str]) -> Target:
    """Read ``X-Original-*``: one address in whole, or its parts."""
    address = headers.get("x-original-url") or headers.get("x-original-uri") or ""
    url = _URL.fullmatch(address)
    return Target(
        scheme=url[1] if url else None,
        authority=(url[2] if url else headers.get("x-original-host")) or None,
        target=_without_origin(address) or None,
        method=headers.get("x-original-method") or None,
    )


def _without_origin(target: str) -> str:
    """Return the path and query of a target that may have been sent in absolute form."""
    if target.startswith("/"):
        return target
    url = _URL.fullmatch(target)
    if url is None:
        return target
    rest = url[3] or ""
    return rest if rest.startswith("/") else f"/{rest}"


def _last(value: str | None) -> str | None:
    """Return the last of several values: what the nearest gateway added."""
    return (value or "").rpartition(",")[2].strip() or None


def _agree(what: str, ours: str | None, theirs: str | None) -> None:
    if ours is not None and theirs is not None and ours.lower() != theirs.lower():
        raise ShapeError(f"X-Forwarded-* and X-Original-* tell of two requests: {what}.")


def _tidy(path: str) -> str:
    segments = path.split("/")
    last = segments[-1]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    ends = "/" if kept and last in {"", ".", ".."} else ""
    return f"/{'/'.join(kept)}{ends}"
