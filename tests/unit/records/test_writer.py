"""Records on their way to the database: no hook waits, and what is lost is counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from unit.decided import DENIES, NOON, STAYS
from unit.effects.logbook import Log

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.policy.decision import Decision, Outcome, Reason, Ruling, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import Section
from webhook_service.records.keeping import NewRecord, RefusedRecordError
from webhook_service.records.record import Record
from webhook_service.records.sampling import BURST_SECONDS, Sampling
from webhook_service.records.writer import (
    BREATH_SECONDS,
    EVERY_SECONDS,
    LONGEST_AWAY,
    MOST_TOGETHER,
    MOST_WAITING,
    PURGE_EVERY,
    PURGE_LIMIT,
    Fate,
    Nowhere,
    Writer,
)

NOBODY: Any = None
ALLOWED = Decision(EventName.HYDRA_TOKEN)
QUIET = Ruling(Section.DENY, "quiet", 1, Outcome.NO_MATCH)


@dataclass
class Shelf:
    """A store in memory; ``wrong`` is what happens instead of keeping a batch."""

    kept: list[NewRecord] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    wrong: list[Exception] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    old: int = 0
    purged: list[tuple[datetime, int]] = field(default_factory=list)
    held: threading.Event | None = None

    def add(self, records: Sequence[NewRecord]) -> None:
        if self.held is not None:
            self.held.wait(30)
        if self.wrong:
            raise self.wrong.pop(0)
        if self.refused.intersection(record.line["key"] for record in records):
            raise RefusedRecordError("not this one")
        self.batches.append(len(records))
        self.kept += records

    def purge(self, before: datetime, limit: int) -> int:
        self.purged.append((before, limit))
        deleted = min(self.old, limit)
        self.old -= deleted
        return deleted

    def keys(self) -> list[str]:
        return [record.line["key"] for record in self.kept]


@dataclass
class Desk:
    """A writer without a thread, what it writes to, and what it says."""

    shelf: Shelf = field(default_factory=Shelf)
    log: Log = field(default_factory=Log)
    fates: Counter[Fate] = field(default_factory=Counter)
    now: datetime = NOON
    seconds: float = 0.0

    def writer(self, days: int = 14, rate: int = 10_000) -> Writer:
        return Writer(
            open_store=lambda: self.shelf,
            days=days,
            sampling=Sampling(rate, lambda: self.seconds),
            logger=self.log.logger,
            clock=lambda: self.now,
            told=self._told,
            chance=lambda: 0.5,
            monotonic=lambda: self.seconds,
        )

    def _told(self, fate: Fate, count: int) -> None:
        self.fates[fate] += count


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def writer(desk: Desk) -> Writer:
    writer = desk.writer()
    writer.open()
    return writer


def take(writer: Writer, keys: Iterable[object], decision: Decision = ALLOWED) -> None:
    for key in keys:
        record = Record(NOON, NOBODY, NOBODY, decision, None, 204, (), "digest", 0.001)
        writer.take(record, {"at": "2026-11-25T12:00:00.000000Z", "key": str(key)})


def test_what_was_taken_is_written_together_in_its_order(desk: Desk, writer: Writer) -> None:
    take(writer, range(5))
    assert desk.shelf.kept == []
    assert writer.step() == EVERY_SECONDS
    assert desk.shelf.keys() == list("01234")
    assert desk.shelf.batches == [5]
    assert desk.fates == {Fate.KEPT: 5}


def test_a_record_is_kept_as_the_log_has_it(desk: Desk, writer: Writer) -> None:
    take(writer, ["a"])
    writer.step()
    [kept] = desk.shelf.kept
    assert list(kept.line) == ["at", "level", "message", "key"]
    assert (kept.line["level"], kept.line["message"]) == ("info", "decision")
    assert (kept.at, kept.left_out) == (NOON, 0)


def test_rules_that_said_nothing_are_not_kept(desk: Desk, writer: Writer) -> None:
    take(writer, ["a"], Decision(EventName.HYDRA_TOKEN, rulings=(QUIET, STAYS), shadow=(DENIES,)))
    writer.step()
    [kept] = desk.shelf.kept
    assert (kept.rulings, kept.shadow) == ((STAYS,), (DENIES,))


def test_nothing_taken_is_nothing_written(desk: Desk, writer: Writer) -> None:
    writer.step()
    assert desk.shelf.batches == []


def test_more_than_fits_a_batch_is_written_after_a_breath(desk: Desk, writer: Writer) -> None:
    take(writer, range(MOST_TOGETHER + 1))
    assert writer.step() == BREATH_SECONDS
    assert writer.step() == EVERY_SECONDS
    assert desk.shelf.batches == [MOST_TOGETHER, 1]


def test_above_the_rate_records_are_left_out_and_the_next_one_says_how_many(desk: Desk) -> None:
    writer = desk.writer(rate=1)
    writer.open()
    take(writer, range(BURST_SECONDS + 7))
    desk.seconds += 1
    take(writer, ["next"])
    writer.step()
    assert len(desk.shelf.kept) == BURST_SECONDS + 1
    assert desk.shelf.kept[-1].left_out == 7
    assert desk.fates == {Fate.LEFT_OUT: 7, Fate.KEPT: BURST_SECONDS + 1}


@pytest.mark.parametrize(
    "decision",
    [
        Decision(EventName.HYDRA_TOKEN, Verdict.DENY, Reason.SESSION_ENDING),
        Decision(EventName.HYDRA_TOKEN, Verdict.STEP_UP, Reason.MFA_TOO_OLD, "billing"),
        Decision(EventName.HYDRA_TOKEN, shadow=(QUIET, DENIES)),
    ],
)
def test_what_is_or_would_have_been_refused_has_a_rate_of_its_own(
    desk: Desk, decision: Decision
) -> None:
    writer = desk.writer(rate=1)
    writer.open()
    take(writer, range(100))
    take(writer, ["refused"], decision)
    writer.step()
    assert desk.shelf.keys()[-1] == "refused"


def test_an_outage_is_said_once_and_loses_nothing_that_fits(desk: Desk, writer: Writer) -> None:
    desk.shelf.wrong = [StoreUnavailableError("away")] * 3
    take(writer, range(3))
    assert [writer.step() for _ in range(3)] == [0.5, 1.0, 2.0]
    take(writer, ["later"])
    assert writer.step() == EVERY_SECONDS
    assert desk.shelf.keys() == ["0", "1", "2", "later"]
    assert desk.fates == {Fate.KEPT: 4}
    assert desk.log.messages() == ["the store is away", "the store is back"]


def test_the_pauses_of_an_outage_have_an_end(desk: Desk, writer: Writer) -> None:
    desk.shelf.wrong = [StoreUnavailableError("away")] * 9
    take(writer, ["a"])
    assert [writer.step() for _ in range(9)][-1] == LONGEST_AWAY
    writer.step()
    desk.shelf.wrong = [StoreUnavailableError("away")]
    take(writer, ["b"])
    assert writer.step() == EVERY_SECONDS


def test_what_finds_the_queue_full_is_lost_and_counted(desk: Desk, writer: Writer) -> None:
    take(writer, range(MOST_WAITING + 3))
    assert desk.fates == {Fate.LOST: 3}
    while writer.step() == BREATH_SECONDS:
        pass
    assert len(desk.shelf.kept) == MOST_WAITING


@pytest.mark.parametrize("wrong", [KeyError("verdict"), RefusedRecordError("not this one")])
def test_one_that_cannot_be_kept_takes_no_other_along(
    desk: Desk, writer: Writer, wrong: Exception
) -> None:
    desk.shelf.wrong = [wrong]
    desk.shelf.refused = {"2"}
    take(writer, range(5))
    assert writer.step() == EVERY_SECONDS
    assert desk.shelf.keys() == list("0134")
    assert desk.fates == {Fate.KEPT: 4, Fate.LOST: 1}
    assert desk.log.lines() == [
        {
            "level": "error",
            "message": "a decision was not recorded",
            "key": "2",
            "why": "not this one",
        }
    ]


def test_an_outage_among_single_records_repeats_none(desk: Desk, writer: Writer) -> None:
    refused, away = RefusedRecordError("no"), StoreUnavailableError("away")
    desk.shelf.wrong = [refused, refused, away]
    take(writer, range(3))
    writer.step()
    assert desk.fates == {Fate.LOST: 1}
    writer.step()
    assert desk.shelf.keys() == ["1", "2"]


def test_what_is_kept_long_enough_goes_a_few_at_a_time(desk: Desk, writer: Writer) -> None:
    desk.shelf.old = PURGE_LIMIT + 1
    writer.step()
    assert desk.shelf.purged == []
    desk.now += PURGE_EVERY / 2
    assert writer.step() == BREATH_SECONDS
    assert writer.step() == EVERY_SECONDS
    assert writer.step() == EVERY_SECONDS
    assert desk.shelf.purged == [(desk.now - timedelta(days=14), PURGE_LIMIT)] * 2
    desk.now += PURGE_EVERY
    writer.step()
    assert len(desk.shelf.purged) == 3


def test_with_no_days_nothing_is_kept_and_what_there_was_goes(desk: Desk) -> None:
    writer = desk.writer(days=0)
    writer.open()
    take(writer, range(3))
    desk.now += PURGE_EVERY
    writer.step()
    assert (desk.shelf.kept, desk.fates) == ([], {})
    assert desk.shelf.purged == [(desk.now, PURGE_LIMIT)]


def test_a_database_that_stands_still_makes_no_hook_wait(desk: Desk) -> None:
    desk.shelf.held = threading.Event()
    writer = desk.writer()
    writer.begin()
    take(writer, range(MOST_WAITING + 2 * MOST_TOGETHER))
    assert desk.fates[Fate.LOST] >= MOST_TOGETHER
    writer.stop(0.01)
    desk.shelf.held.set()
    writer.stop(30)
    assert desk.fates[Fate.KEPT] + desk.fates[Fate.LOST] == MOST_WAITING + 2 * MOST_TOGETHER
    assert len(desk.shelf.kept) == desk.fates[Fate.KEPT] > 0


def test_what_was_taken_is_written_before_the_end(desk: Desk) -> None:
    writer = desk.writer()
    writer.begin()
    take(writer, range(3 * MOST_TOGETHER))
    writer.stop(30)
    assert len(desk.shelf.kept) == 3 * MOST_TOGETHER


def test_at_the_end_a_store_that_is_away_is_not_waited_for(desk: Desk) -> None:
    desk.shelf.wrong = [StoreUnavailableError("away")] * 100
    writer = desk.writer()
    writer.begin()
    take(writer, range(3))
    writer.stop(30)
    assert desk.shelf.kept == []
    assert desk.fates == {Fate.LOST: 3}


def test_a_process_begins_once(desk: Desk) -> None:
    writer = desk.writer()
    writer.begin()
    writer.begin()
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("records") == 1
    writer.stop(30)


def test_what_was_not_begun_has_nothing_to_end(desk: Desk) -> None:
    desk.writer().stop(30)
    nowhere = Nowhere()
    nowhere.begin()
    nowhere.take(NOBODY, {})
    nowhere.stop(30)
