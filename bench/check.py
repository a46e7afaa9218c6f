"""How near a check that is answered from memory comes to a view that does nothing at all.

And what one costs that is not: a call to Kratos, one for as many as ask at a time.
"""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from statistics import median
from typing import Final

from bench import policies, recorded
from bench.figure import Figure
from bench.load import Load, put_on
from bench.servers import EMPTY, SERVICE, Server, cpu_seconds, serving
from bench.stand_in import StandIn, standing_in
from webhook_service.hooks.check import CHECK

TURNS: Final = 10
SECONDS: Final = 1.5
CONNECTIONS: Final = 8
CROWD: Final = 300

LEAST: Final = 0.5

KEY: Final = f"{recorded.KEY}-of-the-gateway"


def measure() -> list[Figure]:
    """Measure on gunicorn and, where it is installed, on granian."""
    servers = ["gunicorn"]
    with suppress(ModuleNotFoundError):
        servers += ["granian"] if find_spec("granian") else []
    with standing_in() as ory:
        figures = [figure for server in servers for figure in _on(server, ory)]
        return [*figures, *_misses(ory), _crowd(ory)]


def _settings(ory: StandIn, cache: str = "5s") -> dict[str, str]:
    return {"CHECK_KEYS": KEY, "CHECK_CACHE": cache, "KRATOS_PUBLIC_URL": ory.kratos_public}


def _request(ory: StandIn) -> bytes:
    """Return what a gateway asks of a page that somebody opens."""
    return (
        f"GET {CHECK} HTTP/1.1\r\n"
        "Host: webhook-service\r\n"
        f"X-Check-Key: {KEY}\r\n"
        f"Cookie: theme=dark; ory_kratos_session={ory.cookie}\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
        "X-Forwarded-For: 203.0.113.5\r\n"
        "X-Forwarded-Host: app.example.org\r\n"
        "X-Forwarded-Proto: https\r\n"
        "X-Forwarded-Method: GET\r\n"
        "X-Forwarded-Uri: /orders/7?tab=2\r\n\r\n"
    ).encode()


def _on(server: str, ory: StandIn) -> list[Figure]:
    with (
        serving(
            SERVICE,
            policies.AT_THE_GATEWAY,
            server=server,
            kratos=ory.kratos,
            hydra=ory.hydra,
            settings=_settings(ory),
        ) as service,
        serving(EMPTY[server], policies.AT_THE_GATEWAY, server=server) as empty,
    ):
        _turn(service, ory, 200)
        _turn(empty, ory, 204)
        assert service.last_record()["upstream"] == [], "the check asked Kratos"
        pairs = []
        for number in range(TURNS):
            if number % 2:
                nothing = _turn(empty, ory, 204)
                pairs.append((_turn(service, ory, 200), nothing))
            else:
                check = _turn(service, ory, 200)
                pairs.append((check, _turn(empty, ory, 204)))
    return [
        Figure(
            f"{server}: check / empty view, requests a second",
            median(check.rate / nothing.rate for (check, _), (nothing, _) in pairs),
            least=LEAST if server == "gunicorn" else None,
        ),
        Figure(
            f"{server}: the same by processor time",
            median(nothing / check for (_, check), (_, nothing) in pairs),
        ),
        Figure(f"{server}: checks a second", median(load.rate for (load, _), _ in pairs)),
        Figure(f"{server}: check, processor time", median(cpu for (_, cpu), _ in pairs), "µs"),
    ]


def _misses(ory: StandIn) -> list[Figure]:
    """Compare a check that is remembered with one that asks Kratos, on one connection."""
    with (
        serving(
            SERVICE, policies.AT_THE_GATEWAY, kratos=ory.kratos, settings=_settings(ory)
        ) as hit,
        serving(
            SERVICE, policies.AT_THE_GATEWAY, kratos=ory.kratos, settings=_settings(ory, "0")
        ) as miss,
    ):
        turns = [
            [_put_on(server, ory, connections=1) for server in (hit, miss)]
            for _ in range(TURNS // 2)
        ]
        calls = [call["call"] for call in miss.last_record()["upstream"]]
        assert calls == ["kratos.whoami"], f"a miss asked {calls}"
    return [
        Figure("check from memory, p50", median(load.p50 for load, _ in turns), "ms"),
        Figure("check that asks Kratos, p50", median(load.p50 for _, load in turns), "ms"),
        Figure("calls of a check that asks", len(calls), most=1),
    ]


def _crowd(ory: StandIn) -> Figure:
    """Let 300 ask at one moment; count what Kratos was asked."""
    settings = _settings(ory)
    request, together = _request(ory), threading.Barrier(CROWD)
    with serving(SERVICE, policies.AT_THE_GATEWAY, kratos=ory.kratos, settings=settings) as server:

        def ask(_: int) -> bool:
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as one:
                together.wait()
                one.sendall(request)
                return one.recv(12) == b"HTTP/1.1 200"

        with ThreadPoolExecutor(CROWD) as callers:
            assert all(callers.map(ask, range(CROWD))), "a check was not allowed"
        lines = [json.loads(line) for line in server.log.read_bytes().splitlines()]
    records = [line for line in lines if line["message"] == "decision"]
    assert len(records) == CROWD, f"{len(records)} checks were recorded"
    asked = sum(len(record["upstream"]) for record in records)
    return Figure(f"calls of {CROWD} checks at one moment", asked, most=1)


def _turn(server: Server, ory: StandIn, status: int) -> tuple[Load, float]:
    """Put load on a server; return it, and the processor time of a request in microseconds."""
    begun = cpu_seconds(server.process)
    load = _put_on(server, ory, status=status)
    return load, (cpu_seconds(server.process) - begun) / load.answers * 1e6


def _put_on(
    server: Server, ory: StandIn, *, status: int = 200, connections: int = CONNECTIONS
) -> Load:
    return put_on(
        server.port, _request(ory), status=status, seconds=SECONDS, connections=connections
    )
