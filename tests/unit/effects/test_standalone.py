"""The process that does nothing but work on effects."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from unit.effects.logbook import Log
from unit.effects.memory_store import MemoryStore, effect
from unit.workbench import NOW, Clock

from webhook_service.effects import standalone
from webhook_service.effects.effect import Done, Effect, Result, State
from webhook_service.effects.observing import Unobserved
from webhook_service.effects.worker import POLL_SECONDS_ALONE

LONG = 20.0


@pytest.fixture
def handlers() -> Iterator[tuple[object, object]]:
    """The handlers that were there before; they must be there again."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    yield before
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def run(store: MemoryStore, log: Log, number: int, go_on: threading.Event) -> None:
    """Work, with a signal that comes while an effect is under way, which ends after ``go_on``."""

    def perform(_effect: Effect) -> Result:
        os.kill(os.getpid(), number)
        assert go_on.wait(LONG)
        return Done("ended")

    store.accept([effect("one", NOW)])
    standalone.run(store, perform, clock=store.clock, logger=log.logger, observer=Unobserved())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_at_a_signal_it_ends_after_what_runs(
    handlers: tuple[object, object], number: signal.Signals
) -> None:
    store, log = MemoryStore(Clock()), Log()
    run(store, log, number, go_on=log.await_message("ending"))
    assert store.state("one") is State.DONE
    assert log.messages("info") == ["serving effects", "ending", "an effect is done"]
    told = log.lines()
    assert told[0]["at_once"] == 8
    assert told[1]["signal"] == number.name


def test_a_signal_that_somebody_else_handles_does_not_end_it(
    handlers: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGHUP reloads the policy."""
    reloaded = threading.Event()
    before = signal.signal(signal.SIGHUP, lambda *_: reloaded.set())
    store, log = MemoryStore(Clock()), Log()

    def perform(_effect: Effect) -> Result:
        os.kill(os.getpid(), signal.SIGHUP)
        assert reloaded.wait(LONG)
        assert "ending" not in log.messages()
        os.kill(os.getpid(), signal.SIGTERM)
        return Done("ended")

    try:
        store.accept([effect("one", NOW)])
        standalone.run(store, perform, clock=store.clock, logger=log.logger, observer=Unobserved())
    finally:
        signal.signal(signal.SIGHUP, before)
    assert [line["signal"] for line in log.lines() if "signal" in line] == ["SIGTERM"]


def test_a_second_signal_does_what_it_would_have_done_before(
    handlers: tuple[object, object],
) -> None:
    """It ends the process at once: an effect that hangs must not hold up an impatient operator."""
    store, log = MemoryStore(Clock()), Log()
    ending = log.await_message("ending")
    found: list[object] = []

    def perform(_effect: Effect) -> Result:
        os.kill(os.getpid(), signal.SIGTERM)
        assert ending.wait(LONG)
        found.extend(signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT))
        return Done("ended")

    store.accept([effect("one", NOW)])
    standalone.run(store, perform, clock=store.clock, logger=log.logger, observer=Unobserved())
    assert tuple(found) == handlers


def test_what_does_not_end_in_time_is_left_to_its_lease(
    handlers: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standalone, "GRACE_SECONDS", 0.01)
    store, log, go_on = MemoryStore(Clock()), Log(), threading.Event()
    run(store, log, signal.SIGTERM, go_on)
    assert store.state("one") is State.PENDING
    assert log.messages("warning") == ["effects were still under way; they come due again"]
    go_on.set()


def test_it_looks_for_effects_of_other_processes_ten_times_a_second() -> None:
    """Nobody wakes it, and an effect is to begin within 0.1 s."""
    assert POLL_SECONDS_ALONE <= 0.1
