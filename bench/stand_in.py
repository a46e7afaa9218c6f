"""The stand-in for Kratos and Hydra in a process of its own: ``python -m bench.stand_in``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.cores import LOAD, pinned
from webhook_service import sandbox


class StandIn(NamedTuple):
    """Where each API is, and a browser's cookie for the web session of the sandbox."""

    kratos: str
    hydra: str
    kratos_public: str
    cookie: str


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Serve it until the block ends."""
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
        yield StandIn(*json.loads(process.stdout.readline()))
        process.stdin.close()


def _main() -> None:
    fake = sandbox.stand_in()
    cookie = fake.kratos_public.cookie_of(sandbox.WEB_SESSION)
    with fake.serve() as ory:
        told = [ory.kratos.url, ory.hydra.url, ory.kratos_public.url, cookie]
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
