"""The statements that keep and find decision records."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    TextClause,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.sql.dml import ReturningInsert

from webhook_service.effects.store.stored import micros
from webhook_service.records.keeping import Wanted
from webhook_service.records.table import decisions, rulings

_d: Final = decisions.c
_r: Final = rulings.c

ONE_BATCH_AT_A_TIME: Final[TextClause] = text("SELECT pg_advisory_xact_lock(6021953018)")
"""For PostgreSQL: numbers are given in the order in which batches are committed, so that who
follows them by their number misses none. SQLite has one writer at a time anyway."""

INSERT: Final[ReturningInsert[Any]] = insert(decisions).returning(
    _d.seq, sort_by_parameter_order=True
)
INSERT_RULINGS: Final[Insert] = insert(rulings)

SHOWN: Final = (_d.seq, _d.at, _d.line)

OLD: Final[Select[Any]] = (
    select(_d.seq).where(_d.at < bindparam("before")).order_by(_d.at).limit(bindparam("most"))
)
"""The numbers of at most ``most`` records of events ``before`` a time, oldest first."""

OF_SUBJECTS: Final[Select[Any]] = (
    select(_d.seq)
    .where(_d.subject.in_(bindparam("subjects", expanding=True)))
    .limit(bindparam("most"))
)

DELETE_RULINGS: Final[Delete] = delete(rulings).where(
    _r.seq.in_(bindparam("numbers", expanding=True))
)
DELETE: Final[Delete] = delete(decisions).where(_d.seq.in_(bindparam("numbers", expanding=True)))

LAST: Final[Select[Any]] = select(func.max(_d.seq))

SAID: Final[Select[Any]] = (
    select(_r.section, _r.rule, _r.shadow, _r.outcome, _r.verdict, func.sum(_r.stands_for))
    .where(_r.at >= bindparam("since"))
    .group_by(_r.section, _r.rule, _r.shadow, _r.outcome, _r.verdict)
)


def newest(wanted: Wanted, limit: int, before: tuple[int, int] | None) -> Select[Any]:
    """Return what finds records, newest first, ``before`` a time and number."""
    found = _numbers(wanted)
    if before is not None:
        found = found.where(tuple_(_d.at, _d.seq) < tuple_(*before))
    found = found.order_by(_d.at.desc(), _d.seq.desc()).limit(limit)
    return select(*SHOWN).where(_d.seq.in_(found)).order_by(_d.at.desc(), _d.seq.desc())


def following(wanted: Wanted, after: int, limit: int) -> Select[Any]:
    """Return what finds records in the order of their numbers, those ``after`` one."""
    return select(*SHOWN).where(_d.seq > after, *_conditions(wanted)).order_by(_d.seq).limit(limit)


def counted(wanted: Wanted) -> Select[Any]:
    """Return what counts records."""
    return select(func.count()).select_from(decisions).where(*_conditions(wanted))


def _numbers(wanted: Wanted) -> Select[Any]:
    """Return what finds the records by number, through the index that holds all it needs."""
    return select(_d.seq).where(*_conditions(wanted))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        column.in_(sorted(values))
        for column, values in (
            (_d.event, wanted.events),
            (_d.verdict, wanted.verdicts),
            (_d.reason, wanted.reasons),
            (_d.subject, wanted.subjects),
        )
        if values
    ]
    if wanted.rule is not None:
        conditions.append(exists().where(_r.rule == wanted.rule, _r.at == _d.at, _r.seq == _d.seq))
    if wanted.client is not None:
        conditions.append(_d.client == wanted.client)
    if wanted.key is not None:
        conditions.append(_d.key == wanted.key)
    if wanted.since is not None:
        conditions.append(_d.at >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(_d.at < micros(wanted.until))
    return conditions
