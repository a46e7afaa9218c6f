"""Reads for people who look: what is found, and that nobody else waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from databases.shelf import Shelf
from sqlalchemy import event, text
from unit.decided import DENIES, STAYS, new

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.troubles import DatabaseError, Trouble
from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.model import Section
from webhook_service.records.keeping import Wanted
from webhook_service.records.reading import Reading
from webhook_service.records.store import SqlRecords

ASKS_FOR_MORE = Ruling(
    Section.MFA, "totp", 9, Outcome.UNMET, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW
)


def test_one_record_is_found_by_its_number(records: SqlRecords) -> None:
    records.add([new("a"), new("b")])
    second = records.last()
    found = records.one(second)
    assert found is not None
    assert (found.seq, found.line["key"]) == (second, "b")


@pytest.mark.parametrize("seq", [0, -1, 2**63 - 1, 2**63, 10**30])
def test_a_number_that_no_record_has_finds_none(records: SqlRecords, seq: int) -> None:
    records.add([new("a")])
    assert records.one(seq) is None


def test_what_a_shadow_rule_would_have_refused_is_found(records: SqlRecords) -> None:
    records.add(
        [
            new("enforced", rulings=[DENIES]),
            new("denied", shadow=[DENIES]),
            new("asked", shadow=[STAYS, ASKS_FOR_MORE]),
            new("content", shadow=[STAYS]),
        ]
    )
    found = records.newest(Wanted(would_refuse=True))
    assert [one.line["key"] for one in found] == ["asked", "denied"]
    assert records.count(Wanted(would_refuse=True, rule="billing")) == 1


def test_what_a_shadow_rule_would_have_refused_is_found_by_its_index(
    sqlite_database: str,
) -> None:
    """Among a fortnight's records there may be none, and each would have to be looked up."""
    engine = open_engine(sqlite_database)
    statements: list[tuple[str, Any]] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, *_: statements.append((statement, parameters)),
    )
    SqlRecords(engine).newest(Wanted(would_refuse=True))
    statement, parameters = statements[-1]
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    engine.dispose()
    assert any("decision_rules_would" in str(step) for step in plan)


def test_a_search_of_a_file_is_given_up_when_its_time_is_over(sqlite_database: str) -> None:
    engine = open_engine(sqlite_database)
    SqlRecords(engine).add([new(str(number)) for number in range(2000)])
    hurried = SqlRecords(engine, 0.0)
    with pytest.raises(DatabaseError) as given_up:
        hurried.count(Wanted(rule="none"))
    assert given_up.value.trouble is Trouble.SLOW
    # The connection goes back to its pool, and must not bring its deadline along.
    assert SqlRecords(engine).count(Wanted(rule="none")) == 0
    assert SqlRecords(engine, 60.0).count() == 2000
    engine.dispose()


@pytest.mark.postgres
def test_a_search_of_a_server_is_given_up_when_its_time_is_over(postgres_database: str) -> None:
    engine, other = open_engine(postgres_database), open_engine(postgres_database)
    hurried = SqlRecords(engine, 0.05)
    with other.begin() as connection:
        connection.execute(text("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DatabaseError, match="57014"):
            hurried.count()
    assert hurried.count() == 0
    engine.dispose()
    other.dispose()


@pytest.fixture(params=[False, True], ids=["here", "on threads"])
def reading(request: pytest.FixtureRequest, records: SqlRecords) -> Reading:
    """What asks a store, on the caller's thread and on others."""
    together = 1 if request.param else 2
    return Reading(lambda: records, on_threads=request.param, together=together, seconds=5.0)


def test_a_store_is_opened_when_it_is_first_asked_and_once(records: SqlRecords) -> None:
    opened: list[SqlRecords] = []

    def open_store() -> SqlRecords:
        opened.append(records)
        return records

    reading = Reading(open_store)
    assert opened == []
    records.add([new("a")])
    assert [reading.ask(lambda found: found.count()) for _ in range(3)] == [1, 1, 1]
    assert opened == [records]


def test_what_goes_wrong_reaches_who_asks(reading: Reading) -> None:
    def fail(_records: Any) -> int:
        raise StoreUnavailableError("away")

    for _ in range(reading.together + 1):  # and gives its turn back
        with pytest.raises(StoreUnavailableError, match="away"):
            reading.ask(fail)
    assert reading.ask(lambda records: records.count()) == 0


@contextmanager
def _all_turns_taken(reading: Reading) -> Iterator[None]:
    """Let as many read as may, until the block ends."""
    begun, end = threading.Barrier(reading.together + 1), threading.Event()

    def read(_records: Any) -> bool:
        begun.wait(10)
        return end.wait(10)

    readers = [threading.Thread(target=reading.ask, args=[read]) for _ in range(reading.together)]
    for reader in readers:
        reader.start()
    begun.wait(10)
    try:
        yield
    finally:
        end.set()
        for reader in readers:
            reader.join()


def test_a_crowd_that_looks_does_not_take_every_thread_of_the_service(reading: Reading) -> None:
    reading.ask(lambda records: records.count())
    with _all_turns_taken(reading):
        reading.seconds = 0.02
        with pytest.raises(StoreUnavailableError, match="its turn did not come"):
            reading.ask(lambda records: records.count())
        reading.seconds = 5.0
    assert reading.ask(lambda records: records.count()) == 0


def test_a_frozen_server_does_not_keep_who_asks(shelf: Shelf) -> None:
    """A driver cannot be timed out: its thread is left to it."""
    release = threading.Event()
    reading = Reading(lambda: SqlRecords(shelf.engine), on_threads=True, seconds=0.05)
    hang: Callable[[Any], bool] = lambda _records: release.wait(10)  # noqa: E731  an argument
    with pytest.raises(StoreUnavailableError, match="in time"):
        reading.ask(hang)
    release.set()
