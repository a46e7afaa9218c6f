"""How many decisions are kept where there are too many."""

from __future__ import annotations

import threading

from webhook_service.records.sampling import BURST_SECONDS, Sampling


class Monotonic:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def admitted(sampling: Sampling, count: int, *, matters: bool = False) -> list[int | None]:
    return [sampling.admit(matters=matters) for _ in range(count)]


def test_a_burst_is_kept_and_then_so_many_a_second() -> None:
    clock = Monotonic()
    sampling = Sampling(2, clock)
    burst = 2 * BURST_SECONDS
    assert admitted(sampling, burst + 3) == [0] * burst + [None] * 3
    clock.now += 1
    assert admitted(sampling, 4) == [3, 0, None, None]
    clock.now += 0.25
    assert admitted(sampling, 1) == [None]
    clock.now += 0.25
    assert admitted(sampling, 1) == [3]


def test_a_pause_saves_up_no_more_than_a_burst() -> None:
    clock = Monotonic()
    sampling = Sampling(2, clock)
    clock.now += 3600
    found = admitted(sampling, 1000)
    assert found.count(0) == 2 * BURST_SECONDS


def test_a_rush_of_what_is_allowed_leaves_out_no_refusal() -> None:
    sampling = Sampling(1, Monotonic())
    assert admitted(sampling, 1000)[-1] is None
    assert admitted(sampling, BURST_SECONDS, matters=True) == [0] * BURST_SECONDS
    assert sampling.admit(matters=True) is None


def test_threads_together_get_no_more_than_one_would() -> None:
    sampling = Sampling(5, Monotonic())
    found: list[int | None] = []
    threads = [
        threading.Thread(target=lambda: found.extend(admitted(sampling, 200))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(0) == 5 * BURST_SECONDS
