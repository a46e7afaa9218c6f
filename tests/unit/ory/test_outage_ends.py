"""Who looks whether an upstream is back, when, and what ends an outage."""

from __future__ import annotations

from contextlib import suppress

import pytest
from unit.ory.failing import LONG, REFUSED, TIMEOUT, Upstream

from webhook_service.ory.errors import OryError


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.mark.parametrize(
    ("chance", "waits"),
    [
        pytest.param(0.5, [0.5, 1, 2, 4, 5, 5], id="in the middle"),
        pytest.param(0.0, [0.4, 0.8, 1.6, 3.2, 4, 4], id="the shortest"),
        pytest.param(1.0, [0.6, 1.2, 2.4, 4.8, 6, 6], id="the longest"),
    ],
)
def test_one_call_is_made_after_half_a_second_and_then_after_twice_as_long_up_to_five(
    chance: float, waits: list[float]
) -> None:
    upstream = Upstream(chance=chance)
    upstream.fails(5)
    for wait in waits:
        upstream.clock.advance(wait - 0.01)
        assert not upstream.is_asked()
        upstream.clock.advance(0.02)
        upstream.fails(takes=0)
        assert not upstream.is_asked()
        upstream.clock.advance(-0.01)


def test_the_wait_stays_at_five_seconds_however_long_the_outage(upstream: Upstream) -> None:
    upstream.fails(5)
    for _ in range(2000):
        upstream.clock.advance(5.001)
        upstream.fails()
    assert not upstream.is_asked()


def test_an_answer_ends_the_outage_for_all(upstream: Upstream) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    assert all(upstream.is_asked() for _ in range(20))


def test_the_next_outage_begins_with_a_short_wait_again(upstream: Upstream) -> None:
    upstream.fails(5)
    for _ in range(6):
        upstream.clock.advance(6)
        upstream.fails()
    upstream.clock.advance(6)
    upstream.call()
    upstream.fails(5)
    assert not upstream.is_asked()
    upstream.clock.advance(0.51)
    assert upstream.is_asked()


def test_while_one_call_looks_whether_the_upstream_is_back_no_other_is_made(
    upstream: Upstream,
) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    with upstream.outage.call(LONG):
        assert not any(upstream.is_asked() for _ in range(20))
    assert upstream.is_asked()


def test_a_call_that_looks_and_hangs_for_long_stands_in_nobodys_way(upstream: Upstream) -> None:
    """A worker's call may take ten seconds: hooks must not fail fast for as long."""
    upstream.fails(5)
    upstream.clock.advance(0.51)
    with suppress(OryError), upstream.outage.call(10):
        upstream.clock.advance(1.01)
        assert upstream.is_asked()
        assert not upstream.outage.state().down
        raise TIMEOUT
    assert not upstream.outage.state().down


def test_a_call_that_had_no_time_to_look_leaves_it_to_the_next(upstream: Upstream) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    upstream.fails(10, TIMEOUT, seconds=0.01)
    upstream.fails(takes=0)
    upstream.clock.advance(0.99)
    assert not upstream.is_asked()
    upstream.clock.advance(0.02)
    assert upstream.is_asked()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), ValueError("a fault")])
def test_a_call_that_was_broken_off_leaves_it_to_the_next(
    upstream: Upstream, error: BaseException
) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    upstream.fails(1, error)
    assert upstream.is_asked()


def test_a_call_that_is_broken_off_says_nothing_of_the_upstream(upstream: Upstream) -> None:
    upstream.fails(20, ValueError("a fault"))
    assert upstream.outage.state().failures == 0
    upstream.fails(5)
    upstream.failure = ValueError("a fault")
    with pytest.raises(ValueError, match="a fault"):
        upstream.health_check()
    assert not upstream.is_asked()


def test_a_call_that_looks_in_vain_for_want_of_time_while_another_is_answered_does_no_harm(
    upstream: Upstream,
) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    with suppress(OryError), upstream.outage.call(0.01):
        upstream.health_check()
        raise TIMEOUT
    upstream.fails(5)
    upstream.clock.advance(0.49)
    assert not upstream.is_asked()
    upstream.clock.advance(0.02)
    assert upstream.is_asked()


def test_late_failures_do_not_put_off_the_next_look(upstream: Upstream) -> None:
    late = upstream.outage.call(LONG)
    late.__enter__()
    upstream.fails(5)
    upstream.clock.advance(0.4)
    late.__exit__(OryError, TIMEOUT, None)
    upstream.clock.advance(0.11)
    assert upstream.is_asked()


def test_a_health_check_is_always_made_and_its_answer_ends_the_outage(upstream: Upstream) -> None:
    upstream.fails(5)
    assert not upstream.is_asked()
    assert upstream.is_asked(upstream.health_check)
    assert upstream.is_asked()


def test_a_health_check_that_fails_counts_and_puts_nothing_off(upstream: Upstream) -> None:
    upstream.failure, upstream.takes = REFUSED, 0.125
    for _ in range(5):
        with pytest.raises(OryError):
            upstream.health_check()
    assert upstream.outage.state().down
    upstream.takes = 0
    upstream.clock.advance(0.4)
    with pytest.raises(OryError):
        upstream.health_check()
    upstream.failure = None
    upstream.clock.advance(0.11)
    assert upstream.is_asked()
