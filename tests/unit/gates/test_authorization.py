"""What the address of an authorization request tells."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_service.gates.authorization import ASKED_ALREADY, read, same_origin

HYDRA = "https://hydra.test/oauth2/auth"
ASKED = f"{HYDRA}?client_id=web&response_type=code"


def pairs(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def test_a_plain_request_asks_for_nothing_special() -> None:
    request = read(ASKED)
    assert request.repeatable
    assert not request.silent
    assert not request.wants_new_login
    assert not request.asked_already


@pytest.mark.parametrize(
    "claims",
    [
        '{"id_token": {"auth_time": {"essential": true}}}',
        '{"userinfo": {"auth_time": {"essential": true}}}',
        "{",
        "[]",
        '{"id_token": 1}',
        "[" * 10_000,
    ],
    ids=["id_token", "userinfo", "broken", "list", "number", "deep"],
)
def test_claims_that_may_insist_on_auth_time_ask_for_a_new_login(claims: str) -> None:
    assert read(f"{ASKED}&claims={claims}").wants_new_login


@pytest.mark.parametrize(
    "claims",
    [
        "{}",
        '{"id_token": null}',
        '{"id_token": {"auth_time": null}}',
        '{"id_token": {"auth_time": {"essential": false}}}',
        '{"id_token": {"acr": {"essential": true}}}',
    ],
)
def test_claims_that_do_not_insist_on_it_do_not(claims: str) -> None:
    assert not read(f"{ASKED}&claims={claims}").wants_new_login


@pytest.mark.parametrize("hidden", ["request=e30", "request_uri=https%3A%2F%2Fapp.test%2Fr"])
def test_what_stands_in_a_request_object_is_not_seen_and_may_be_anything(hidden: str) -> None:
    request = read(f"{HYDRA}?client_id=web&{hidden}")
    assert request.wants_new_login
    assert request.repeatable


@pytest.mark.parametrize("url", [HYDRA, f"{HYDRA}?client_id=web", "http://[", ""])
def test_what_was_posted_cannot_be_repeated_and_may_be_anything(url: str) -> None:
    request = read(url)
    assert not request.repeatable
    assert request.wants_new_login


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [("login", []), ("login consent", ["consent"]), ("consent", ["consent"]), ("none", ["none"])],
)
def test_a_login_that_was_made_is_not_asked_for_twice(prompt: str, kept: list[str]) -> None:
    """F104: ``auth_time`` stays that of the login that was just made."""
    back = pairs(read(f"{ASKED}&prompt={prompt}").afterwards)
    assert [value for name, value in back if name == "prompt"] == kept


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1).filter(lambda name: name not in {"prompt", ASKED_ALREADY[0]}),
            st.text(),
        )
    )
)
def test_nothing_else_of_a_request_changes_on_the_way(more: list[tuple[str, str]]) -> None:
    first = read(ASKED)
    asked = read(first.url if not more else f"{ASKED}&{_encoded(more)}")
    once = read(asked.afterwards)
    assert once.asked_already
    assert pairs(once.url) == [*pairs(asked.url), ASKED_ALREADY]
    assert pairs(once.afterwards) == pairs(once.url), "it is not added twice"
    assert pairs(once.anew) == pairs(asked.url)


def _encoded(more: list[tuple[str, str]]) -> str:
    return urlencode([tuple(part.encode(errors="replace") for part in pair) for pair in more])


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("https://hydra.test/", True),
        ("https://HYDRA.test:443/x", True),
        ("https://hydra.test:444/", False),
        ("http://hydra.test/", False),
        ("https://hydra.test.evil.test/", False),
        ("https://hydra.test@evil.test/", False),
        ("//hydra.test/", False),
        ("/oauth2/auth", False),
        ("https://hydra.test:99999/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(other: str, is_same: object) -> None:
    assert same_origin(HYDRA, other) is is_same


def test_what_is_no_web_address_is_at_no_origin_not_even_its_own() -> None:
    for odd in ("/oauth2/sessions/logout", "", "javascript:alert(1)", "http://["):
        assert not same_origin(odd, odd)
