"""A store of effects for a test, on either database, and the hand that moves its clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, text, update

from webhook_service.effects.effect import (
    LIFETIME,
    Args,
    Done,
    Effect,
    EndSessions,
    Kind,
    NewEffect,
    Result,
    State,
    lane_of_endings,
)
from webhook_service.effects.keeping import Ended, Turn
from webhook_service.effects.store.sql_store import SqlStore
from webhook_service.effects.store.table import effects

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=30)
DONE = Done("done")
_TIMES = ("due", "counts_from", "deadline", "created", "ended")


@dataclass
class Shelf:
    """A store and its clock.

    SQLite goes by the clock that it is given, and that one stands still. PostgreSQL goes by its
    own, which goes on and cannot be set: there, what is kept is moved into the past instead.
    """

    engine: Engine
    moment: datetime = datetime(2026, 11, 25, 8, tzinfo=UTC)
    store: SqlStore = field(init=False)
    _numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.store = self.another_store()

    def another_store(self) -> SqlStore:
        """Return one more store on the same database."""
        return SqlStore(self.engine, self.now)

    @property
    def on_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def now(self) -> datetime:
        return datetime.now(UTC) if self.on_postgres else self.moment

    def pass_time(self, length: timedelta) -> None:
        """Let it be so much later."""
        if not self.on_postgres:
            self.moment += length
            return
        earlier = {name: effects.c[name] - length // timedelta(microseconds=1) for name in _TIMES}
        with self.engine.begin() as connection:
            connection.execute(update(effects).values(earlier))

    def new(
        self,
        key: str | None = None,
        *,
        lane: str | None = None,
        due_in: timedelta = timedelta(),
        args: Args | None = None,
        **more: Any,
    ) -> NewEffect:
        """Return an effect that is due; of a lane of its own, if none is named."""
        key = key or f"key {next(self._numbers)}"
        due = self.now() + due_in
        chosen: dict[str, Any] = {
            "key": key,
            "kind": Kind.END_ALL_SESSIONS,
            "lane": lane or lane_of_endings(key),
            "args": args or EndSessions(key, None, due),
            "due": due,
            "counts_from": due,
            "deadline": due + LIFETIME,
        }
        return NewEffect(**{**chosen, **more})

    def accept(self, *keys: str, **more: Any) -> None:
        """Keep effects with these keys, one after the other."""
        for key in keys:
            self.store.accept([self.new(key, **more)])

    def turn(
        self, *ended: Ended, room: int = 8, lease: timedelta = LEASE, owner: str = "a worker"
    ) -> Turn:
        return self.store.turn(ended, room=room, lease=lease, owner=owner)

    def claim(self, room: int = 8, lease: timedelta = LEASE) -> list[str]:
        """Take a turn of which nothing comes but claims; return their keys."""
        return [effect.key for effect in self.turn(room=room, lease=lease).claimed]

    def claim_one(self, lease: timedelta = LEASE) -> Effect:
        """Take the one effect that there is to take."""
        (effect,) = self.turn(lease=lease).claimed
        return effect

    def finish(
        self, effect: Effect, result: Result = DONE, retry_in: timedelta | None = None
    ) -> None:
        """Record how a try came out, and claim nothing."""
        self.turn(Ended(effect, result, retry_in), room=0)

    def find(self, key: str) -> Effect:
        """Return the effect with this key."""
        (found,) = (effect for effect in self.store.list(limit=10_000) if effect.key == key)
        return found

    def state(self, key: str) -> State:
        return self.find(key).state

    def empty(self) -> None:
        """Let nothing be kept."""
        self.execute("DELETE FROM effects")

    def execute(self, statement: str, **values: Any) -> None:
        """Do something that no store does."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)
