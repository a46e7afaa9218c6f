"""Every statement, built once for a store: for its database, and for its clock (``conditions``)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Delete,
    Insert,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from webhook_service.effects.effect import State
from webhook_service.effects.store.conditions import Conditions
from webhook_service.effects.store.table import KNOWN, PENDING, effects, is_in

_LANE_LOCK: Final = literal_column(
    "pg_try_advisory_xact_lock(hashtextextended(candidates.lane, 0))", Boolean
)
_DROPPED: Final = {"token": None, "owner": None}
"""Nobody holds it any more."""

_e: Final = effects.c


class Queries(Conditions):
    """The statements of one store. Each says which parameters it takes besides ``now``."""

    @cached_property
    def insert(self) -> ReturningInsert[Any]:
        """Keep effects; return the keys that were new. Takes the columns of a new effect."""
        # Both databases word it alike, but SQLAlchemy has a class for each.
        of_dialect = postgresql.insert if self._on_postgres else sqlite.insert
        return (
            of_dialect(effects)
            .values(state=State.PENDING.value, attempts=0, created=self._now)
            .on_conflict_do_nothing(index_elements=[_e.key])
            .returning(_e.key)
        )

    @cached_property
    def try_out(self) -> Insert:
        """Write what is no effect, and of no kind that anybody knows, as ``number``."""
        return insert(effects).values(
            seq=bindparam("number"),
            key=cast(bindparam("number"), Text),
            kind="",
            lane="",
            subject="",
            args="",
            state=State.CANCELLED.value,
            due=self._now,
            deadline=self._now,
            attempts=0,
            created=self._now,
        )

    @cached_property
    def take_back(self) -> Delete:
        """Delete what ``try_out`` wrote."""
        return delete(effects).where(_e.seq == bindparam("number"))

    @cached_property
    def _finish(self) -> Update:
        """Change what a worker holds. ``held_seq`` and ``held_token`` are what it has to show."""
        return (
            update(effects)
            .where(PENDING, _e.seq == bindparam("held_seq"), _e.token == bindparam("held_token"))
            .values(_DROPPED)
        )

    @cached_property
    def end(self) -> Update:
        """A try ended the effect: ``to`` which state and ``why``; and what ``_finish`` takes."""
        return self._finish.values(
            state=bindparam("to"),
            ended=self._now,
            attempts=_e.attempts + 1,
            reason=bindparam("why"),
        )

    @cached_property
    def try_again(self) -> Update:
        """A try failed: the next one after ``wait``, unless the deadline is over by then."""
        then = self._now + bindparam("wait", type_=BigInteger)
        over = then > _e.deadline
        return self._finish.values(
            state=case((over, State.FAILED.value), else_=State.PENDING.value),
            ended=case((over, self._now), else_=null()),
            due=then,
            attempts=_e.attempts + 1,
            reason=bindparam("why"),
        )

    @cached_property
    def put_off(self) -> Update:
        """It is due, and counts, ``at`` another time, with ``new_args`` and ``new_deadline``."""
        at = bindparam("at", type_=BigInteger)
        return self._finish.values(
            due=at,
            counts_from=case((_e.counts_from.is_(None), null()), else_=at),
            deadline=bindparam("new_deadline"),
            args=bindparam("new_args"),
        )

    @cached_property
    def candidates(self) -> Select[Any]:
        """Number and ``due`` of what can be claimed, ``room`` at most, longest due first.

        PostgreSQL: two workers do not see what the other one is about to claim. ``SKIP
        LOCKED`` keeps them off the same effect, the lock of its lane off another one of that
        lane; it ends with the transaction. It is taken for what is left after the limit only.
        """
        found = (
            select(_e.seq, _e.due, _e.lane)
            .where(PENDING, _e.due <= self._now, KNOWN)
            .where(self._lane_is_free(), self._is_oldest_due())
            .order_by(_e.due)
            .limit(bindparam("room"))
            .with_for_update(skip_locked=True, of=effects)
            .cte("candidates")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        chosen = select(found.c.seq, found.c.due)
        return chosen.where(_LANE_LOCK) if self._on_postgres else chosen

    @cached_property
    def claim(self) -> ReturningUpdate[Any]:
        """Take the effects ``numbers`` for a ``lease``, under a ``new_token``, as ``new_owner``.

        Their lanes are looked at once more: this statement sees what was committed before the
        locks of the lanes were had.
        """
        return (
            update(effects)
            .where(_e.seq.in_(bindparam("numbers", expanding=True)))
            .where(PENDING, _e.due <= self._now, self._lane_is_free())
            .values(
                due=self._now + bindparam("lease", type_=BigInteger),
                token=bindparam("new_token"),
                owner=bindparam("new_owner"),
            )
            .returning(*self.columns)
        )

    @cached_property
    def give_up(self) -> Update:
        """Let an effect that was just claimed, ``number``, fail untried, and say ``why``."""
        return (
            update(effects)
            .where(_e.seq == bindparam("number"))
            .values(state=State.FAILED.value, ended=self._now, reason=bindparam("why"), **_DROPPED)
        )

    @cached_property
    def outlook(self) -> Select[Any]:
        """Whether anything is due, and in how many microseconds the next one will be."""
        # Not EXISTS: PostgreSQL would look for one from the table's beginning, where all is done.
        due = select(func.min(_e.due) <= self._now).where(PENDING, KNOWN)
        ahead = (
            select(_e.due - self._now)
            .where(PENDING, _e.token.is_(None), _e.due > self._now, KNOWN)
            .order_by(_e.due)
            .limit(1)
        )
        return select(due.scalar_subquery(), ahead.scalar_subquery())

    @cached_property
    def endings(self) -> Select[Any]:
        """The effects of a lane, ``of_lane``, that count already."""
        return (
            select(*self.columns)
            .where(PENDING, _e.lane == bindparam("of_lane"), _e.counts_from <= self._now, KNOWN)
            .order_by(_e.seq)
        )

    @cached_property
    def any_ending(self) -> Select[Any]:
        """One effect that counts, or will; found by its index, see ``outlook``."""
        return select(_e.seq).where(PENDING, _e.counts_from.is_not(None)).order_by(_e.lane).limit(1)

    @cached_property
    def one(self) -> Select[Any]:
        """The effect with the ``number``."""
        return select(*self.columns).where(_e.seq == bindparam("number"), KNOWN)

    def listed(self, conditions: list[ColumnElement[bool]]) -> Select[Any]:
        """Return what finds the effects that meet conditions, newest first."""
        return select(*self.columns).where(KNOWN, *conditions).order_by(_e.seq.desc())

    @cached_property
    def retry(self) -> ReturningUpdate[Any]:
        """Let the effect ``number`` begin anew, for ``lifetime`` at most, unless done or held."""
        return (
            update(effects)
            .where(_e.seq == bindparam("number"))
            .where(or_(is_in(State.FAILED), is_in(State.CANCELLED), self._waits()))
            .values(
                state=State.PENDING.value,
                due=self._now,
                deadline=self._now + bindparam("lifetime", type_=BigInteger),
                attempts=0,
                ended=null(),
                **_DROPPED,
            )
            .returning(_e.seq)
        )

    @cached_property
    def cancel(self) -> ReturningUpdate[Any]:
        """Let the effect ``number`` be, unless it ended or is held."""
        return (
            update(effects)
            .where(_e.seq == bindparam("number"), self._waits())
            .values(state=State.CANCELLED.value, ended=self._now, **_DROPPED)
            .returning(_e.seq)
        )

    @cached_property
    def counts(self) -> CompoundSelect[Any]:
        """Kind, state, how many; what is held is counted as running, and as pending too."""
        return union_all(
            select(_e.kind, _e.state, func.count())
            .where(_e.ended.is_not(None), KNOWN)
            .group_by(_e.kind, _e.state),
            *(
                select(_e.kind, literal_column(f"'{state}'", Text), func.count())
                .where(condition, KNOWN)
                .group_by(_e.kind)
                for state, condition in (
                    (State.PENDING, PENDING),
                    (State.RUNNING, self._is_held(effects)),
                )
            ),
        )

    @cached_property
    def oldest_due(self) -> Select[Any]:
        """For how many microseconds the effect that waits longest has been due."""
        return select(self._now - func.min(_e.due)).where(PENDING, KNOWN)

    @cached_property
    def purge(self) -> Delete:
        """Delete what ended in one of ``states`` and was ``kept`` so long; ``most`` of it."""
        old = (
            select(_e.seq)
            .where(_e.state.in_(bindparam("states", expanding=True)))
            .where(_e.ended < self._now - bindparam("kept", type_=BigInteger))
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
        )
        return delete(effects).where(_e.seq.in_(old))
