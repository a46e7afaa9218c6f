"""Lists that come in pages are read to their end, however they are linked."""

from __future__ import annotations

import base64
import json

import pytest
from requests.structures import CaseInsensitiveDict

from webhook_service.ory.paging import Page, every_item, page_of

ITEMS = tuple(range(7))


def offset_token(offset: int) -> str:
    text = json.dumps({"offset": str(offset), "v": 2}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class List:
    """A list behind an API; ``asked`` are the tokens that it was asked for."""

    def __init__(self, *pages: Page[int]) -> None:
        self.pages = iter(pages)
        self.asked: list[str | None] = []

    def __call__(self, token: str | None) -> Page[int]:
        self.asked.append(token)
        return next(self.pages)


def test_one_page_is_one_call() -> None:
    short = List(Page((1, 2), total=2))
    assert list(every_item(short, 3)) == [1, 2]
    assert short.asked == [None]


def test_a_link_with_a_token_of_its_own_is_followed() -> None:
    """Hydra 26.2: it tells no total, and no link follows the last page."""
    linked = List(Page((1, 2), next_token="b&="), Page((3, 4), next_token="c"), Page((5,)))
    assert list(every_item(linked, 2)) == [1, 2, 3, 4, 5]
    assert linked.asked == [None, "b&=", "c"]


def test_a_total_besides_such_links_changes_nothing() -> None:
    linked = List(Page((1, 2), 5, "b"), Page((3,), 5, "c"), Page((5,), 5))
    assert list(every_item(linked, 2)) == [1, 2, 3, 5]
    assert linked.asked == [None, "b", "c"]


@pytest.mark.parametrize("link", [None, offset_token(1), offset_token(251)])
def test_where_tokens_are_offsets_the_total_says_how_far_to_go(link: str | None) -> None:
    """Hydra 2.3.0: its links lead past items, or are missing."""
    counted = List(Page((1, 2, 3), 7, link), Page((4, 5, 6), 7, link), Page((7,), 7))
    assert list(every_item(counted, 3)) == [1, 2, 3, 4, 5, 6, 7]
    assert counted.asked == [None, offset_token(3), offset_token(6)]


def test_a_page_with_fewer_items_than_asked_for_is_not_the_last() -> None:
    """Hydra 2.3.0 leaves out consents whose time is over; an empty page tells no total."""
    counted = List(Page((1,), 7), Page(()), Page((7,), 7))
    assert list(every_item(counted, 3)) == [1, 7]


@pytest.mark.parametrize(
    ("headers", "total", "token"),
    [
        ({}, None, None),
        ({"x-total-count": "7"}, 7, None),
        ({"X-Total-Count": ""}, None, None),
        ({"X-Total-Count": "-1"}, None, None),
        ({"X-Total-Count": "1" * 5000}, None, None),
        ({"X-Total-Count": "many"}, None, None),
        ({"link": '</a?page_size=2&page_token=b%26%3D>; rel="next"'}, None, "b&="),
        ({"Link": '</a?page_token=a>; rel="first",</a?page_token=b>; rel="next"'}, None, "b"),
        ({"Link": '</a?page_token=a>; rel="first"'}, None, None),
        ({"Link": '</a>; rel="next"'}, None, None),
        ({"Link": "</a>"}, None, None),
        ({"Link": "nonsense"}, None, None),
        ({"Link": ""}, None, None),
    ],
)
def test_a_page_tells_the_total_and_the_next_token_of_its_headers(
    headers: dict[str, str], total: int | None, token: str | None
) -> None:
    assert page_of((1,), CaseInsensitiveDict(headers)) == Page((1,), total, token)
