"""The stand-in for Kratos and Hydra in a process of its own: ``python -m bench.stand_in``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.cores import LOAD, pinned
from webhook_service import sandbox


@contextmanager
def standing_in() -> Iterator[tuple[str, str]]:
    """Serve it until the block ends; yield where Kratos is and where Hydra is."""
    with (
        pinned(LOAD),
        subprocess.Popen(
            [sys.executable, "-m", "bench.stand_in"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        kratos, hydra = json.loads(process.stdout.readline())
        yield kratos, hydra
        process.stdin.close()


def _main() -> None:
    with sandbox.stand_in().serve() as ory:
        print(json.dumps([ory.kratos.url, ory.hydra.url]), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
