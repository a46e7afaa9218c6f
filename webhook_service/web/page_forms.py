"""Forms of our own pages: sent by the browser that was shown the page, for the same challenge.

A page holds a token, the browser a signed cookie (SameSite=Lax, so no other site's form brings
it along), and the token is good for this cookie and this challenge alone. Nothing is kept: any
process, on any machine with the same keys, can check it.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

COOKIE_BYTES: Final = 16

_PURPOSE: Final = b"webhook-service forms "


@dataclass(frozen=True, slots=True)
class FormKeys:
    """Signs cookies and tokens.

    Made of the hook keys, of which there is always one: where they are rotated, pages that are
    open stay good as long as the old key does.
    """

    _keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, hook_keys: tuple[bytes, ...]) -> FormKeys:
        """Derive the keys: what signs pages must not be what opens hooks."""
        return cls(tuple(sha256(_PURPOSE + key).digest() for key in hook_keys))

    def cookie(self, sent: str | None) -> str:
        """Return the browser's cookie if it is one of ours, else a new one."""
        if sent is not None and self._is_ours(sent):
            return sent
        name = urlsafe_b64encode(secrets.token_bytes(COOKIE_BYTES)).decode().rstrip("=")
        return f"{name}.{sign(self._keys[0], 'cookie', name)}"

    def token(self, cookie: str, page: str, challenge: str) -> str:
        """Return the token for a page that this browser is shown."""
        return sign(self._keys[0], page, cookie, challenge)

    def fits(self, cookie: str | None, page: str, challenge: str, token: str | None) -> bool:
        """Whether a form comes from this browser's page for this challenge."""
        if cookie is None or token is None or not self._is_ours(cookie):
            return False
        return any(same(token, sign(key, page, cookie, challenge)) for key in self._keys)

    def _is_ours(self, cookie: str) -> bool:
        name, _, signature = cookie.partition(".")
        return any(same(signature, sign(key, "cookie", name)) for key in self._keys)


def sign(key: bytes, *parts: str) -> str:
    """Sign texts, in their order: HMAC-SHA256, in characters that cookies and forms can hold."""
    # A newline between parts, which none of them holds: "a" and "bc" are not "ab" and "c".
    message = "\n".join(part.replace("\n", "") for part in parts).encode(errors="replace")
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")).decode().rstrip("=")


def same(one: str, other: str) -> bool:
    """Compare a text that was sent with one of ours, in constant time."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
