"""Who runs where: servers on one core, the load and the stand-in for Ory on another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SERVER: Final = 0
LOAD: Final = 1


@contextmanager
def pinned(which: int) -> Iterator[None]:
    """Let what is started in the block run on one core only.

    Where the machine has a single one, or the system cannot pin, it runs where it may.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    cores = sorted(allowed)
    os.sched_setaffinity(0, {cores[which % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
