"""What a rule sees of the request that a gateway asks about, and how it cannot be led astray."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.hooks import target
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.target import Target, forwarded, host_of, method_of, path_of


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/", "/"),
        ("", "/"),
        ("/orders/7", "/orders/7"),
        ("/orders/", "/orders/"),
        ("/orders?tab=/admin", "/orders"),
        ("/orders#/admin", "/orders"),
        ("/%61dmin", "/admin"),
        ("/%2561dmin", "/%61dmin"),
        ("//admin", "/admin"),
        ("/a//b", "/a/b"),
        ("/./admin", "/admin"),
        ("/public/../admin", "/admin"),
        ("/public/%2e%2e/admin", "/admin"),
        ("/public/..%2fadmin", "/admin"),
        ("/../../admin", "/admin"),
        ("/admin/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/caf%C3%A9", "/café"),
        ("/caf\xc3\xa9", "/café"),
        ("/%ff", "/\N{REPLACEMENT CHARACTER}"),
        ("http://elsewhere.example/admin?x", "/admin"),
        ("http://elsewhere.example", "/"),
        ("http://elsewhere.example?x", "/"),
        ("*", "/*"),
    ],
)
def test_a_path_is_seen_as_the_application_will_see_it(sent: str, seen: str) -> None:
    assert path_of(sent) == seen


@given(st.lists(st.sampled_from(["admin", "a", "..", ".", "", "%2e", "%2E%2e"]), max_size=8))
def test_a_tidy_path_stays_as_it_is(segments: list[str]) -> None:
    tidy = path_of("/" + "/".join(segments))
    assert path_of(quote(tidy)) == tidy
    assert tidy.startswith("/")
    assert not {".", ".."} & set(tidy.split("/"))
    assert "//" not in tidy


@given(st.text(st.sampled_from("/.ab~-_%2e?#"), max_size=12))
def test_a_path_with_nothing_to_put_right_is_passed_over_and_no_other(rest: str) -> None:
    path = f"/{rest}"
    if target._PLAIN.fullmatch(path):
        assert target._tidy(path) == path
        assert path_of(path) == path


@given(st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40))
def test_whatever_is_sent_is_a_path_or_refused(sent: str) -> None:
    try:
        path = path_of(sent)
    except ShapeError:
        path = None
    assert "%00" in sent if path is None else path.startswith("/")


def test_a_path_with_a_null_in_it_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"U\+0000"):
        path_of("/admin%00.png")


def test_a_path_that_was_never_in_a_request_line_is_refused() -> None:
    with pytest.raises(ShapeError, match="Escape"):
        path_of("/\N{SNOWMAN}")


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("App.Example.ORG", "app.example.org"),
        ("app.example.org:8443", "app.example.org"),
        ("app.example.org.", "app.example.org"),
        ("[::1]:80", "[::1]"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_host_is_its_name_alone_in_lower_case(sent: str, seen: str) -> None:
    assert host_of(sent) == seen


@pytest.mark.parametrize("sent", ["", "a b", "a/b", "a:b", "user@a", "a,b", "a\n", "é.example"])
def test_what_is_no_host_is_refused(sent: str) -> None:
    with pytest.raises(ShapeError, match="Not a host"):
        host_of(sent)


def test_a_method_is_in_capitals_and_nothing_but_a_word() -> None:
    assert method_of("get") == "GET"
    with pytest.raises(ShapeError, match="Not a method"):
        method_of("GET /admin")


def test_a_gateway_tells_of_the_request_in_one_family_of_headers() -> None:
    told = forwarded(
        {
            "x-forwarded-proto": "https",
            "x-forwarded-host": "app.example.org",
            "x-forwarded-uri": "/orders?tab=2",
            "x-forwarded-method": "post",
        }
    )
    assert told == Target("https", "app.example.org", "/orders?tab=2", "POST")
    assert told.url == "https://app.example.org/orders?tab=2"
    assert (told.host, told.path) == ("app.example.org", "/orders")


def test_or_in_the_other() -> None:
    told = forwarded(
        {"x-original-url": "https://app.example.org/orders?tab=2", "x-original-method": "POST"}
    )
    assert told == Target("https", "app.example.org", "/orders?tab=2", "POST")
    parts = forwarded({"x-original-host": "app.example.org", "x-original-uri": "/orders"})
    assert parts == Target(None, "app.example.org", "/orders", None)
    assert parts.url is None


def test_what_nobody_tells_is_not_known() -> None:
    told = forwarded({"host": "webhook-service.internal"})
    assert told == Target()
    assert told.host is told.path is told.url is None


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-uri": "/public", "x-original-url": "https://app.example.org/admin"},
        {"x-forwarded-host": "public.example.org", "x-original-url": "https://app.example.org/"},
        {"x-forwarded-method": "GET", "x-original-method": "DELETE"},
        {"x-forwarded-uri": "/public", "x-original-uri": "/admin"},
    ],
)
def test_a_client_cannot_choose_its_rules_through_the_other_family(
    headers: dict[str, str],
) -> None:
    """One is set by the gateway; the other came from its client, and was handed on."""
    with pytest.raises(ShapeError, match="two requests"):
        forwarded(headers)


def test_two_families_that_say_the_same_are_fine() -> None:
    told = forwarded(
        {
            "x-forwarded-host": "App.example.org:443",
            "x-forwarded-uri": "/orders/",
            "x-original-url": "https://app.example.org//orders/?x",
        }
    )
    assert (told.host, told.path) == ("app.example.org", "/orders/")


def test_of_a_chain_of_gateways_the_nearest_counts() -> None:
    told = forwarded(
        {
            "x-forwarded-proto": "http, https",
            "x-forwarded-host": "spoofed.example, app.example.org",
            "x-forwarded-method": "GET, POST",
        }
    )
    assert told == Target("https", "app.example.org", None, "POST")


def test_an_address_to_come_back_to_is_escaped() -> None:
    told = Target("https", "app.example.org", "/caf\xc3\xa9?q=%20 <", None)
    assert told.url == "https://app.example.org/caf%C3%A9?q=%20%20%3C"
