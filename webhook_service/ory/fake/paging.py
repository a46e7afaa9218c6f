"""How Kratos cuts a list into pages and links them (F53)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")
Query: TypeAlias = Mapping[str, list[str]]

DEFAULT_SIZE: Final = 250
MAX_SIZE: Final = 1000


def page_of(items: Sequence[T], query: Query) -> Sequence[T]:
    """Return the items of the asked page.

    Pages count from 1, and a token holds an offset that is divided by the size: the offset
    of the second page asks for page 1 once more. So the link to the next page leads to the
    same page, as it does at the real one (seen with 1.3.1).
    """
    size = _size(query)
    number = max(1, _offset(query) // size)
    return items[(number - 1) * size : number * size]


def links(path: str, query: Query, total: int) -> str:
    """Write the Link header."""
    size = min(_size(query), total) or _size(query)
    pages = {"first": 0} if 0 < total <= size else {"next": 1, "last": max(0, total - 1) // size}
    return ",".join(
        f"<{path}?page={page}&page_size={size}&page_token={_token(page * size)}"
        f'&per_page={size}>; rel="{name}"'
        for name, page in pages.items()
    )


def _size(query: Query) -> int:
    asked = query.get("page_size", [""])[0]
    return min(max(int(asked), 1), MAX_SIZE) if asked.isdecimal() else DEFAULT_SIZE


def _offset(query: Query) -> int:
    token = query.get("page_token")
    if not token:
        return 0
    padded = token[0] + "=" * (-len(token[0]) % 4)
    return int(json.loads(base64.urlsafe_b64decode(padded))["offset"])


def _token(offset: int) -> str:
    text = json.dumps({"offset": str(offset), "v": 2}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
