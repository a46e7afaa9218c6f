"""A store in memory that keeps the contract of ``keeping.Store``, and can be made to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from webhook_service.effects.effect import (
    Done,
    Effect,
    EndSessions,
    Failed,
    Kind,
    Later,
    NewEffect,
    RevokeTokens,
    State,
)
from webhook_service.effects.keeping import Counts, Ended, StoreUnavailableError, Turn


def effect(
    key: str, due: datetime, *, lane: str | None = None, hours: float = 24, ends: bool = True
) -> NewEffect:
    """Return an effect of a person named like its key, unless a lane is given."""
    return NewEffect(
        key=key,
        kind=Kind.END_ALL_SESSIONS if ends else Kind.REVOKE_TOKENS,
        lane=lane or f"endings:{key}",
        args=EndSessions(key, None, due) if ends else RevokeTokens(key, None, due),
        due=due,
        counts_from=due if ends else None,
        deadline=due + timedelta(hours=hours),
    )


class MemoryStore:
    """Keeps effects by key.

    ``before`` runs at the begin of each call and ``after`` at its end, with the method's name:
    a test lets them raise or wait.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.rows: dict[str, Effect] = {}
        self.calls: list[tuple[str, int]] = []
        """Each call's method, and how many effects it was given."""
        self.before: Callable[[str], None] = lambda _method: None
        self.after: Callable[[str], None] = lambda _method: None
        self._numbers = count(1)
        self._lock = threading.Lock()

    def accept(self, effects: Sequence[NewEffect]) -> frozenset[str]:
        self.calls.append(("accept", len(effects)))
        self.before("accept")
        with self._lock:
            bad = [one.key for one in effects if one.key.startswith("bad")]
            if bad:
                raise ValueError(bad)
            new = [one for one in effects if one.key not in self.rows]
            for one in new:
                self.rows[one.key] = Effect(
                    seq=next(self._numbers),
                    key=one.key,
                    kind=one.kind,
                    lane=one.lane,
                    args=one.args,
                    state=State.PENDING,
                    due=one.due,
                    counts_from=one.counts_from,
                    deadline=one.deadline,
                    attempts=0,
                    created=self.clock(),
                    trace=one.trace,
                )
        self.after("accept")
        return frozenset(one.key for one in new)

    def turn(self, ended: Sequence[Ended], *, room: int, lease: timedelta, owner: str) -> Turn:
        self.calls.append(("turn", len(ended)))
        self.before("turn")
        with self._lock:
            now = self.clock()
            for one in ended:
                self._finish(one, now)
            claimed: list[Effect] = []
            for row in sorted(self.rows.values(), key=lambda row: row.seq):
                if len(claimed) == room:
                    break
                if row.due > now or not self._is_free(row, now) or self._is_busy(row.lane, now):
                    continue
                token = f"{owner}/{next(self._numbers)}"
                self.rows[row.key] = replace(row, token=token, due=now + lease)
                claimed.append(replace(row, token=token))
            ahead = [
                row.due - now
                for row in self.rows.values()
                if self._is_free(row, now) and row.due > now
            ]
        self.after("turn")
        return Turn(tuple(claimed), min(ahead, default=None))

    def _finish(self, ended: Ended, now: datetime) -> None:
        row = self.rows[ended.effect.key]
        if row.state is not State.PENDING or row.token != ended.effect.token:
            return
        free = replace(row, token=None)
        match ended.result:
            case Done(what):
                row = replace(free, state=State.DONE, reason=what, ended=now)
            case Failed(reason):
                row = replace(free, state=State.FAILED, reason=reason, ended=now)
            case Later(at, args=args):
                row = replace(free, due=at, args=args)
            case retry:
                assert ended.retry_in is not None
                row = replace(
                    free,
                    reason=retry.reason,
                    due=now + ended.retry_in,
                    attempts=row.attempts + 1,
                )
        self.rows[row.key] = row

    @staticmethod
    def _is_free(row: Effect, now: datetime) -> bool:
        return row.state is State.PENDING and (row.token is None or row.due <= now)

    def _is_busy(self, lane: str, now: datetime) -> bool:
        return any(
            row.lane == lane and row.state is State.PENDING and not self._is_free(row, now)
            for row in self.rows.values()
        )

    def endings_of(self, subject: str) -> tuple[Effect, ...]:
        self.calls.append(("endings_of", 0))
        self.before("endings_of")
        now = self.clock()
        return tuple(
            row
            for row in self.rows.values()
            if row.args.subject == subject
            and row.state is State.PENDING
            and row.counts_from is not None
            and row.counts_from <= now
        )

    def any_ending(self) -> bool:
        self.calls.append(("any_ending", 0))
        self.before("any_ending")
        found = any(
            row.state is State.PENDING and row.counts_from is not None for row in self.rows.values()
        )
        self.after("any_ending")
        return found

    def counts(self) -> Counts:
        self.calls.append(("counts", 0))
        self.before("counts")
        by_state: dict[tuple[Kind, State], int] = {}
        for row in self.rows.values():
            by_state[row.kind, row.state] = by_state.get((row.kind, row.state), 0) + 1
        return Counts(by_state, None)

    def purge(self, *, keep_done: timedelta, keep_failed: timedelta, limit: int) -> int:
        self.calls.append(("purge", limit))
        self.before("purge")
        now = self.clock()
        kept = {State.DONE: keep_done, State.CANCELLED: keep_done, State.FAILED: keep_failed}
        old = [
            row.key
            for row in self.rows.values()
            if row.ended is not None and row.ended + kept[row.state] <= now
        ]
        for key in old[:limit]:
            del self.rows[key]
        return len(old[:limit])

    def show(self, seq: int) -> Effect | None:
        raise NotImplementedError

    def list(
        self,
        *,
        states: frozenset[State] = frozenset(),
        kinds: frozenset[Kind] = frozenset(),
        subject: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[Effect, ...]:
        raise NotImplementedError

    def retry(self, seq: int) -> bool:
        raise NotImplementedError

    def cancel(self, seq: int) -> bool:
        raise NotImplementedError

    # What tests do with it.

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def state(self, key: str) -> State:
        return self.rows[key].state

    def fail(self, *methods: str, text: str = "unreachable") -> None:
        """Let these methods fail, all if none is named, until ``mend``."""

        def before(method: str) -> None:
            if not methods or method in methods:
                raise StoreUnavailableError(text)

        self.before = before

    def mend(self) -> None:
        self.before = self.after = lambda _method: None


class Frozen:
    """A store's ``before``: calls of the methods wait until ``thaw``, as a frozen server's do."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods
        self.reached = threading.Semaphore(0)
        """Released by each call that waits."""
        self._thawed = threading.Event()

    def __call__(self, method: str) -> None:
        if method in self.methods:
            self.reached.release()
            assert self._thawed.wait(20)

    def thaw(self) -> None:
        self._thawed.set()
