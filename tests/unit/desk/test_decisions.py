"""The list of decisions: pages of it, and what is new."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from unit.decided import ADA, BOB, DENIES, NOON, REFUSED, new

from webhook_service.desk.decision_filters import Asked, asked
from webhook_service.desk.decisions import AT_MOST_NEW, Hint, Link, Page, Row, news, page, row
from webhook_service.records.keeping import Stored
from webhook_service.records.store import SqlRecords

EVERYTHING = Asked()


def read(records: SqlRecords, which: Asked = EVERYTHING, limit: int = 3) -> Page:
    return page(records, which, NOON, None, limit)


def laid_out(**more: Any) -> Row:
    kept = new("a")
    return row(Stored(1, kept.at, {**kept.line, **more}), EVERYTHING)


def test_older_pages_go_on_where_the_one_before_ended(records: SqlRecords) -> None:
    """Also when something comes in between."""
    records.add([new(str(number), seconds=number // 2) for number in range(7)])
    seen, path = [], "/"
    while path is not None:
        shown = read(records, asked(dict(parse_qsl(urlsplit(path).query))))
        seen += [row.seq for row in shown.rows]
        path = shown.older
        records.add([new("more", seconds=60)])
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_an_older_page_keeps_the_filters(records: SqlRecords) -> None:
    records.add([new(str(number), client="web" if number % 2 else "app") for number in range(9)])
    first = read(records, asked({"client": "web"}))
    assert first.older is not None
    second = read(records, asked(dict(parse_qsl(urlsplit(first.older).query))))
    assert [row.seq for row in (*first.rows, *second.rows)] == [8, 6, 4, 2]
    assert second.older is None


def test_no_decisions_at_all_is_not_the_same_as_none_that_fit(records: SqlRecords) -> None:
    assert read(records).is_empty
    assert not read(records, asked({"client": "web"})).is_empty
    records.add([new("a")])
    assert not read(records, asked({"client": "nobody"})).is_empty
    assert not read(records).is_empty


def test_what_has_come_since_is_told_newest_first_and_once(records: SqlRecords) -> None:
    records.add([new("a")])
    shown = read(records)
    assert news(records, EVERYTHING, shown.last, NOON, None).rows == ()
    records.add([new("c", seconds=9), new("b", seconds=3)])
    fresh = news(records, EVERYTHING, shown.last, NOON, None)
    assert [row.seq for row in fresh.rows or ()] == [2, 3]
    assert fresh.words == "2 new decisions"
    assert news(records, EVERYTHING, fresh.last, NOON, None).rows == ()


def test_what_does_not_fit_is_not_looked_at_again(records: SqlRecords) -> None:
    records.add([new("a"), new("b")])
    fresh = news(records, asked({"client": "nobody"}), 0, NOON, None)
    assert (fresh.rows, fresh.last) == ((), 2)


def test_more_than_can_be_added_is_said(records: SqlRecords) -> None:
    records.add([new(str(number)) for number in range(AT_MOST_NEW + 1)])
    assert news(records, EVERYTHING, 0, NOON, None).rows is None
    assert len(news(records, EVERYTHING, 1, NOON, None).rows or ()) == AT_MOST_NEW


def test_another_database_is_followed_from_its_beginning(records: SqlRecords) -> None:
    records.add([new("a")])
    assert news(records, EVERYTHING, 1000, NOON, None).last == 1


def test_rule_subject_and_client_lead_to_more_of_the_same(records: SqlRecords) -> None:
    records.add([new("a", subject=BOB, rulings=[DENIES], **REFUSED), new("b")])
    [_, refused] = read(records, asked({"event": "hydra.token"})).rows
    assert refused.subject == Link(BOB, f"/?event=hydra.token&subject={BOB}")
    assert refused.by == Link("billing", "/?event=hydra.token&rule=billing")
    for link in (refused.subject, refused.by):
        found = read(records, asked(dict(parse_qsl(urlsplit(link.path).query))))
        assert [row.seq for row in found.rows] == [refused.seq]


@pytest.mark.parametrize(
    ("more", "hints"),
    [
        ({}, []),
        ({"notes": ["subject.none"]}, [Hint("note", "subject.none")]),
        (
            {"unknown": {"kratos.session": "upstream.timeout"}},
            [Hint("unknown", "kratos.session unknown: upstream.timeout")],
        ),
        (
            {
                "effects": {
                    "extend_session": {"result": "failed", "reason": "upstream.busy"},
                    "kept": [
                        {"kind": "revoke_tokens", "result": "accepted"},
                        {"kind": "end_session", "result": "repeated"},
                    ],
                }
            },
            [Hint("effect", "extension: failed"), Hint("effect", "revoke_tokens")],
        ),
        (
            {
                "shadow": [
                    {"rule": "calm", "outcome": "matched"},
                    {
                        "rule": "strict",
                        "outcome": "unmet",
                        "verdict": "step_up",
                        "reason": "mfa.too_old",
                    },
                ]
            },
            [Hint("shadow", 'would: step_up by "strict"')],
        ),
    ],
)
def test_what_stands_beside_a_verdict_is_hinted_at(more: dict[str, Any], hints: list[Hint]) -> None:
    assert list(laid_out(**more).hints) == hints


def test_that_others_like_it_were_left_out_is_hinted_at(records: SqlRecords) -> None:
    records.add([new("a", left_out=1234)])
    [shown] = read(records).rows
    assert shown.hints == (Hint("left_out", "1,234 like it not kept"),)


def test_a_name_cannot_turn_the_line_around() -> None:
    shown = laid_out(client="app\u202egnp.exe\x1b[31m", subject=ADA)
    assert shown.client is not None
    assert shown.client.text == "app\\u202egnp.exe\\x1b[31m"
    assert shown.subject is not None
    assert shown.subject.text == ADA


def test_a_page_on_which_nothing_fits_goes_on_from_now(records: SqlRecords) -> None:
    """Else it would look at everything again, every two seconds."""
    records.add([new("a"), new("b")])
    assert read(records, asked({"client": "nobody"})).last == 2
