"""Where Kratos' courier delivers: the letters with codes that people receive."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, Final

from ory.waiting import wait_for

DELIVERY_SECONDS: Final = 10.0

CODES: Final = ("recovery_code", "verification_code")


class Mailbox:
    """Keeps the codes that were sent to each address."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], list[str]] = {}
        self._lock = threading.Lock()

    def receive(self, letter: bytes) -> None:
        """Take a letter as ``courier.jsonnet`` writes it."""
        told: Mapping[str, Any] = json.loads(letter)
        with self._lock:
            for kind in CODES:
                if code := told["data"].get(kind):
                    self._codes.setdefault((kind, told["recipient"]), []).append(code)

    def recovery_code(self, address: str) -> str:
        """Return the next recovery code for an address; each is returned once."""
        return self._next("recovery_code", address)

    def verification_code(self, address: str) -> str:
        """Return the next verification code for an address; each is returned once."""
        return self._next("verification_code", address)

    def _next(self, kind: str, address: str) -> str:
        def look() -> str | None:
            with self._lock:
                codes = self._codes.get((kind, address))
                return codes.pop(0) if codes else None

        return wait_for(look, f"a {kind} for {address}", DELIVERY_SECONDS)
