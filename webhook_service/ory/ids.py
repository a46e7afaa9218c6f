"""Which texts may become part of a URL."""

from __future__ import annotations

import re
from urllib.parse import quote

from webhook_service.sessions import NIL_UUID

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    """Whether Kratos could know a thing by this id: a UUID, and not the nil one.

    Subjects and session ids come out of tokens, where other login apps may put any string
    (F5): what is no UUID is never asked for.
    """
    return _UUID.fullmatch(text) is not None and text != NIL_UUID


def quoted(text: str) -> str | None:
    """Return the text as one part of a path or query, ``None`` where it cannot be one.

    Nothing, ``.`` and ``..`` mean another path, and a lone surrogate has no bytes.
    """
    if text in {"", ".", ".."}:
        return None
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        return None
