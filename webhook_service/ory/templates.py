"""Paths of Kratos' and Hydra's APIs without what they name: for traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_WORDS: Final = frozenset(
    "admin sessions identities extend clients oauth2 auth requests login consent logout"
    " introspect accept reject health ready alive version whoami".split()
)
"""What Ory's own paths are made of. All else is an id, or may be one."""


def template_of(path: str) -> str:
    """Return a path with ``{id}`` in place of each id, and without its query.

    A challenge stands in a query, an id anywhere in a path: none must reach a trace.
    """
    parts = path.partition("?")[0].split("/")
    return "/".join(part if part in _WORDS or not part else "{id}" for part in parts)


def server_of(base_url: str) -> Mapping[str, str | int]:
    """Return where the calls to a base URL go, as attributes of a span."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}
