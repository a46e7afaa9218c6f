"""How near a hook that the payload decides comes to a view that does nothing at all.

Both run on the same server with the same configuration, one process each, on one core; the
load comes from the other. They take turns, and the ratio is the median over the turns.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from statistics import median
from typing import Final

from bench import policies, recorded
from bench.figure import Figure
from bench.load import Load, put_on
from bench.servers import EMPTY, SERVICE, Server, cpu_seconds, serving

TURNS: Final = 10
SECONDS: Final = 1.5
CONNECTIONS: Final = 8

LEAST: Final = 0.6


def measure() -> list[Figure]:
    """Measure on gunicorn and, where it is installed, on granian."""
    servers = ["gunicorn"]
    with suppress(ModuleNotFoundError):
        servers += ["granian"] if find_spec("granian") else []
    return [figure for server in servers for figure in _on(server)]


def _on(server: str) -> list[Figure]:
    with (
        serving(SERVICE, policies.TEN_RULES, server=server) as service,
        serving(EMPTY[server], policies.TEN_RULES, server=server) as empty,
    ):
        _turn(service)
        _turn(empty)
        assert service.last_record()["upstream"] == [], "the hook asked Ory"
        hooks, nothings = [], []
        for number in range(TURNS):
            if number % 2:
                nothings.append(_turn(empty))
                hooks.append(_turn(service))
            else:
                hooks.append(_turn(service))
                nothings.append(_turn(empty))
    assert not sum(load.closed for load, _ in hooks), "the service closed connections"
    pairs = list(zip(hooks, nothings, strict=True))
    aim = LEAST if server == "gunicorn" else None
    return [
        Figure(
            f"{server}: hook / empty view, requests a second",
            median(hook.rate / nothing.rate for (hook, _), (nothing, _) in pairs),
            least=aim,
        ),
        Figure(
            f"{server}: the same by processor time",
            median(nothing / hook for (_, hook), (_, nothing) in pairs),
        ),
        Figure(f"{server}: hooks a second", median(load.rate for load, _ in hooks)),
        Figure(f"{server}: hook, processor time", median(cpu for _, cpu in hooks), "µs"),
        Figure(f"{server}: empty view, processor time", median(cpu for _, cpu in nothings), "µs"),
    ]


def _turn(server: Server) -> tuple[Load, float]:
    """Put load on a server; return it, and the processor time of a request in microseconds."""
    begun = cpu_seconds(server.process)
    load = put_on(
        server.port,
        recorded.request(),
        status=204,
        seconds=SECONDS,
        connections=CONNECTIONS,
    )
    return load, (cpu_seconds(server.process) - begun) / load.answers * 1e6
