"""The statements that keep and find decision records."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Delete,
    Insert,
    Select,
    TextClause,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
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


def _every_rule() -> CTE:
    """Return the names of all rules that any record holds, one step of the index for each.

    Of a fortnight's rows those of the last day are few: asked for by rule, they are found
    without the others.
    """
    first = select(func.min(_r.rule).label("rule")).cte("every_rule", recursive=True)
    after = select(func.min(_r.rule)).where(_r.rule > first.c.rule).scalar_subquery()
    return first.union_all(select(after).where(first.c.rule.is_not(None)))


_rule: Final = _every_rule()

SAID: Final[Select[Any]] = (
    select(_r.section, _r.rule, _r.shadow, _r.outcome, _r.verdict, func.sum(_r.stands_for))
    .select_from(_rule.join(rulings, and_(_r.rule == _rule.c.rule, _r.at >= bindparam("since"))))
    .group_by(_r.section, _r.rule, _r.shadow, _r.outcome, _r.verdict)
)

HAPPENED: Final[Select[Any]] = (
    select(_d.event, func.sum(1 + _d.left_out))
    .where(_d.at >= bindparam("since"))
    .group_by(_d.event)
)


ONE: Final[Select[Any]] = select(*SHOWN).where(_d.seq == bindparam("seq"))

# In the words of the index's own condition, and not as a parameter: else it is not used.
_WOULD_REFUSE: Final = (_r.shadow, _r.verdict != literal_column("'allow'"))


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
    if wanted.would_refuse:
        conditions.append(exists().where(*_WOULD_REFUSE, _r.at == _d.at, _r.seq == _d.seq))
    if wanted.client is not None:
        conditions.append(_d.client == wanted.client)
    if wanted.key is not None:
        conditions.append(_d.key == wanted.key)
    if wanted.since is not None:
        conditions.append(_d.at >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(_d.at < micros(wanted.until))
    return conditions
