"""Web addresses and their origins: where a browser may come back to, who may ask from a page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

DEFAULT_PORTS: Final[Mapping[str, str]] = {"http": "80", "https": "443"}

# Visible ASCII; no backslash, which browsers take for a slash; no user that passes for a host.
_URL: Final = re.compile(
    r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?((?:[/?#][!-\[\]-~]*)?)",
    re.IGNORECASE,
)


def origin_of(url: str) -> str | None:
    """Return the origin of a web address, spelled as browsers do; ``None`` for anything else."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    return f"{scheme}://{host}{_unless_default(scheme, port)}"


def permitted(url: str, origins: Collection[str]) -> str | None:
    """Return the address if its origin is one of these."""
    return url if origin_of(url) in origins else None


def _unless_default(scheme: str, port: str | None) -> str:
    plain = (port or "").lstrip("0")
    return f":{plain}" if plain and plain != DEFAULT_PORTS[scheme] else ""
