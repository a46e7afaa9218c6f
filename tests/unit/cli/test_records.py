"""``records``: one person's data, given away and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from databases.shelf import Shelf
from unit.decided import ADA, BOB, DENIES, NOON, REFUSED, new

from webhook_service.effects.effect import EndSessions
from webhook_service.effects.store.database import open_engine
from webhook_service.records.identifiers import hashed
from webhook_service.records.keeping import Wanted
from webhook_service.records.store import SqlRecords

Run = Callable[..., Result]


@pytest.fixture
def kept(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """The database that the commands read: three decisions of Ada's, one of Bob's."""
    monkeypatch.setenv("DATABASE_URL", sqlite_database)
    monkeypatch.setattr("webhook_service.cli.records_export.utc_now", lambda: NOON)
    engine = open_engine(sqlite_database)
    SqlRecords(engine).add(
        [
            new("bob", subject=BOB),
            new("ada", seconds=1),
            new("refused", seconds=86400, rulings=[DENIES], **REFUSED),
            new("login", seconds=86401, event="kratos.login", client=None),
        ]
    )
    yield Shelf(engine, NOON)
    engine.dispose()


@pytest.fixture
def with_effects(kept: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr("webhook_service.cli.records_store._TOGETHER", 2)
    for key, subject in (("done", ADA), ("two", ADA), ("three", ADA), ("bob's", BOB)):
        kept.accept(key, args=EndSessions(subject, None, NOON))
        if key == "done":
            kept.finish(kept.claim_one())
    return kept


def test_a_person_gets_every_decision_and_effect_in_lines(with_effects: Shelf, run: Run) -> None:
    text = run("records", "export", "--subject", ADA).stdout
    first, second, third, _, *effects, last = text.splitlines()
    assert first == (
        f"2026-11-25 12:00:01.000  hydra.token          allow    204  client web  subject {ADA}"
        "  0 calls  1.5 ms"
    )
    assert second.startswith("2026-11-26 12:00:00.000  hydra.token          deny     403")
    assert third.startswith("2026-11-26 12:00:01.000  kratos.login         allow    204")
    assert [line.split()[:2] for line in effects] == [
        ["3", "pending"],
        ["2", "pending"],
        ["1", "done"],
    ]
    assert last == "3 decisions, 3 effects"
    assert BOB not in text


def test_a_person_gets_every_decision_and_effect_as_one_document(
    with_effects: Shelf, run_json: Callable[..., Any]
) -> None:
    found = run_json("records", "export", "--subject", ADA, "--json")
    assert found["subject"] == ADA
    assert [line["key"] for line in found["decisions"]] == ["ada", "refused", "login"]
    assert [effect["key"] for effect in found["effects"]] == ["three", "two", "done"]


def test_somebody_unknown_gets_nothing_and_no_error(
    kept: Shelf, run: Run, run_json: Callable[..., Any]
) -> None:
    assert run("records", "export", "--subject", "nobody").stdout == "0 decisions, 0 effects\n"
    assert run_json("records", "export", "--subject", "nobody", "--json") == {
        "subject": "nobody",
        "decisions": [],
        "effects": [],
    }


def test_what_is_deleted_is_gone_and_what_is_kept_is_said(with_effects: Shelf, run: Run) -> None:
    assert run("records", "delete", "--subject", ADA, "--yes").stdout == (
        "3 decisions deleted\n"
        "3 effects kept (2 pending, 1 done)\n"
        "  What is pending still has to be done in Kratos and Hydra; if it need not,"
        " webhook-service effects cancel says so.\n"
        "  Done ones go after 1 day, failed ones after 30.\n"
    )
    records = SqlRecords(with_effects.engine)
    assert [one.line["key"] for one in records.newest()] == ["bob"]
    assert records.said(NOON - timedelta(days=1)) == ()


def test_deleting_asks_first(kept: Shelf, run: Run) -> None:
    result = run("records", "delete", "--subject", ADA, input="n\n", status=1)
    assert f"Delete 3 decisions of {ADA}?" in result.output
    records = SqlRecords(kept.engine)
    assert records.count(Wanted(subjects=frozenset({ADA}))) == 3
    run("records", "delete", "--subject", ADA, input="y\n")
    assert records.count(Wanted(subjects=frozenset({ADA}))) == 0


def test_what_is_not_there_is_not_asked_about(kept: Shelf, run: Run) -> None:
    assert run("records", "delete", "--subject", "nobody").stdout == "0 decisions deleted\n"


def test_hashed_records_of_a_person_are_theirs_as_well(
    kept: Shelf, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "k" * 32
    SqlRecords(kept.engine).add([new("hashed", subject=hashed(ADA, key.encode()), hashed=True)])
    assert "3 decisions deleted" in run("records", "delete", "--subject", ADA, "--yes").stdout
    monkeypatch.setenv("HASH_IDENTIFIERS", "true")
    monkeypatch.setenv("HASH_KEY", key)
    assert "1 decision deleted" in run("records", "delete", "--subject", ADA, "--yes").stdout


POLICY = """
deny:
  - name: billing
    when: client.id == "web"
    events: [hydra.token]
"""


def test_a_kept_decision_is_explained(kept: Shelf, run: Run, write: Any) -> None:
    policy = write(POLICY)
    text = run("policy", "explain", policy, "--record", "refused", "--database").stdout
    assert 'decided then: deny rule.denied, by "billing"' in text
    missing = run("policy", "explain", policy, "--record", "none", "--database", status=1)
    assert "the database has no decision with the key none" in missing.stderr


def test_a_decision_is_explained_from_one_place(kept: Shelf, run: Run, write: Any) -> None:
    policy = write(POLICY)
    both = ("--record", "a", "--database", "--log", policy)
    for options in (both, ("--record", "a"), ("--database",)):
        assert "--database" in run("policy", "explain", policy, *options, status=2).stderr


def test_kept_decisions_are_replayed(
    kept: Shelf, run: Run, run_json: Callable[..., Any], write: Any
) -> None:
    policy = write(POLICY)
    replayed = run_json("simulate", "--database", "--policy", policy, "--json")
    assert replayed["events"] == 4
    since = ("--since", "2026-11-26T00:00:00Z")
    assert run_json("simulate", "--database", *since, "--policy", policy, "--json")["events"] == 2
    wrong = run("simulate", "--policy", policy, status=2)
    assert "Give either EVENTS or --database" in wrong.stderr
    wrong = run("simulate", policy, *since, "--policy", policy, status=2)
    assert "--since goes with --database" in wrong.stderr
