"""The store of effects in SQLite and PostgreSQL."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Executable, Update, or_

from webhook_service.effects.effect import (
    LIFETIME,
    Done,
    Effect,
    Failed,
    Kind,
    NewEffect,
    Retry,
    State,
    Unreadable,
    lane_of_endings,
)
from webhook_service.effects.keeping import Counts, Ended, Turn
from webhook_service.effects.store.database import AUTOCOMMIT
from webhook_service.effects.store.queries import Queries
from webhook_service.effects.store.quick import Nothing
from webhook_service.effects.store.stored import (
    UNREADABLE,
    effect_of,
    micros,
    micros_long,
    moment,
    row_of,
    text_of,
)
from webhook_service.effects.store.table import effects
from webhook_service.effects.store.transactions import done
from webhook_service.policy.situation import after

T = TypeVar("T")

Parameters: TypeAlias = Mapping[str, Any]

MOST_NUMBERS: Final = 2**63 - 1
"""No effect has a higher one, and no database can be asked for one."""
_AS_DONE: Final = (State.DONE.value, State.CANCELLED.value)
_AS_FAILED: Final = (State.FAILED.value,)


class SqlStore:
    """Keeps effects in a database; see ``keeping.Store`` for what each method promises.

    Args:
        engine: the database, as ``database.open_engine`` opens it.
        clock: the time of day for SQLite; PostgreSQL has its own.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**AUTOCOMMIT)
        self._clock = None if engine.dialect.name == "postgresql" else clock
        self._queries = Queries(engine.dialect.name)
        on_file = engine.dialect.name == "sqlite"
        self._no_endings = Nothing(engine, self._queries.endings) if on_file else None

    def accept(self, effects: Sequence[NewEffect]) -> frozenset[str]:
        """Keep the effects, all or none; return the keys that were new (E1, E2)."""
        if not effects:
            self._write(self._try_out)
            return frozenset()
        # In one order everywhere: two batches that share keys would else wait for each other.
        rows = [{**row_of(new), **self._now()} for new in sorted(effects, key=lambda new: new.key)]
        return self._write(
            # What came back, not how many: drivers do not count what a batch has inserted.
            lambda database: frozenset(database.scalars(self._queries.insert, rows))
        )

    def _try_out(self, database: Connection) -> None:
        # Only a page that was changed is written: what is read, or left as it was, would get
        # along with a disk that is full.
        trial = {"number": -secrets.randbits(62), **self._now()}
        database.execute(self._queries.try_out, trial)
        database.execute(self._queries.take_back, trial)

    def turn(self, ended: Sequence[Ended], *, room: int, lease: timedelta, owner: str) -> Turn:
        """Record what ended and claim what is due, in one transaction (E4, E5)."""
        if not ended:
            # Most turns find nothing to do: they leave the lock to those who write.
            due, next_due = self._read(self._outlook)
            if not due or room <= 0:
                return Turn((), next_due)

        def work(database: Connection) -> Turn:
            self._finish(database, ended)
            # Before the claim: what becomes due meanwhile is either claimed or still ahead.
            due, next_due = self._outlook(database)
            claimed = self._claim(database, room, lease, owner) if due and room > 0 else ()
            return Turn(claimed, next_due)

        return self._write(work)

    def _outlook(self, database: Connection) -> tuple[bool, timedelta | None]:
        """Return whether anything is due, and how long until the next effect will be."""
        due, ahead = database.execute(self._queries.outlook, self._now()).one()
        return bool(due), None if ahead is None else timedelta(microseconds=ahead)

    def _finish(self, database: Connection, ended: Sequence[Ended]) -> None:
        changes: dict[Update, list[Parameters]] = {}
        for each in ended:
            statement, parameters = self._change_of(each)
            held = {"held_seq": each.effect.seq, "held_token": each.effect.token}
            changes.setdefault(statement, []).append({**held, **parameters, **self._now()})
        for statement, batch in changes.items():
            database.execute(statement, batch)

    def _change_of(self, ended: Ended) -> tuple[Update, Parameters]:
        match ended.result:
            case Done(what):
                return self._queries.end, {"to": State.DONE.value, "why": what}
            case Failed(reason):
                return self._queries.end, {"to": State.FAILED.value, "why": reason}
            case Retry(reason):
                wait = micros_long(ended.retry_in or timedelta())
                return self._queries.try_again, {"wait": wait, "why": reason}
            case later:
                # A cap that moves takes the time to be tried in along (E6).
                deadline = max(ended.effect.deadline, after(later.at, LIFETIME))
                return self._queries.put_off, {
                    "at": micros(later.at),
                    "new_args": text_of(later.args),
                    "new_deadline": micros(deadline),
                }

    def _claim(
        self, database: Connection, room: int, lease: timedelta, owner: str
    ) -> tuple[Effect, ...]:
        found = database.execute(self._queries.candidates, {"room": room, **self._now()})
        due = {number: moment(since) for number, since in found}
        if not due:
            return ()
        parameters = {
            "numbers": list(due),
            "lease": micros_long(lease),
            "new_token": secrets.token_hex(16),
            "new_owner": owner,
            **self._now(),
        }
        rows = database.execute(self._queries.claim, parameters)
        claimed = []
        for effect in sorted(map(effect_of, rows), key=lambda effect: effect.seq):
            if isinstance(effect.args, Unreadable):
                lost = {"number": effect.seq, "why": UNREADABLE, **self._now()}
                database.execute(self._queries.give_up, lost)
            else:
                # The row has the end of the lease there.
                claimed.append(replace(effect, due=due[effect.seq]))
        return tuple(claimed)

    def endings_of(self, subject: str) -> tuple[Effect, ...]:
        """Return the person's endings that count already and are not done (E7)."""
        where = {"of_lane": lane_of_endings(subject), **self._now()}
        if self._no_endings is not None and self._no_endings.is_found(where):
            return ()
        return self._effects(self._queries.endings, where)

    def any_ending(self) -> bool:
        """Say whether anybody's ending is pending at all, due or not."""
        found = self._read(lambda database: database.scalar(self._queries.any_ending))
        return found is not None

    def show(self, seq: int) -> Effect | None:
        """Return one effect."""
        if seq > MOST_NUMBERS:
            return None
        found = self._effects(self._queries.one, {"number": seq, **self._now()})
        return found[0] if found else None

    def list(
        self,
        *,
        states: frozenset[State] = frozenset(),
        kinds: frozenset[Kind] = frozenset(),
        subject: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[Effect, ...]:
        """Return effects, newest first; ``before`` is a number to go on from."""
        columns = effects.c
        conditions = []
        if states:
            conditions.append(or_(*map(self._queries.stands, states)))
        if kinds:
            conditions.append(columns.kind.in_(kinds))
        if subject is not None:
            conditions.append(columns.subject == subject)
        if before is not None:
            conditions.append(columns.seq < before)
        return self._effects(self._queries.listed(conditions).limit(limit), self._now())

    def retry(self, seq: int) -> bool:
        """Make a failed or cancelled effect, or one that waits, due now, with a new deadline.

        It begins anew: its tries are counted, and its back-off grows, from the start.
        """
        return self._change(self._queries.retry, seq, {"lifetime": micros_long(LIFETIME)})

    def cancel(self, seq: int) -> bool:
        """Cancel an effect that nobody holds."""
        return self._change(self._queries.cancel, seq, {})

    def _change(self, statement: Executable, seq: int, more: Parameters) -> bool:
        if seq > MOST_NUMBERS:
            return False
        parameters = {"number": seq, **more, **self._now()}
        return self._write(lambda database: database.scalar(statement, parameters) is not None)

    def counts(self) -> Counts:
        """Count."""
        rows = self._read(
            lambda database: database.execute(self._queries.counts, self._now()).all()
        )
        counted = Counter({(Kind(kind), State(state)): count for kind, state, count in rows})
        for kind in Kind:
            # Stored as pending, too.
            counted[kind, State.PENDING] -= counted[kind, State.RUNNING]
        late = self._read(lambda database: database.scalar(self._queries.oldest_due, self._now()))
        oldest_due = None if late is None or late < 0 else timedelta(microseconds=late)
        return Counts(+counted, oldest_due)

    def purge(self, *, keep_done: timedelta, keep_failed: timedelta, limit: int) -> int:
        """Delete what ended longer ago, at most so many; return how many (E10)."""

        def work(database: Connection) -> int:
            deleted = 0
            for states, kept in (_AS_DONE, keep_done), (_AS_FAILED, keep_failed):
                parameters = {
                    "states": states,
                    "kept": micros_long(kept),
                    "most": limit - deleted,
                    **self._now(),
                }
                deleted += database.execute(self._queries.purge, parameters).rowcount
            return deleted

        return self._write(work)

    def _effects(self, statement: Executable, parameters: Parameters) -> tuple[Effect, ...]:
        rows = self._read(lambda database: database.execute(statement, parameters).all())
        return tuple(map(effect_of, rows))

    def _now(self) -> Parameters:
        """Return the clock's parameter, where the database has none of its own to go by."""
        return {} if self._clock is None else {"now": micros(self._clock())}

    def _read(self, work: Callable[[Connection], T]) -> T:
        return done(self._reading, work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        return done(self._engine, work)
