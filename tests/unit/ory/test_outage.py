"""When an upstream counts as down, and what is told of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from unit.ory.failing import LONG, REFUSED, TIMEOUT, Clock, Upstream

from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.outage import Outage, OutageState


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


def test_an_upstream_that_answers_is_asked_every_time(upstream: Upstream) -> None:
    for _ in range(100):
        upstream.call()
    assert upstream.asked == 100
    assert upstream.outage.state() == OutageState(
        down=False, failures=0, silent_for=0.0, failed_fast=0
    )


@pytest.mark.parametrize("failure", [TIMEOUT, REFUSED])
def test_after_five_calls_without_an_answer_the_next_is_not_made(
    upstream: Upstream, failure: OryError
) -> None:
    upstream.fails(4, failure)
    assert upstream.is_asked()
    upstream.fails(5, failure)
    assert not upstream.is_asked()


def test_however_many_fail_within_less_than_half_a_second_it_is_no_outage(
    upstream: Upstream,
) -> None:
    """A restart that refuses connections for a moment costs the calls that fall into it."""
    upstream.fails(400, REFUSED, takes=0.001)
    assert upstream.is_asked()
    upstream.fails(499, REFUSED, takes=0.001)
    assert not upstream.outage.state().down
    upstream.fails(2, REFUSED, takes=0.001)
    assert upstream.outage.state().down


def test_however_long_four_take_it_is_no_outage(upstream: Upstream) -> None:
    upstream.fails(4, takes=10)
    assert upstream.is_asked()


def test_an_answer_in_between_begins_the_count_anew(upstream: Upstream) -> None:
    upstream.fails(4)
    upstream.call()
    upstream.fails(4)
    assert upstream.is_asked()


@pytest.mark.parametrize(
    "answer",
    [
        NotFound("kratos"),
        OryError("kratos", UpstreamReason.BUSY, "answered 503"),
        OryError("kratos", UpstreamReason.INVALID, "answered 500"),
        OryError("kratos", UpstreamReason.UNAUTHORIZED, "answered 401"),
    ],
)
def test_a_bad_answer_is_an_answer(upstream: Upstream, answer: OryError) -> None:
    upstream.fails(20, answer)
    assert upstream.is_asked()
    upstream.fails(5)
    upstream.clock.advance(1)
    upstream.fails(1, answer)
    assert not upstream.outage.state().down


def test_a_call_that_had_no_time_says_nothing_of_the_upstream(upstream: Upstream) -> None:
    upstream.fails(20, TIMEOUT, seconds=0.049)
    assert upstream.is_asked()


def test_a_call_that_was_refused_says_so_however_little_time_it_had(upstream: Upstream) -> None:
    upstream.fails(5, REFUSED, seconds=0.001)
    assert not upstream.is_asked()


def test_a_call_that_is_not_made_fails_for_the_reason_of_the_last_one(upstream: Upstream) -> None:
    upstream.fails(4, TIMEOUT)
    upstream.fails(1, REFUSED)
    upstream.clock.advance(0.25)
    with pytest.raises(OryError) as caught:
        upstream.call()
    assert caught.value.upstream == "kratos"
    assert caught.value.reason is UpstreamReason.UNREACHABLE
    assert caught.value.detail == (
        "not asked, after 0.9 s without an answer; the last call: the connection was refused"
    )


def test_the_silence_is_counted_from_the_beginning_of_the_first_call_that_failed(
    upstream: Upstream,
) -> None:
    upstream.fails(5, takes=0.25)
    state = upstream.outage.state()
    assert (state.failures, state.silent_for) == (5, 1.25)


def test_calls_that_hang_together_are_an_outage_together(upstream: Upstream) -> None:
    calls = [upstream.outage.call(LONG) for _ in range(32)]
    for call in calls:
        call.__enter__()
    upstream.clock.advance(LONG)
    for call in calls:
        call.__exit__(OryError, TIMEOUT, None)
    assert upstream.outage.state().failures == 32
    assert not upstream.is_asked()


def test_calls_that_hung_before_an_answer_are_no_new_outage(upstream: Upstream) -> None:
    calls = [upstream.outage.call(LONG) for _ in range(32)]
    for call in calls:
        call.__enter__()
    upstream.clock.advance(0.1)
    upstream.call()
    upstream.clock.advance(0.5)
    for call in calls:
        call.__exit__(OryError, TIMEOUT, None)
    assert upstream.outage.state().failures == 0


def test_what_is_not_asked_is_counted(upstream: Upstream) -> None:
    upstream.fails(5)
    for _ in range(7):
        assert not upstream.is_asked()
    upstream.clock.advance(0.51)
    upstream.call()
    assert upstream.outage.state().failed_fast == 7


def test_the_beginning_and_the_end_of_an_outage_are_told_once(upstream: Upstream) -> None:
    upstream.fails(5)
    upstream.clock.advance(0.51)
    upstream.fails()
    upstream.clock.advance(1.01)
    upstream.call()
    upstream.call()
    assert [(state.down, state.failures) for state in upstream.told] == [(True, 5), (False, 0)]


def test_an_outage_that_nobody_is_told_of_is_one_all_the_same() -> None:
    clock = Clock()
    outage = Outage("hydra", clock=clock)
    for _ in range(5):
        with suppress(OryError), outage.call(LONG):
            clock.advance(LONG)
            raise TIMEOUT
    with pytest.raises(OryError, match="not asked"):
        outage.call(LONG)
    with outage.health_check(LONG):
        pass
    with outage.call(LONG):
        pass
