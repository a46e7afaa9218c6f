"""Identifiers in records: as they are, or as HMACs (``HASH_IDENTIFIERS``).

A subject and a session are somebody's; a client is an application, and stays readable. The
same identifier has the same hash everywhere, so that one person's records are still found and
counted together, by who has the key. It cannot be left out: identifiers of Kratos are short
lists to whoever can read Kratos, and a hash without a key would be looked up in them.
"""

from __future__ import annotations

import hmac
from typing import Any, Final

FIELDS: Final = ("subject", "session")
HASHED: Final = "hashed"
"""The field that says of a record that its identifiers are hashes."""

_DIGITS: Final = 32
"""128 bits in hex: as much as the identifiers have."""


def hashed(identifier: str, key: bytes) -> str:
    """Return what stands for an identifier."""
    return hmac.digest(key, identifier.encode(), "sha256").hex()[:_DIGITS]


def with_hashes(line: dict[str, Any], key: bytes) -> dict[str, Any]:
    """Return a record's line with hashes in place of identifiers, and a note of that."""
    hashes = {name: hashed(line[name], key) for name in FIELDS if line[name] is not None}
    return {**line, **hashes, HASHED: True}


def written(identifier: str, key: bytes | None) -> frozenset[str]:
    """Return every way in which records may have written an identifier.

    Those from before ``HASH_IDENTIFIERS`` was set have it as it is.
    """
    return frozenset({identifier} if key is None else {identifier, hashed(identifier, key)})
