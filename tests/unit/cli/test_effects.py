"""``effects``: what an operator sees, and can do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from databases.shelf import HOUR, Shelf

from webhook_service.desk.times import span
from webhook_service.effects.effect import (
    Cause,
    EndSession,
    ExtendSession,
    Failed,
    Kind,
    Retry,
    State,
)
from webhook_service.effects.store.database import open_engine

Run = Callable[..., Result]

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def kept(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """The store that the commands read, by a clock that stands still."""
    monkeypatch.setenv("DATABASE_URL", sqlite_database)
    engine = open_engine(sqlite_database)
    shelf = Shelf(engine, NOW)
    for module in ("effects_store", "effects_list", "effects_show", "effects_change"):
        monkeypatch.setattr(f"webhook_service.cli.{module}.utc_now", shelf.now)
    yield shelf
    engine.dispose()


@pytest.fixture
def some(kept: Shelf) -> Shelf:
    """Effects 1 to 6, one in each state and one that waits for its next try."""
    for key in ("done", "failed", "retried", "running"):
        kept.accept(key)
    claimed = {effect.key: effect for effect in kept.turn(owner="web-1:4711").claimed}
    kept.finish(claimed["done"])
    kept.finish(claimed["failed"], Failed("upstream.busy"))
    kept.finish(claimed["retried"], Retry("upstream.busy"), timedelta(seconds=90))
    kept.accept("cancelled")
    kept.store.cancel(kept.find("cancelled").seq)
    kept.accept("cap", due_in=3 * HOUR)
    kept.pass_time(timedelta(seconds=10))
    kept.accept("due", due_in=-timedelta(seconds=5))
    return kept


def test_effects_are_listed_newest_first_with_how_many_there_are(some: Shelf, run: Run) -> None:
    assert run("effects", "list").stdout == (
        "seq  state      kind              subject    when                  tries  reason\n"
        "7    pending    end_all_sessions  due        due 5s ago            0\n"
        "6    pending    end_all_sessions  cap        due in 2h 59m         0\n"
        "5    cancelled  end_all_sessions  cancelled  10s ago               0\n"
        "4    running    end_all_sessions  running    held for 20s at most  0\n"
        "3    pending    end_all_sessions  retried    due in 1m 20s         1      upstream.busy\n"
        "2    failed     end_all_sessions  failed     10s ago               1      upstream.busy\n"
        "1    done       end_all_sessions  done       10s ago               1      done\n"
        "\n"
        "pending 3  running 1  done 1  failed 1  cancelled 1  oldest due 5s ago\n"
    )


def test_a_list_can_be_narrowed(some: Shelf, run: Run) -> None:
    def listed(*options: object) -> list[str]:
        return re.findall(r"^(\d+) ", run("effects", "list", *options).stdout, re.MULTILINE)

    assert listed("--state", "failed", "--state", "done") == ["2", "1"]
    assert listed("--subject", "cap") == ["6"]
    assert listed("--kind", "revoke_tokens") == []
    assert listed("--kind", "end_all_sessions", "--limit", 2) == ["7", "6"]


def test_a_list_says_that_it_was_cut(some: Shelf, run: Run) -> None:
    said = "… and older ones: these are the newest 6 (--limit)"
    assert said in run("effects", "list", "--limit", 6).stdout
    assert "older ones" not in run("effects", "list", "--limit", 7).stdout


def test_an_empty_list_says_whether_there_is_anything(kept: Shelf, run: Run) -> None:
    summary = "\npending 0  running 0  done 0  failed 0  cancelled 0\n"
    assert run("effects", "list").stdout == f"no effects\n{summary}"
    kept.accept("a")
    assert run("effects", "list", "--state", "failed").stdout.startswith("no such effects\n")


def test_states_have_colours_in_a_terminal(some: Shelf, run: Run) -> None:
    text = run("effects", "list", color=True).stdout
    assert "\x1b[31mfailed\x1b[0m" in text
    assert "\x1b[32mdone\x1b[0m" in text
    assert "\x1b[2mcancelled\x1b[0m" in text


def test_a_list_can_be_read_by_a_program(some: Shelf, run_json: Callable[..., Any]) -> None:
    (failed,) = run_json("effects", "list", "--state", "failed", "--json")
    assert failed == {
        "seq": 2,
        "kind": "end_all_sessions",
        "state": "failed",
        "subject": "failed",
        "reason": "upstream.busy",
        "attempts": 1,
        "due": "2026-11-25T08:00:30Z",
        "counts_from": "2026-11-25T08:00:00Z",
        "deadline": "2026-11-26T08:00:00Z",
        "created": "2026-11-25T08:00:00Z",
        "ended": "2026-11-25T08:00:00Z",
        "owner": None,
        "key": "failed",
        "lane": "endings:failed",
        "trace": None,
        "args": {
            "subject": "failed",
            "spared_id": None,
            "before": "2026-11-25T08:00:00Z",
            "spares_recovery": False,
        },
    }


def test_one_effect_is_shown_whole(kept: Shelf, run: Run) -> None:
    args = EndSession("a person", "a session", None, Cause.MAX_AGE, "every morning", NOW, NOW)
    kept.accept("the key", kind=Kind.END_SESSION, args=args, lane="endings:a person")
    kept.turn(owner="web-1:4711")
    assert run("effects", "show", 1).stdout == (
        "effect 1  end_session  running  held for 30s at most\n"
        "    subject      a person\n"
        "    attempts     0\n"
        "    due          2026-11-25T08:00:30Z\n"
        "    counts from  2026-11-25T08:00:00Z\n"
        "    deadline     2026-11-26T08:00:00Z\n"
        "    created      2026-11-25T08:00:00Z\n"
        "    owner        web-1:4711\n"
        "    key          the key\n"
        "    lane         endings:a person\n"
        "    session id   a session\n"
        "    cause        max_age\n"
        "    rule         every morning\n"
        "    at           2026-11-25T08:00:00Z\n"
        "    event at     2026-11-25T08:00:00Z\n"
    )


def test_the_facts_of_an_extension_are_for_programs(
    kept: Shelf, run: Run, run_json: Callable[..., Any]
) -> None:
    args = ExtendSession("a person", "a session", None, {"facts": {"session.aal": "aal1"}})
    kept.accept("key", kind=Kind.EXTEND_SESSION, args=args, counts_from=None)
    assert "aal1" not in run("effects", "show", 1).stdout
    found = run_json("effects", "show", 1, "--json")
    assert found["args"]["record"] == {"facts": {"session.aal": "aal1"}}
    assert found["counts_from"] is None


def test_the_proof_of_who_holds_an_effect_is_shown_to_nobody(some: Shelf, run: Run) -> None:
    token = some.find("running").token
    assert token is not None
    for command in (["list"], ["list", "--json"], ["show", "4"], ["show", "4", "--json"]):
        assert token not in run("effects", *command).output


def test_what_a_caller_named_cannot_move_the_cursor(kept: Shelf, run: Run) -> None:
    kept.accept("evil\x1b[2J")
    for command in (["list"], ["show", "1"]):
        text = run("effects", *command, color=True).stdout
        assert r"evil\x1b[2J" in text
        assert "\x1b[2J" not in text


def test_a_number_without_an_effect_is_an_error(kept: Shelf, run: Run) -> None:
    assert "there is no effect 7" in run("effects", "show", 7, status=1).stderr


def test_effects_are_retried(some: Shelf, run: Run) -> None:
    result = run("effects", "retry", 2, 5, 6, 3, 2)
    assert result.stdout == "2  due now\n5  due now\n6  due now\n3  due now\n"
    assert {effect.key for effect in some.turn().claimed} == {
        "failed",
        "cancelled",
        "cap",
        "retried",
        "due",
    }


def test_what_cannot_be_retried_is_named_and_the_others_are(some: Shelf, run: Run) -> None:
    result = run("effects", "retry", 1, 2, 4, 99, status=1)
    assert result.stdout == "2  due now\n"
    assert result.stderr == (
        "1  unchanged, for it is done: 10s ago\n"
        "4  unchanged, for it is running: held for 20s at most\n"
        "99  there is no such effect\n"
    )
    assert some.state("failed") is State.PENDING


def test_effects_are_cancelled(some: Shelf, run: Run) -> None:
    assert run("effects", "cancel", 6).stdout == "6  cancelled\n"
    assert some.state("cap") is State.CANCELLED
    result = run("effects", "cancel", 2, status=1)
    assert result.stderr == "2  unchanged, for it is failed: 10s ago\n"


def test_numbers_are_needed(kept: Shelf, run: Run) -> None:
    run("effects", "retry", status=2)
    run("effects", "cancel", 0, status=2)
    run("effects", "show", "a", status=2)


@pytest.mark.parametrize("command", [["list"], ["show", "1"], ["retry", "1"], ["cancel", "1"]])
def test_a_database_that_is_not_there_is_not_made(
    command: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command runs in another folder than the service, say."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    error = run("effects", *command, status=1).stderr
    assert error.startswith("Error: webhook-service.db: the database cannot be reached or opened")
    assert "a file's name counts from the working directory on" in error
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_named_with_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "effects.db").touch()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/effects.db")
    assert run("effects", "list", status=1).stderr == (
        f"Error: {tmp_path}/effects.db: the database has no tables yet:"
        " run webhook-service db upgrade\n"
    )


def test_the_commands_read_a_server_as_well(
    shelf: Shelf, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.accept("a")
    url = shelf.engine.url
    address = url.render_as_string(hide_password=False)
    if not shelf.on_postgres:
        address = f"sqlite:///{str(url.database).removeprefix('file:')}"
    monkeypatch.setenv("DATABASE_URL", address)
    (found,) = json.loads(run("effects", "list", "--json").stdout)
    assert run("effects", "cancel", found["seq"]).stdout == f"{found['seq']}  cancelled\n"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(milliseconds=400), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=61), "1m 1s"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=1, seconds=59), "1h"),
        (timedelta(hours=23, minutes=59), "23h 59m"),
        (timedelta(days=2, hours=3, minutes=4), "2d 3h"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(length: timedelta, said: str) -> None:
    assert span(length) == said
