"""Filters are read from an address, and what is wrong with one is said."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from unit.decided import ADA, NOON

from webhook_service.desk.decision_filters import asked, number, place_of
from webhook_service.records.identifiers import hashed
from webhook_service.records.keeping import EVERYTHING, Stored, Wanted

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, EVERYTHING),
        ({"event": "check"}, Wanted(events=frozenset({"check"}))),
        ({"verdict": "deny"}, Wanted(verdicts=frozenset({"deny"}))),
        ({"verdict": "refused"}, Wanted(verdicts=frozenset({"deny", "enrol", "step_up"}))),
        ({"reason": "mfa.too_old"}, Wanted(reasons=frozenset({"mfa.too_old"}))),
        ({"rule": " billing "}, Wanted(rule="billing")),
        ({"subject": ADA}, Wanted(subjects=frozenset({ADA}))),
        ({"client": "web & <mobile>"}, Wanted(client="web & <mobile>")),
        ({"key": "abc"}, Wanted(key="abc")),
        ({"shadow": "1"}, Wanted(would_refuse=True)),
        ({"since": "24h"}, Wanted(since=NOON - timedelta(hours=24))),
        ({"since": "90m"}, Wanted(since=NOON - timedelta(minutes=90))),
        ({"rule": "", "event": "", "page": "2"}, EVERYTHING),
    ],
)
def test_what_an_address_asks_for_is_looked_for(query: dict[str, str], wanted: Wanted) -> None:
    which = asked(query)
    assert which.wrong == {}
    assert which.wanted(NOON, None) == wanted
    # And a link to the same asks for the same.
    again = dict(parse_qsl(urlsplit(which.path()).query))
    assert asked(again).wanted(NOON, None) == wanted


def test_a_person_is_looked_for_in_both_ways_to_write_an_id() -> None:
    """HASH_IDENTIFIERS may have been set after some records were written."""
    wanted = asked({"subject": ADA}).wanted(NOON, KEY)
    assert wanted.subjects == {ADA, hashed(ADA, KEY)}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("event", "login"),
        ("verdict", "denied"),
        ("reason", "too old"),
        ("since", "yesterday"),
        ("since", "0s"),
        ("since", "-1h"),
        ("since", "9999999999d"),
        ("shadow", "yes"),
        ("rule", "r" * 501),
        ("subject", "a\0b"),
        ("client", "\ud800"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_looked_for(name: str, typed: str) -> None:
    which = asked({name: typed, "key": "abc"})
    assert list(which.wrong) == [name]
    assert "is" in which.wrong[name] or "has" in which.wrong[name]
    assert which.wanted(NOON, None) == Wanted(key="abc")
    assert which.typed[name]  # to be put right
    assert which.path() == "/?key=abc"


def test_a_link_changes_one_filter_and_keeps_the_others() -> None:
    which = asked({"rule": "billing", "since": "24h"})
    assert which.path(rule="") == "/?since=24h"
    assert which.path(client="a b") == "/?rule=billing&since=24h&client=a+b"
    assert asked({"rule": "billing"}).path(rule="") == "/"


def test_a_page_goes_on_from_a_decision_to_the_microsecond() -> None:
    place = Stored(7, NOON + timedelta(microseconds=3), {})
    assert asked({"before": place_of(place)}).before == place


@pytest.mark.parametrize("before", ["", "7", "-7", "a-b", "1-", "٣-٤", "9" * 18 + "-1", "1-2-3"])
def test_a_place_that_is_none_begins_with_the_newest(before: str) -> None:
    assert asked({"before": before}).before is None


@pytest.mark.parametrize(
    ("text", "found"), [("12", 12), ("", 0), ("-1", 0), ("٣", 0), ("9" * 19, 0), ("1e3", 0)]
)
def test_a_number_that_is_none_is_zero(text: str, found: int) -> None:
    assert number(text) == found
