"""Tries of effects: of the trace that led to them while it is young, then of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from unit.effects.logbook import Log
from unit.effects.memory_store import MemoryStore, effect
from unit.tracing.made import (
    CAME,
    PARENT,
    TRACE,
    Made,
    id_of,
    links_of,
    parent_of,
    told,
    trace_of,
)
from unit.workbench import NOW, BenchMaker, Clock
from unit.world import named, person, session

from webhook_service.effects.effect import Done, Effect, Failed, Result, Retry
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.worker import Worker

NAME = "effect end_all_sessions"


class AtOnce:
    """A pool that does a job as it takes it."""

    def submit(self, job: Callable[[], None]) -> None:
        job()

    def stop(self) -> None:
        """Nothing to stop."""


class Shop:
    """A worker whose effects end as the test says."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.results: list[Result | Exception] = []
        self.worker = Worker(
            store=self.store,
            perform=self._perform,
            pool=AtOnce(),
            clock=self.clock,
            chance=lambda: 0.5,
            owner="test",
            logger=Log().logger,
            observer=Unobserved(),
            poll=1.0,
        )

    def _perform(self, _: Effect) -> Result:
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def try_one(self, result: Result | Exception, trace: str | None, **after: float) -> None:
        """Keep an effect; try it so long after."""
        self.results.append(result)
        new = replace(effect("the key of lovelace", self.clock()), trace=trace)
        self.store.accept([new])
        self.clock.advance(**after)
        self.worker.step()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_try_soon_after_is_part_of_the_trace_that_led_to_it(shop: Shop, made: Made) -> None:
    shop.try_one(Done("ended"), CAME["traceparent"], seconds=5)
    span = made.only(NAME)
    assert trace_of(span) == TRACE
    assert parent_of(span) == PARENT
    assert span.kind is SpanKind.CONSUMER
    assert told(span) == {
        "webhook_service.effect.kind": "end_all_sessions",
        "webhook_service.effect.seq": 1,
        "webhook_service.effect.tries": 1,
        "webhook_service.effect.outcome": "done",
        "webhook_service.effect.what": "ended",
    }


def test_a_later_try_has_a_trace_of_its_own_with_a_link(shop: Shop, made: Made) -> None:
    shop.try_one(Done("ended"), CAME["traceparent"], seconds=61)
    span = made.only(NAME)
    assert span.parent is None
    assert trace_of(span) != TRACE
    assert links_of(span) == [TRACE]


def test_what_was_not_sampled_is_not_sampled_soon_after(shop: Shop, made: Made) -> None:
    shop.try_one(Done("ended"), f"00-{TRACE}-{PARENT}-00", seconds=1)
    assert made.names() == []


@pytest.mark.parametrize("kept", [None, "", "of a version that kept something else"])
def test_an_effect_without_a_trace_begins_one(shop: Shop, made: Made, kept: str | None) -> None:
    shop.try_one(Done("ended"), kept)
    span = made.only(NAME)
    assert span.parent is None
    assert span.links == ()


@pytest.mark.parametrize("result", [Retry("upstream.timeout"), Failed("upstream.timeout")])
def test_a_try_that_failed_says_why(shop: Shop, made: Made, result: Result) -> None:
    shop.try_one(result, None)
    span = made.only(NAME)
    assert told(span)["error.type"] == "upstream.timeout"
    assert told(span)["webhook_service.effect.outcome"] == type(result).__name__.lower()
    assert span.status.status_code is StatusCode.ERROR


def test_a_try_that_raised_says_nothing_of_what_was_raised(shop: Shop, made: Made) -> None:
    shop.try_one(ValueError("lovelace@example.org"), None)
    span = made.only(NAME)
    assert told(span)["error.type"] == "effect.error"
    assert "lovelace" not in span.to_json()


def test_an_effect_is_kept_with_the_trace_of_its_hook(
    make_traced: BenchMaker, made: Made, refresh: Any
) -> None:
    bench = make_traced("sessions: [{name: eight hours, max_age: 8h}]")
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, began=NOW - timedelta(hours=2))
    bench.token(refresh, **CAME)
    hook, keeping = made.only("POST /hooks/hydra/token"), made.only("keep effects")
    assert bench.effects.only().trace == f"00-{TRACE}-{id_of(hook)}-01"
    assert parent_of(keeping) == id_of(hook)
    assert told(keeping) == {"webhook_service.effects": 1}


def test_an_effect_is_kept_without_a_trace_where_tracing_is_off(
    make_bench: BenchMaker, refresh: Any
) -> None:
    bench = make_bench("sessions: [{name: eight hours, max_age: 8h}]")
    session_id, subject = named(refresh)
    person(bench.ory, subject)
    session(bench.ory, session_id, subject, began=NOW - timedelta(hours=2))
    bench.token(refresh, **CAME)
    assert bench.effects.only().trace is None
