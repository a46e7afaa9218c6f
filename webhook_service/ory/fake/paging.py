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
    same page, as it does at the real one (seen with 1.3.1). ``page`` counts from 1 as well,
    and 0 is the first too.
    """
    size = size_of(query)
    by_number = not query.keys() & {"page_size", "page_token"}
    number = max(1, _number(query, "page", 0) if by_number else offset_of(query) // size)
    return items[(number - 1) * size : number * size]


def links(path: str, query: Query, total: int) -> str:
    """Write the Link header."""
    size = min(size_of(query), total) or size_of(query)
    pages = {"first": 0} if 0 < total <= size else {"next": 1, "last": max(0, total - 1) // size}
    return ",".join(
        f"<{path}?page={page}&page_size={size}&page_token={token_of(page * size)}"
        f'&per_page={size}>; rel="{name}"'
        for name, page in pages.items()
    )


def size_of(query: Query) -> int:
    """Return how many items a page is asked to hold."""
    name = "page_size" if query.keys() & {"page_size", "page_token"} else "per_page"
    return min(max(_number(query, name, DEFAULT_SIZE), 1), MAX_SIZE)


def offset_of(query: Query) -> int:
    """Return the offset that a page's token holds."""
    token = query.get("page_token")
    if not token:
        return 0
    padded = token[0] + "=" * (-len(token[0]) % 4)
    return int(json.loads(base64.urlsafe_b64decode(padded))["offset"])


def _number(query: Query, name: str, default: int) -> int:
    asked = query.get(name, [""])[0]
    return int(asked) if asked.isdecimal() else default


def token_of(offset: int) -> str:
    """Return a token that holds an offset."""
    text = json.dumps({"offset": str(offset), "v": 2}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
