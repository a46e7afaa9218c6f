"""Where a browser may be sent back to: never to a place that only looks like one of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.hooks.origins import origin_of, permitted

OURS = frozenset({"https://app.example.org", "http://127.0.0.1:3000"})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example.org", "https://app.example.org"),
        ("https://app.example.org/", "https://app.example.org"),
        ("HTTPS://App.Example.ORG/x", "https://app.example.org"),
        ("https://app.example.org:443/x", "https://app.example.org"),
        ("https://app.example.org:0443/x", "https://app.example.org"),
        ("http://app.example.org:80?x", "http://app.example.org"),
        ("https://app.example.org:8443#x", "https://app.example.org:8443"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_spelled_as_browsers_spell_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org/orders?tab=2",
        "https://app.example.org:443/",
        "http://127.0.0.1:3000",
    ],
)
def test_a_browser_comes_back_to_an_origin_that_is_ours(url: str) -> None:
    assert permitted(url, OURS) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/orders",
        "//app.example.org/",
        "https:app.example.org",
        "https:///app.example.org",
        "http://app.example.org/",
        "https://app.example.org:8443/",
        "https://app.example.org.evil.example/",
        "https://evil.example/https://app.example.org",
        "https://app.example.org@evil.example/",
        "https://user:password@app.example.org/",
        r"https://evil.example\@app.example.org/",
        r"https://app.example.org\.evil.example/",
        r"https:\\app.example.org/",
        "https://app.example.org\t.evil.example/",
        " https://app.example.org/",
        "https://app.example.org/\n",
        "https://app.example.org/\x00",
        "https://app.example.org/é",
        "https://\N{CYRILLIC SMALL LETTER A}pp.example.org/",
        "javascript://app.example.org/%0aalert(1)",
        "https://app.example.org:99999999/",
    ],
)
def test_and_to_no_other(url: str) -> None:
    assert permitted(url, OURS) is None


@given(st.text(max_size=60))
def test_no_text_is_an_address_of_ours_but_one_that_begins_as_it(text: str) -> None:
    for url in (text, f"https://{text}", f"https://app.example.org{text}"):
        allowed = permitted(url, OURS)
        if allowed is not None:
            assert allowed == url
            rest = url.lower().partition("app.example.org")[2] or "/"
            assert rest[0] in "/?#:"
