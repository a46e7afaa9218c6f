"""What is kept is found again, by everything that it can be asked for."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from databases.shelf import Shelf
from sqlalchemy import create_engine, inspect, text
from unit.decided import ADA, BOB, DENIES, NOON, REFUSED, STAYS, new

from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.schema import upgrade
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.model import Section
from webhook_service.records.keeping import RefusedRecordError, Said, Stored, Wanted
from webhook_service.records.store import SqlRecords
from webhook_service.records.table import decisions, rulings

HOUR = timedelta(hours=1)


def keys(found: tuple[Stored, ...]) -> list[str]:
    return [one.line["key"] for one in found]


def test_a_record_comes_back_as_it_was_logged(records: SqlRecords) -> None:
    kept = new("a", effects={"extend_session": {"result": "extended"}}, notes=["é\u2028"])
    records.add([kept])
    [found] = records.newest()
    assert found.line == kept.line
    assert found.at == kept.at
    assert list(found.line) == list(kept.line)


def test_nothing_to_keep_is_nothing_kept(records: SqlRecords) -> None:
    records.add([])
    assert records.newest() == ()
    assert records.count() == records.last() == 0


def test_the_newest_event_comes_first_whenever_it_was_written(records: SqlRecords) -> None:
    records.add([new("later", seconds=5), new("latest", seconds=9)])
    records.add([new("earlier", seconds=1)])
    assert keys(records.newest()) == ["latest", "later", "earlier"]


def test_a_list_goes_on_where_the_one_before_ended(records: SqlRecords) -> None:
    """Also between events of the same moment."""
    records.add([new(f"{number}", seconds=number // 3) for number in range(10)])
    first = records.newest(limit=4)
    second = records.newest(limit=4, before=first[-1])
    third = records.newest(limit=4, before=second[-1])
    assert keys(first + second + third) == [str(number) for number in reversed(range(10))]


@pytest.fixture
def some(records: SqlRecords) -> SqlRecords:
    records.add(
        [
            new("login", event="kratos.login", subject=BOB, client=None),
            new("refused", seconds=60, rulings=[STAYS, DENIES], **REFUSED),
            new("mobile", seconds=120, client="mobile", rulings=[STAYS]),
            new("machine", seconds=180, subject=None, client="machine"),
            new("would", seconds=240, shadow=[DENIES]),
            new("ending", seconds=300, verdict="deny", reason="session.ending", status=403),
        ]
    )
    return records


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"events": {"kratos.login"}}, ["login"]),
        ({"verdicts": {"deny"}}, ["ending", "refused"]),
        ({"verdicts": {"deny", "allow"}, "subjects": {BOB}}, ["login"]),
        ({"reasons": {"session.ending"}}, ["ending"]),
        ({"reasons": {"session.ending", "rule.denied"}}, ["ending", "refused"]),
        ({"rule": "billing"}, ["would", "refused"]),
        ({"rule": "stays"}, ["mobile", "refused"]),
        ({"rule": "stays", "verdicts": {"allow"}}, ["mobile"]),
        ({"rule": "nothing"}, []),
        ({"subjects": {BOB, "another"}}, ["login"]),
        ({"client": "mobile"}, ["mobile"]),
        ({"key": "machine"}, ["machine"]),
        ({"since": NOON + timedelta(seconds=240)}, ["ending", "would"]),
        ({"until": NOON + timedelta(seconds=60)}, ["login"]),
        (
            {"since": NOON + timedelta(seconds=60), "until": NOON + timedelta(seconds=180)},
            ["mobile", "refused"],
        ),
        ({"client": "web", "subjects": {ADA}, "events": {"hydra.token"}, "rule": "billing"}, None),
    ],
)
def test_what_is_asked_for_is_found(
    some: SqlRecords, wanted: dict[str, Any], found: list[str] | None
) -> None:
    sets = {
        name: frozenset(value) if isinstance(value, set) else value
        for name, value in wanted.items()
    }
    expected = ["would", "refused"] if found is None else found
    assert keys(some.newest(Wanted(**sets))) == expected
    assert keys(tuple(some.every(Wanted(**sets)))) == expected[::-1]
    assert some.count(Wanted(**sets)) == len(expected)


def test_who_follows_by_numbers_gets_each_record_once(records: SqlRecords) -> None:
    records.add([new("a"), new("b")])
    first = records.following(after=0)
    records.add([new("c", seconds=-60)])
    second = records.following(after=first[-1].seq)
    assert (keys(first), keys(second)) == (["a", "b"], ["c"])
    assert records.following(after=records.last()) == ()
    assert records.last() == second[-1].seq


def test_numbers_are_in_the_order_in_which_batches_can_be_seen(shelf: Shelf) -> None:
    """Else who follows them would go past a batch that is committed late."""
    writers = [SqlRecords(shelf.engine) for _ in range(3)]
    before = writers[0].last()
    done = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        last = before
        while True:
            ended = done.is_set()  # looked at before the last look
            for one in writers[0].following(after=last):
                seen.append(one.seq)
                last = one.seq
            if ended:
                return

    def write(store: SqlRecords) -> None:
        for number in range(8):
            store.add([new(f"{number}-{at}") for at in range(20)])

    reader = threading.Thread(target=follow)
    reader.start()
    threads = [threading.Thread(target=write, args=[store]) for store in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert len(seen) == 3 * 8 * 20


def test_every_record_is_read_a_few_at_a_time(
    records: SqlRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlRecords.following, "__kwdefaults__", {"limit": 2})
    records.add([new(str(number)) for number in range(5)])
    assert keys(tuple(records.every())) == list("01234")


def test_what_is_old_is_deleted_oldest_first_and_a_few_at_a_time(
    records: SqlRecords, shelf: Shelf
) -> None:
    records.add([new(str(number), seconds=number, rulings=[STAYS]) for number in range(6)])
    before = NOON + timedelta(seconds=4)
    assert records.purge(before, limit=3) == 3
    assert keys(records.newest()) == ["5", "4", "3"]
    assert records.purge(before, limit=3) == 1
    assert records.purge(before, limit=3) == 0
    with shelf.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision_rules")) == 2


def test_numbers_are_not_given_again(records: SqlRecords) -> None:
    records.add([new("a")])
    last = records.last()
    records.purge(NOON + HOUR)
    records.add([new("b")])
    assert records.last() > last


def test_one_persons_records_are_forgotten_and_nobody_elses(
    records: SqlRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook_service.records.store.AT_ONCE", 2)
    records.add([new(str(number)) for number in range(5)])
    records.add([new("hashed", subject="h" * 32), new("bob", subject=BOB), new("no", subject=None)])
    assert records.forget(frozenset({ADA, "h" * 32})) == 6
    assert keys(records.newest()) == ["no", "bob"]
    assert records.forget(frozenset({ADA})) == 0


def test_what_rules_said_is_counted_with_what_was_left_out(records: SqlRecords) -> None:
    step_up = Ruling(Section.MFA, "totp", 9, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)
    records.add(
        [
            new("old", seconds=-1, rulings=[STAYS]),
            new("a", rulings=[STAYS], left_out=9),
            new("b", rulings=[STAYS, DENIES], shadow=[step_up], **REFUSED),
        ]
    )
    assert set(records.said(NOON)) == {
        Said("sessions", "stays", shadow=False, outcome="matched", verdict="allow", decisions=11),
        Said("deny", "billing", shadow=False, outcome="matched", verdict="deny", decisions=1),
        Said("mfa", "totp", shadow=True, outcome="unmet", verdict="step_up", decisions=1),
    }


def test_decisions_are_counted_by_event_with_what_was_left_out(records: SqlRecords) -> None:
    records.add([new("old", seconds=-1), new("a", left_out=9), new("b")])
    records.add([new("login", event="kratos.login")])
    assert records.happened(NOON) == {"hydra.token": 11, "kratos.login": 1}


def test_rules_that_said_nothing_lately_are_not_counted(records: SqlRecords) -> None:
    assert records.said(NOON) == ()
    records.add([new("old", seconds=-1, rulings=[DENIES])])
    assert records.said(NOON) == ()


def test_how_many_were_left_out_is_said_where_any_were(records: SqlRecords) -> None:
    records.add([new("a", left_out=7), new("b")])
    noted, other = records.following(after=0)
    assert noted.line["left_out"] == 7
    assert "left_out" not in other.line


def test_a_batch_is_kept_whole_or_not_at_all(records: SqlRecords) -> None:
    with pytest.raises(RefusedRecordError, match="refuses"):
        records.add([new("a"), new("b", client="\ud800")])
    assert records.count() == 0


def test_a_database_without_the_tables_says_so(tmp_path: Any) -> None:
    path = tmp_path / "empty.db"
    create_engine(f"sqlite:///{path}").connect().close()
    path.touch()
    store = SqlRecords(open_engine(f"sqlite:///{path}"))
    with pytest.raises(DatabaseError) as wrong:
        store.add([new("a")])
    assert wrong.value.trouble is Trouble.SCHEMA


def test_records_do_not_make_effects_wait_for_the_disk(database: str) -> None:
    """A record may be lost in a power cut; an effect may not."""
    engine, other = open_engine(database), open_engine(database)
    SqlRecords(engine)
    asked = "PRAGMA synchronous" if database.startswith("sqlite") else "SHOW synchronous_commit"
    found = []
    for each in (engine, other):
        with each.connect() as connection:
            found.append(connection.scalar(text(asked)))
    assert found in ([1, 2], ["off", "on"])
    engine.dispose()
    other.dispose()


def test_the_migrations_make_the_tables_that_statements_are_written_for(
    empty_database: str,
) -> None:
    upgrade(empty_database)
    engine = open_engine(empty_database)

    def described() -> dict[str, Any]:
        found = inspect(engine)
        return {
            table.name: (
                [
                    (column["name"], str(column["type"]), column["nullable"])
                    for column in found.get_columns(table.name)
                ],
                sorted(
                    (str(index["name"]), index["column_names"], index["unique"])
                    for index in found.get_indexes(table.name)
                ),
                found.get_pk_constraint(table.name)["constrained_columns"],
            )
            for table in (decisions, rulings)
        }

    migrated = described()
    decisions.metadata.drop_all(engine)
    decisions.metadata.create_all(engine)
    assert described() == migrated
    engine.dispose()
