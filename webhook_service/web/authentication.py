"""Who calls: a key of the right caller, checked before anything else is looked at."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from webhook_service.web.errors import BEARER, RefusedError

# RFC 9110, section 11.1: the scheme in any case, one space or more, then the credentials.
# RFC 6750, section 2.1: what a bearer token is made of is wider here; keys are checked
# at start.
_AUTHORIZATION: Final = re.compile(rb"bearer +([\x21-\x7e]+)", re.IGNORECASE)


class Keys:
    """The keys of one caller."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        # Hashes have one length: comparing them tells nothing of a key's own.
        self._digests = tuple(sha256(key).digest() for key in keys)

    def __bool__(self) -> bool:
        """Whether the caller has any key."""
        return bool(self._digests)

    def admit(self, environ: Mapping[str, object]) -> None:
        """Let a request pass that holds one of the keys as ``Authorization: Bearer <key>``.

        Every key is compared, in constant time, as bytes.

        Raises:
            RefusedError: ``request.unauthorized``.
        """
        match = _AUTHORIZATION.fullmatch(_sent(environ, "HTTP_AUTHORIZATION"))
        if not self._hold(match[1] if match else b""):
            raise RefusedError(
                "request.unauthorized",
                "the key is missing or not one of this caller's;"
                " it is sent once, as Authorization: Bearer <key>",
                BEARER,
            )

    def admit_gateway(self, environ: Mapping[str, object]) -> None:
        """Let a request pass that holds one of the keys as ``X-Check-Key``.

        ``Authorization`` is the person's there. Whoever is refused is told no way to sign in: a
        gateway would send people there.

        Raises:
            RefusedError: ``request.unauthorized``.
        """
        if not self._hold(_sent(environ, "HTTP_X_CHECK_KEY")):
            raise RefusedError(
                "request.unauthorized",
                "the key is missing or not one of a gateway's; it is sent once, as X-Check-Key",
            )

    def _hold(self, key: bytes) -> bool:
        digest = sha256(key).digest()
        # A list, not a generator: no early end at the first key that fits.
        fits = [hmac.compare_digest(digest, known) for known in self._digests]
        return any(fits)


def _sent(environ: Mapping[str, object], name: str) -> bytes:
    """Return a header. WSGI has it as a Latin-1 text (PEP 3333): back to the bytes that came."""
    header = environ.get(name)
    return header.encode("latin-1") if isinstance(header, str) else b""
