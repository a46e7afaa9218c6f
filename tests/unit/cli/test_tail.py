"""``tail``: decisions as they are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.decided import ADA, BOB, DENIES, NOON, REFUSED, new

from webhook_service.cli import tail
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.records.identifiers import hashed
from webhook_service.records.store import SqlRecords

Run = Callable[..., Result]


@pytest.fixture
def kept(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlRecords]:
    """The store that the command reads."""
    monkeypatch.setenv("DATABASE_URL", sqlite_database)
    engine = open_engine(sqlite_database)
    yield SqlRecords(engine)
    engine.dispose()


@pytest.fixture
def some(kept: SqlRecords) -> SqlRecords:
    kept.add([new(f"{number:02}", seconds=number) for number in range(12)])
    kept.add(
        [
            new("refused", seconds=60, rulings=[DENIES], **REFUSED),
            new("login", seconds=61, event="kratos.login", subject=BOB, client=None),
        ]
    )
    return kept


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What happens in each pause of the command; after the last one it is interrupted."""
    happens: list[Callable[[], None]] = []

    def sleep(_seconds: float) -> None:
        if not happens:
            raise KeyboardInterrupt
        happens.pop(0)()

    monkeypatch.setattr(tail, "sleep", sleep)
    return happens


def keys(result: Result) -> list[str]:
    return [json.loads(line)["key"] for line in result.stdout.splitlines()]


def test_the_newest_few_are_shown_oldest_first(some: SqlRecords, run: Run) -> None:
    shown = keys(run("tail", "--no-follow", "--json"))
    assert shown == [f"{number:02}" for number in range(4, 12)] + ["refused", "login"]
    assert keys(run("tail", "--no-follow", "--json", "-n", 1)) == ["login"]
    assert run("tail", "--no-follow", "-n", 0).output == ""


def test_people_get_the_line_of_the_console_log_and_no_colour_in_a_pipe(
    some: SqlRecords, run: Run
) -> None:
    assert run("tail", "--no-follow", "-n", 2).stdout == (
        '2026-11-25 12:01:00.000  hydra.token          deny     403  rule.denied  by "billing"'
        f"  client web  subject {ADA}  0 calls  1.5 ms\n"
        "2026-11-25 12:01:01.000  kratos.login         allow    204"
        f"  subject {BOB}  0 calls  1.5 ms\n"
    )


def test_programs_get_the_line_of_the_json_log(some: SqlRecords, run: Run) -> None:
    line = run("tail", "--no-follow", "-n", 1, "--json").stdout
    assert line == json.dumps(some.newest(limit=1)[0].line, separators=(",", ":")) + "\n"


def test_a_terminal_gets_colours_and_the_day(
    some: SqlRecords, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    some.add([new("tomorrow", seconds=86400), new("same day", seconds=86401)])
    monkeypatch.setattr(tail, "_is_watched", lambda: True)
    lines = run("tail", "--no-follow", "-n", 3, color=True).stdout.splitlines()
    assert [line for line in lines if "hydra" not in line and "kratos" not in line] == [
        "\x1b[2m2026-11-25\x1b[0m",
        "\x1b[2m2026-11-26\x1b[0m",
    ]
    assert "\x1b[32mallow" in lines[1]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--verdict", "deny"], ["refused"]),
        (["--verdict", "deny", "--verdict", "enrol"], ["refused"]),
        (["--event", "kratos.login"], ["login"]),
        (["--rule", "billing"], ["refused"]),
        (["--subject", BOB], ["login"]),
        (["--client", "web", "-n", "2"], ["11", "refused"]),
        (["--since", "2026-11-25T12:00:11Z"], ["11", "refused", "login"]),
        (["--since", "2026-11-25T12:00:11Z", "--client", "web"], ["11", "refused"]),
    ],
)
def test_only_what_is_asked_for_is_shown(
    some: SqlRecords, run: Run, options: list[str], found: list[str]
) -> None:
    assert keys(run("tail", "--no-follow", "--json", *options)) == found


