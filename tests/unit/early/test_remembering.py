"""What was told a moment ago: for how long it counts, and who is asked how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from webhook_service.early.remembering import Memory
from webhook_service.ory.deadline import Deadline

ALWAYS = float("-inf")


class Seconds:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Oracle:
    """Answers with a new number each time; a test may let it wait."""

    asked: int = 0
    answers: threading.Event = field(default_factory=threading.Event)
    is_asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        self.is_asked.set()
        assert self.answers.wait(10)
        return number


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def memory(seconds: Seconds) -> Memory:
    return Memory(5.0, monotonic=seconds)


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


def get(memory: Memory, ask: Callable[[], int], *, key: str = "key", since: float = ALWAYS) -> int:
    return memory.get(key, ask, Deadline.after(10), since=since).value


def test_a_fact_counts_for_so_long_and_no_longer(
    memory: Memory, seconds: Seconds, oracle: Oracle
) -> None:
    assert get(memory, oracle) == 1
    seconds.now += 4.9
    assert get(memory, oracle) == 1
    seconds.now += 0.1
    assert get(memory, oracle) == 2


def test_its_time_begins_when_it_is_asked_for_and_not_when_the_answer_comes(
    memory: Memory, seconds: Seconds
) -> None:
    """A revocation is seen within that time, however long Kratos took to answer."""

    def slowly() -> int:
        seconds.now += 3
        return 1

    told = memory.get("key", slowly, Deadline.after(10), since=ALWAYS)
    assert (told.begun, told.ended) == (100.0, 103.0)
    seconds.now += 2
    assert get(memory, lambda: 2) == 2


def test_an_answer_from_before_a_moment_is_asked_for_anew(
    memory: Memory, seconds: Seconds, oracle: Oracle
) -> None:
    get(memory, oracle)
    seconds.now += 1
    assert get(memory, oracle, since=100.0) == 1
    assert get(memory, oracle, since=100.5) == 2
    assert get(memory, oracle) == 2


def test_each_key_has_its_own(memory: Memory, oracle: Oracle) -> None:
    assert get(memory, oracle, key="a") == 1
    assert get(memory, oracle, key="b") == 2
    assert get(memory, oracle, key="a") == 1


def test_what_is_not_worth_keeping_is_told_and_forgotten(memory: Memory, oracle: Oracle) -> None:
    for number in (1, 2):
        told = memory.get(
            "key", oracle, Deadline.after(10), since=ALWAYS, is_worth_keeping=lambda _: False
        )
        assert told.value == number


def test_with_no_time_nothing_is_kept_or_shared(seconds: Seconds, oracle: Oracle) -> None:
    memory = Memory(0.0, monotonic=seconds)
    assert [get(memory, oracle) for _ in range(3)] == [1, 2, 3]


def test_the_memory_is_bounded_and_loses_what_was_unused_for_longest(
    seconds: Seconds, oracle: Oracle
) -> None:
    memory = Memory(5.0, most=3, monotonic=seconds)
    for key in "abc":
        get(memory, oracle, key=key)
    get(memory, oracle, key="a")
    get(memory, oracle, key="d")
    assert get(memory, oracle, key="a") == 1
    assert get(memory, oracle, key="b") == 5


def test_what_is_forgotten_is_asked_for_again(memory: Memory, oracle: Oracle) -> None:
    get(memory, oracle, key="a")
    get(memory, oracle, key="b")
    memory.forget("a")
    memory.forget("never there")
    assert get(memory, oracle, key="a") == 3
    assert get(memory, oracle, key="b") == 2
    memory.forget_all(lambda key, value: key == "b" and value == 2)
    assert get(memory, oracle, key="a") == 3
    assert get(memory, oracle, key="b") == 4


class TestAtOneTime:
    """Real threads: a fake clock could not show who waits for whom."""

    def test_three_hundred_ask_once(self, oracle: Oracle) -> None:
        memory = Memory(60.0)
        oracle.answers.clear()
        with ThreadPoolExecutor(300) as threads:
            told = [threads.submit(get, memory, oracle) for _ in range(300)]
            assert oracle.is_asked.wait(10)
            oracle.answers.set()
            assert {one.result() for one in told} == {1}
        assert oracle.asked == 1

    def test_nobody_waits_for_a_call_about_something_else(self, oracle: Oracle) -> None:
        memory = Memory(60.0)
        oracle.answers.clear()
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(get, memory, oracle)
            assert oracle.is_asked.wait(10)
            assert get(memory, lambda: 7, key="other") == 7
            memory.forget("third")
            oracle.answers.set()
            assert waiting.result() == 1

    def test_who_waits_waits_no_longer_than_its_deadline(self, oracle: Oracle) -> None:
        memory = Memory(60.0)
        oracle.answers.clear()
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(get, memory, oracle)
            assert oracle.is_asked.wait(10)
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                memory.get("key", oracle, Deadline.after(0.05), since=ALWAYS)
            assert time.monotonic() - begun < 5
            oracle.answers.set()
            assert waiting.result() == 1

    def test_where_one_that_asks_breaks_down_the_others_ask_themselves(
        self, oracle: Oracle
    ) -> None:
        memory = Memory(60.0)
        oracle.answers.clear()

        def breaks() -> int:
            oracle()
            raise RuntimeError("a fault of ours")

        with ThreadPoolExecutor(4) as threads:
            broken = threads.submit(get, memory, breaks)
            assert oracle.is_asked.wait(10)
            told = [threads.submit(get, memory, lambda: 7) for _ in range(3)]
            oracle.answers.set()
            with pytest.raises(RuntimeError, match="a fault of ours"):
                broken.result()
            assert [one.result() for one in told] == [7, 7, 7]

    @pytest.mark.parametrize("everything", [False, True])
    def test_what_was_asked_for_before_it_was_forgotten_is_not_kept(
        self, oracle: Oracle, *, everything: bool
    ) -> None:
        """Kratos had answered, and then the session was ended."""
        memory = Memory(60.0)
        oracle.answers.clear()
        with ThreadPoolExecutor(2) as threads:
            before = threads.submit(get, memory, oracle)
            assert oracle.is_asked.wait(10)
            if everything:
                memory.forget_all(lambda _key, _value: False)
            else:
                memory.forget("key")
            after = threads.submit(get, memory, lambda: 7)
            assert after.result() == 7
            oracle.answers.set()
            assert before.result() == 1
        assert get(memory, lambda: 8) == 7


class Remembering(RuleBasedStateMachine):
    """Whatever happens, no fact is older than it may be, or than its last forgetting."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = Seconds()
        self.memory = Memory(5.0, most=2, monotonic=self.seconds)
        self.forgotten = dict.fromkeys("abc", 0.0)

    @rule(key=st.sampled_from("abc"), back=st.sampled_from([0.0, 1.0, 100.0]))
    def ask(self, key: str, back: float) -> None:
        since = self.seconds.now - back
        told = self.memory.get(key, lambda: self.seconds.now, Deadline.after(5), since=since)
        assert told.value >= self.seconds.now - 5
        assert told.value >= since
        assert told.value >= self.forgotten[key]

    @rule(by=st.sampled_from([0.5, 2.0, 6.0]))
    def wait(self, by: float) -> None:
        self.seconds.now += by

    @rule(key=st.sampled_from("abc"))
    @precondition(lambda self: self.seconds.now > 100.0)
    def forget(self, key: str) -> None:
        self.memory.forget(key)
        self.forgotten[key] = self.seconds.now

    @invariant()
    def it_is_bounded(self) -> None:
        assert len(self.memory._kept) <= 2


TestWhateverHappens = Remembering.TestCase
TestWhateverHappens.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
