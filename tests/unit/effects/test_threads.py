"""Threads that do what they are handed, and the wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial

import pytest

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.threads import Threads, within

FOREVER = 20.0
"""Longer than any test takes: whoever waits so long has failed."""


def test_as_many_jobs_run_at_once_as_there_are_threads() -> None:
    pool = Threads("test", 3)
    together = threading.Barrier(4)
    for _ in range(3):
        pool.submit(partial(_meet, together))
    together.wait(FOREVER)
    pool.stop()


def _meet(barrier: threading.Barrier) -> None:
    barrier.wait(FOREVER)


def test_threads_end_after_what_they_were_handed_and_never_hold_the_process() -> None:
    names = {thread.name for thread in threading.enumerate()}
    pool = Threads("ending", 2)
    threads = [one for one in threading.enumerate() if one.name not in names]
    assert [one.daemon for one in threads] == [True, True]
    done: list[int] = []
    for number in range(10):
        pool.submit(partial(done.append, number))
    pool.stop()
    for thread in threads:
        thread.join(FOREVER)
    assert sorted(done) == list(range(10))
    assert not any(thread.is_alive() for thread in threads)


def test_what_comes_in_time_is_returned_and_an_error_raised() -> None:
    good: Future[int] = Future()
    good.set_result(7)
    assert within(0, good) == 7
    bad: Future[int] = Future()
    bad.set_exception(StoreUnavailableError("full"))
    with pytest.raises(StoreUnavailableError, match="full"):
        within(0, bad)


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    future: Future[int] = Future()
    with pytest.raises(StoreUnavailableError, match="turn did not come"):
        within(0, future)
    assert not future.set_running_or_notify_cancel()


def test_what_has_begun_is_unknown_when_time_is_over() -> None:
    future: Future[int] = Future()
    future.set_running_or_notify_cancel()
    with pytest.raises(StoreUnavailableError, match="unknown"):
        within(0, future)
    future.set_result(1)
