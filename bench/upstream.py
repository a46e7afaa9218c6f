"""What a call to Ory adds to a hook: the session is read, or the identity as well.

Ory is the stand-in, in a process of its own: the figures are the service's share, not
Kratos'. One connection, so that nothing waits for its turn.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from bench import policies, recorded
from bench.figure import Figure
from bench.load import Load, put_on
from bench.servers import SERVICE, Server, serving
from bench.stand_in import standing_in

TURNS: Final = 7
SECONDS: Final = 1.0


def measure() -> list[Figure]:
    """Measure a hook with no call, with one and with two."""
    with (
        standing_in() as (kratos, hydra, *_),
        serving(SERVICE, policies.TEN_RULES, kratos=kratos, hydra=hydra) as none,
        serving(SERVICE, policies.ONE_CALL, kratos=kratos, hydra=hydra) as one,
        serving(SERVICE, policies.TWO_CALLS, kratos=kratos, hydra=hydra) as two,
    ):
        servers = (none, one, two)
        for calls, server in enumerate(servers):
            _turn(server)
            made = server.last_record()["upstream"]
            assert len(made) == calls, f"{calls} calls were to be made, not {made}"
        turns = [[_turn(server) for server in servers] for _ in range(TURNS)]
    figures = []
    for calls, name in enumerate(("no call", "one call", "two calls")):
        loads = [turn[calls] for turn in turns]
        figures += [
            Figure(f"hook with {name}, p50", median(load.p50 for load in loads), "ms"),
            Figure(f"hook with {name}, p95", median(load.p95 for load in loads), "ms"),
        ]
        if calls:
            ratio = median(turn[calls].p50 / turn[0].p50 for turn in turns)
            figures.append(Figure(f"hook with {name} / with no call, p50", ratio))
    return figures


def _turn(server: Server) -> Load:
    return put_on(server.port, recorded.request(), status=204, seconds=SECONDS, connections=1)
