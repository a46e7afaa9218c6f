"""A worker whose turns the test makes, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable

from unit.effects.logbook import Log
from unit.effects.memory_store import MemoryStore, effect
from unit.workbench import Clock

from webhook_service.effects.effect import Done, Effect, Kind, Result
from webhook_service.effects.worker import Worker

POLL = 1.0


class ByHand:
    """A pool whose jobs run when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.stopped = False

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def stop(self) -> None:
        self.stopped = True

    def work(self) -> None:
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()


class Tally:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.outcomes: list[str] = []

    def accepted(self, _kind: Kind) -> None:
        raise NotImplementedError

    def begun(self, _kind: Kind, late: float) -> None:
        self.late.append(late)

    def ended(self, _kind: Kind, result: Result) -> None:
        self.outcomes.append(type(result).__name__)


class Shop:
    """A store and workers on one clock. What ``results`` has for a key is done, else ``Done``."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.log = Log()
        self.tally = Tally()
        self.results: dict[str, Result | BaseException] = {}
        self.performed: list[str] = []
        self.chance = 0.5
        self.pool = ByHand()
        self.worker = self.another(self.pool)

    def another(self, pool: ByHand, owner: str = "first") -> Worker:
        return Worker(
            store=self.store,
            perform=self.perform,
            pool=pool,
            clock=self.clock,
            chance=lambda: self.chance,
            owner=owner,
            logger=self.log.logger,
            observer=self.tally,
            poll=POLL,
        )

    def perform(self, one: Effect) -> Result:
        self.performed.append(one.key)
        result = self.results.get(one.key, Done("ended"))
        if isinstance(result, BaseException):
            raise result
        return result

    def accept(self, *keys: str, **more: float) -> None:
        self.store.accept([effect(key, self.clock(), **more) for key in keys])  # type: ignore[arg-type]  # hours at most

    def round(self) -> float:
        """Claim, perform, record."""
        self.worker.step()
        self.pool.work()
        return self.worker.step()

    def due_in(self, key: str) -> float:
        return (self.store.rows[key].due - self.clock()).total_seconds()
