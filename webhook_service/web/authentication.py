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
        header = environ.get("HTTP_AUTHORIZATION")
        # WSGI hands headers over as Latin-1 texts (PEP 3333): back to the bytes that came.
        raw = header.encode("latin-1") if isinstance(header, str) else b""
        match = _AUTHORIZATION.fullmatch(raw)
        digest = sha256(match[1] if match else b"").digest()
        # A list, not a generator: no early end at the first key that fits.
        fits = [hmac.compare_digest(digest, known) for known in self._digests]
        if match is None or not any(fits):
            raise RefusedError(
                "request.unauthorized",
                "the key is missing or not one of this caller's;"
                " it is sent once, as Authorization: Bearer <key>",
                BEARER,
            )
