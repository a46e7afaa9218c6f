"""Signing in to the operator's page: a key of ``OPERATOR_KEYS`` for a signed cookie.

Nothing is kept: the cookie holds when it ends and a random id, and is signed with a key that is
derived from the operator key that was given. Any process can check it, and whoever takes an
operator key out of the settings signs out everybody who came in with it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from webhook_service.web.page_forms import same, sign

COOKIE: Final = "__Host-webhook_service_operator"
"""With the prefix no other host can set it, and no browser keeps it without Secure (RFC 6265bis,
section 4.1.3.2)."""

LASTS: Final = timedelta(hours=8)
"""From the sign-in on, used or not."""

HOME: Final = "/"
FIRST_SEGMENTS: Final = frozenset({"", "decisions", "effects", "rules", "simulate"})
"""Where the pages are that show something: the first segments of their paths."""

LONGEST_PATH: Final = 2000

_PURPOSE: Final = b"webhook-service operator's page"
_ID_BYTES: Final = 16
_COOKIE: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_PATH: Final = re.compile(r"/[!-\[\]-~]*")  # visible ASCII, without the backslash


class Signed(NamedTuple):
    """Who is signed in: nobody by name, only that an operator key was given.

    ``token`` goes into each form as the field ``token``; ``until`` is when the sign-in ends, in
    UTC.
    """

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class _Key:
    """An operator key: what it is compared by, and what signs for whoever gave it."""

    digest: bytes = field(repr=False)
    signing: bytes = field(repr=False)


class SignIns:
    """Makes cookies for operator keys, and tells whose are good."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = tuple(
            # Derived: what signs cookies must not be what opens /metrics.
            _Key(sha256(key).digest(), hmac.digest(key, _PURPOSE, "sha256"))
            for key in keys
        )

    def cookie(self, key: str, now: datetime) -> str | None:
        """Return a cookie for whoever gives an operator key; ``None`` for any other text.

        Every key is compared, in constant time, as bytes.
        """
        digest = sha256(key.encode(errors="replace")).digest()
        fits = [one for one in self._keys if hmac.compare_digest(digest, one.digest)]
        if not fits:
            return None
        until = int((now + LASTS).timestamp())
        name = urlsafe_b64encode(secrets.token_bytes(_ID_BYTES)).decode().rstrip("=")
        return f"{until}.{name}.{sign(fits[0].signing, 'cookie', str(until), name)}"

    def signed(self, cookie: str | None, now: datetime) -> Signed | None:
        """Return the sign-in that a cookie stands for; ``None`` where it is over or none of ours.

        The token is made of the cookie's id: a form that was shown to one sign-in is none of
        another's.
        """
        match = _COOKIE.fullmatch(cookie or "")
        if match is None:
            return None
        until, name, signature = match.groups()
        fits = [
            one for one in self._keys if same(signature, sign(one.signing, "cookie", until, name))
        ]
        # A time that is signed is one that ``cookie`` wrote: others may be beyond any date.
        if not fits or now >= (ends := datetime.fromtimestamp(int(until), UTC)):
            return None
        return Signed(sign(fits[0].signing, "form", name), ends)


def own_path(text: str | None) -> str:
    """Return a path of the page's own, its query included; any other text becomes ``/``.

    Nobody is sent to another host after signing in, however the address is written.
    """
    if text is None or len(text) > LONGEST_PATH or not _PATH.fullmatch(text):
        return HOME
    path = text.partition("?")[0].partition("#")[0]
    first = path[1:].partition("/")[0]
    if first not in FIRST_SEGMENTS or (first == "" and path != HOME):
        return HOME
    return text


def is_own_form(environ: Mapping[str, Any], public_url: str | None) -> bool:
    """Whether a browser sends the form of the sign-in page from that very page.

    There is no sign-in yet that a token could belong to. Browsers say where a form comes from:
    in ``Sec-Fetch-Site`` wherever they would keep our cookie, older ones in ``Origin``. That is
    compared with ``Host``, and with ``PUBLIC_URL`` where a proxy rewrites ``Host``. What says
    neither is no browser: nobody can make it send a form unknowingly.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return True
    if public_url is not None and origin == _origin(public_url):
        return True
    host = environ.get("HTTP_HOST")
    return host is not None and origin in {f"https://{host}", f"http://{host}"}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