def test_a_time_can_be_told_by_how_long_ago_it_was(
    some: SqlRecords, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "webhook_service.cli.times.utc_now", lambda: NOON + timedelta(minutes=2, seconds=1)
    )
    assert keys(run("tail", "--no-follow", "--json", "--since", "1m1s")) == ["refused", "login"]
    wrong = run("tail", "--since", "yesterday", status=2)
    assert "'yesterday' is no time; write how long ago" in wrong.stderr


def test_what_comes_is_shown_once_until_it_is_interrupted(
    some: SqlRecords, run: Run, pauses: list[Callable[[], None]]
) -> None:
    pauses += [
        lambda: some.add([new("first")]),
        lambda: None,
        lambda: some.add([new("second", seconds=-3600), new("third")]),
    ]
    result = run("tail", "--json", "-n", 1)
    assert keys(result) == ["login", "first", "second", "third"]
    assert result.stderr == ""


def test_what_came_while_the_first_were_read_is_shown_once(
    some: SqlRecords,
    run: Run,
    pauses: list[Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last = SqlRecords.last

    def and_then_one_comes(store: SqlRecords) -> int:
        number = last(store)
        if number == 14:
            some.add([new("meanwhile", seconds=70)])
        return number

    monkeypatch.setattr(SqlRecords, "last", and_then_one_comes)
    assert keys(run("tail", "--json", "-n", 1)) == ["meanwhile"]


def test_more_than_is_read_at_once_is_shown_whole(
    some: SqlRecords,
    run: Run,
    pauses: list[Callable[[], None]],
) -> None:
    pauses.append(lambda: some.add([new(f"n{number}") for number in range(tail.AT_ONCE + 1)]))
    assert len(keys(run("tail", "--json", "-n", 0))) == tail.AT_ONCE + 1


def test_what_matches_nothing_is_looked_at_once(
    some: SqlRecords,
    run: Run,
    pauses: list[Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    following = SqlRecords.following

    def watched(store: SqlRecords, wanted: Any, *, after: int) -> Any:
        asked.append(after)
        return following(store, wanted, after=after)

    monkeypatch.setattr(SqlRecords, "following", watched)
    pauses += [lambda: some.add([new("other")]), lambda: None]
    assert keys(run("tail", "--json", "--client", "nobody")) == []
    assert asked == [14, 14, 15]


def test_where_there_is_nothing_yet_that_is_said(kept: SqlRecords, run: Run) -> None:
    result = run("tail", "--no-follow")
    assert (result.stdout, result.stderr) == ("", "no such decisions yet\n")


def test_an_outage_is_said_once_and_waited_for(
    some: SqlRecords,
    run: Run,
    pauses: list[Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    following = SqlRecords.following

    def away(*_: Any, **__: Any) -> Any:
        raise DatabaseError(Trouble.UNREACHABLE)

    def back() -> None:
        monkeypatch.setattr(SqlRecords, "following", following)
        some.add([new("after")])

    monkeypatch.setattr(SqlRecords, "following", away)
    pauses += [lambda: None, back]
    result = run("tail", "--json", "-n", 0)
    assert keys(result) == ["after"]
    assert result.stderr == (
        "the database cannot be reached or opened, or refuses the connection; waiting\n"
    )


def test_a_person_is_found_whose_id_is_hashed(
    some: SqlRecords, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "k" * 32
    some.add([new("hashed", seconds=90, subject=hashed(BOB, key.encode()), hashed=True)])
    monkeypatch.setenv("HASH_IDENTIFIERS", "true")
    wrong = run("tail", "--no-follow", "--subject", BOB, status=1)
    assert wrong.stderr.startswith("Error: HASH_KEY: not set; HASH_IDENTIFIERS needs it.")
    monkeypatch.setenv("HASH_KEY", key)
    assert keys(run("tail", "--no-follow", "--json", "--subject", BOB)) == ["login", "hashed"]


def test_without_a_database_it_says_which_one_is_meant(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    result = run("tail", status=1)
    assert f"{tmp_path}/none.db: the database cannot be reached" in result.stderr
