"""At most once per event, over threads and processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

from webhook_service.effects.recent import KEYS_PER_BUCKET, RecentEvents


def key(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:32]


def neighbours(count: int) -> list[str]:
    """Return keys that fall into one bucket."""
    return [f"00000000{number:024x}" for number in range(1, count + 1)]


def test_an_event_is_taken_once(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    assert [recent.claim(key(1)), recent.claim(key(2)), recent.claim(key(1))] == [True, True, False]


def test_the_oldest_of_a_bucket_is_forgotten_first(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    keys = neighbours(KEYS_PER_BUCKET + 1)
    assert all(recent.claim(one) for one in keys)
    assert not any(recent.claim(one) for one in keys[1:])
    assert recent.claim(keys[0])


def test_of_many_threads_one_takes_it(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(recent.claim, [key(number % 50) for number in range(800)]))
    assert sum(taken) == 50


def claim_in_child(path: Path, numbers: range, taken: Path) -> None:
    recent = RecentEvents(path)
    mine = [one for one in map(key, numbers) if recent.claim(one)]
    for one in mine:
        recent.settle(one)
    taken.write_text(str(len(mine)))


def test_of_many_processes_one_takes_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "recent"
    children = [
        context.Process(target=claim_in_child, args=(path, range(500), tmp_path / f"taken{number}"))
        for number in range(3)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    taken = [int((tmp_path / f"taken{number}").read_text()) for number in range(3)]
    assert sum(taken) == 500


def test_a_process_that_is_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    child = os.fork()
    if child == 0:  # pragma: no cover  another process
        number = 10_000
        while True:
            recent.claim(key(number))
            number += 1
    for number in range(200):
        recent.claim(key(number))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert recent.claim(key(5_000))
    assert not recent.claim(key(5_000))


def take_and_wait(path: Path, other: Connection) -> None:
    recent = RecentEvents(path)
    recent.claim(key(1))
    other.send("taken")
    other.recv()


def in_a_process_that_dies(path: Path, *, settles: bool) -> int:
    """Let another process take an event and die over it, or after it."""
    child = os.fork()
    if child == 0:  # pragma: no cover  another process
        recent = RecentEvents(path)
        recent.claim(key(1))
        if settles:
            recent.settle(key(1))
        os._exit(0)
    # Not waited for: it has ended, and its number is still its own.
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return child


def test_an_event_is_free_again_where_the_process_that_took_it_died_over_it(
    tmp_path: Path,
) -> None:
    """Row 55: nobody knows what came of it, and its caller asks again."""
    child = in_a_process_that_dies(tmp_path / "recent", settles=False)
    recent = RecentEvents(tmp_path / "recent")
    assert [recent.claim(key(1)), recent.claim(key(1))] == [True, False]
    os.waitpid(child, 0)


def test_an_event_stays_taken_while_another_process_is_at_it(tmp_path: Path) -> None:
    path = tmp_path / "recent"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=take_and_wait, args=(path, theirs))
    child.start()
    ours.recv()
    recent = RecentEvents(path)
    assert not recent.claim(key(1))
    ours.send("end")
    child.join(30)
    assert recent.claim(key(1))


def test_an_event_stays_taken_where_the_process_died_after_it(tmp_path: Path) -> None:
    os.waitpid(in_a_process_that_dies(tmp_path / "recent", settles=True), 0)
    assert not RecentEvents(tmp_path / "recent").claim(key(1))


def test_an_event_that_is_settled_stays_taken(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    assert recent.claim(key(1))
    recent.settle(key(1))
    assert not recent.claim(key(1))


def test_an_event_that_is_forgotten_by_then_can_be_settled(tmp_path: Path) -> None:
    recent = RecentEvents(tmp_path / "recent")
    recent.settle(key(1))
    assert recent.claim(key(1))


def test_the_file_is_for_this_user_alone(tmp_path: Path) -> None:
    RecentEvents(tmp_path / "recent")
    assert (tmp_path / "recent").stat().st_mode & 0o777 == 0o600
