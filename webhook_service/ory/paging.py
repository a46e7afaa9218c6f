"""Reads lists that come in pages, all of them: what is ended must not leave the 251st.

Pure. Each API links its pages in its own way, and not every link leads on: see ``tokens``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from requests.utils import parse_header_links

T = TypeVar("T")

_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_OFFSET: Final = b'{"offset":'


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: what it holds.
        total: how many the list has, where the answer tells.
        next_token: what the link to the next page has for ``page_token``, where there is one.
    """

    items: tuple[T, ...]
    total: int | None = None
    next_token: str | None = None


def page_of(items: tuple[T, ...], headers: Mapping[str, str]) -> Page[T]:
    """Make a page of an answer's items and headers."""
    total = headers.get("X-Total-Count", "")
    return Page(
        items=items,
        total=int(total) if _COUNT.fullmatch(total) else None,
        next_token=_next_token(headers.get("Link", "")),
    )


def every_item(fetch: Callable[[str | None], Page[T]], size: int) -> Iterator[T]:
    """Read one page after the other.

    Hydra 26.2 links the next page by a token of its own. The link of 2.3.0 leads past items or
    is missing, and a page can hold fewer than it should; but its tokens are offsets, and it
    tells how many there are in all.

    Args:
        fetch: reads the page of a token; ``None`` for the first.
        size: how many items were asked for a page.
    """
    token, offset, total = None, 0, 0
    while True:
        page = fetch(token)
        yield from page.items
        if page.next_token is not None and not _is_offset(page.next_token):
            token = page.next_token
            continue
        offset += size
        total = page.total or total
        if offset >= total or (token is not None and not _is_offset(token)):
            return
        token = _token_of(offset)


def _next_token(link: str) -> str | None:
    for one in parse_header_links(link):
        if one.get("rel") == "next":
            return next(iter(parse_qs(urlsplit(one["url"]).query).get("page_token", ())), None)
    return None


def _token_of(offset: int) -> str:
    text = _OFFSET + f'"{offset}","v":2}}'.encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _is_offset(token: str) -> bool:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).startswith(_OFFSET)
    except ValueError:
        return False
