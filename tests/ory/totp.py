"""Codes of an authenticator app (RFC 6238 with its defaults: SHA-1, 30 seconds, 6 digits)."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authenticator:
    """An authenticator app that holds one secret, in base32 as Kratos shows it."""

    secret: str

    def code(self, at: float | None = None) -> str:
        """Return the code of a moment in Unix time, by default of now."""
        moment = time.time() if at is None else at
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        digest = hmac.digest(key, int(moment // 30).to_bytes(8, "big"), "sha1")
        # RFC 4226, 5.3: the last four bits say where the 31 bits of the code begin.
        start = digest[-1] & 0x0F
        number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
        return f"{number % 1_000_000:06}"
