"""When an upstream counts as down, what is still asked then, and how that ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.outage import Outage, OutageState

LONG = 0.6
"""Seconds of a call that has the whole deadline of a hook."""

TIMEOUT = OryError("kratos", UpstreamReason.TIMEOUT, "no whole answer within the deadline")
REFUSED = OryError("kratos", UpstreamReason.UNREACHABLE, "the connection was refused")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Upstream:
    """An upstream that answers, or fails as it is told, behind an ``Outage``."""

    clock: Clock = field(default_factory=Clock)
    chance: float = 0.5
    failure: BaseException | None = None
    takes: float = 0.0
    asked: int = 0
    told: list[OutageState] = field(default_factory=list)
    outage: Outage = field(init=False)

    def __post_init__(self) -> None:
        self.outage = Outage(
            "kratos", clock=self.clock, chance=lambda: self.chance, on_change=self.told.append
        )

    def call(self, seconds: float = LONG) -> None:
        with self.outage.call(seconds):
            self._answer()

    def health_check(self, seconds: float = LONG) -> None:
        with self.outage.health_check(seconds):
            self._answer()

    def _answer(self) -> None:
        self.asked += 1
        self.clock.advance(self.takes)
        if self.failure is not None:
            raise self.failure

    def fails(
        self,
        times: int = 1,
        failure: BaseException = TIMEOUT,
        seconds: float = LONG,
        takes: float = 0.125,
    ) -> None:
        """Let so many calls fail, each after an eighth of a second: five are an outage."""
        self.failure, self.takes = failure, takes
        for _ in range(times):
            with pytest.raises(type(failure)):
                self.call(seconds)
        self.failure, self.takes = None, 0.0

    def is_asked(self, call: Callable[[], None] | None = None) -> bool:
        """Whether a call now reaches the upstream."""
        before = self.asked
        with suppress(OryError):
            (call or self.call)()
        return self.asked > before


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
