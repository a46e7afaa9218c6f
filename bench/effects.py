"""What effects cost the hooks that need them, and those that do not; how soon they are done.

On SQLite and, where it is installed, on a PostgreSQL that waits for its disk.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from statistics import median
from typing import Final

from bench import databases, effects_done, policies, recorded
from bench.databases import Database
from bench.figure import Figure
from bench.load import MARK, put_on
from bench.servers import NO_SETTINGS, SERVICE, Server, serving
from bench.stand_in import standing_in
from webhook_service.sandbox import SUBJECT

TURNS: Final = 9
SECONDS: Final = 1.0
MANY: Final = 8
"""Connections, where more than one."""

OUTAGES: Final = 5

KEY: Final = "another-key-for-the-benchmark-alone"
SOMEBODY_ELSE: Final = b"5f0b6c0e-6f4e-4d0a-8a52-7f6d3a1c9e11"
RECOVERY: Final = "/hooks/kratos/recovery"

ENDING: Final = """\
version: 1
revoke:
  - name: a way back in
    events: [kratos.recovery]
    revoke: [all_sessions]
"""
"""A recovery leads to one effect, and to no call."""

QUIET: Final = """\
version: 1
deny:
  - name: from there
    events: [kratos.login]
    when: request.ip == "203.0.113.5"
"""
"""It leads to none."""

NEVER_ENDING: Final = policies.TEN_RULES.replace("max_age: 90d", "max_age: unlimited")
"""As the ten rules, but no rule ends anything: what is being ended need not be read (E7)."""

CAPPED: Final = f"""\
{ENDING}sessions:
  - name: not for ever
    when: client.id == "web"
    max_age: 30d
"""
"""A refresh leads to one effect as well, and to reading what is being ended."""


def measure() -> list[Figure]:
    """Measure on each database."""
    figures = [Figure("a page on this disk, synced", databases.milliseconds_to_sync(), "ms")]
    with databases.here() as found:
        for database in found:
            for measured in (
                _hooks_with_an_effect,
                _hooks_without_one,
                effects_done.how_many,
                effects_done.how_soon,
                _answers_without_the_store,
            ):
                figures += [
                    Figure(f"{database.name}: {one.name}", one.value, one.unit, one.least, one.most)
                    for one in measured(database)
                ]
    return figures


def _hooks_with_an_effect(database: Database) -> Iterator[Figure]:
    """Compare a recovery that ends sessions with one that ends nothing."""
    request = _recovery()
    with _serving(ENDING, database) as ending, _serving(QUIET, database) as quiet:
        for connections in 1, MANY:
            pairs = _turns(ending, quiet, request, connections)
            at_once = _at_once(connections)
            yield Figure(f"hook with an effect{at_once}, p50", median(a for a, _ in pairs), "ms")
            more = median(a - b for a, b in pairs)
            yield Figure(f"the same, more than without one{at_once}", more, "ms", most=2.5)
        kept = ending.last_record()["effects"]["kept"]
        assert [one["result"] for one in kept] == ["accepted"], kept
        assert "effects" not in quiet.last_record()


def _hooks_without_one(database: Database) -> Iterator[Figure]:
    """Compare a refresh for which it is read what of the person is being ended (E7)."""
    with (
        _serving(policies.TEN_RULES, database) as reading,
        _serving(NEVER_ENDING, database) as quiet,
    ):
        for connections in 1, MANY:
            pairs = _turns(reading, quiet, recorded.request(), connections)
            more = median(a - b for a, b in pairs)
            what = f"hook that reads what is being ended, more than another{_at_once(connections)}"
            yield Figure(what, more, "ms")


def _answers_without_the_store(database: Database) -> Iterator[Figure]:
    """Measure the first answers of outages: later ones come at once, as it is known by then."""
    machine = recorded.request(content=recorded.body("hydra.token.client_credentials"))
    with standing_in() as ory:
        for what, request, status in (
            ("a recovery", _recovery(), 403),
            ("a refresh that sets a cap", recorded.request(), 503),
            ("a hook that needs no effect", machine, 204),
        ):
            longest = max(
                _first_answer(database, request, status, kratos=ory.kratos, hydra=ory.hydra)
                for _ in range(OUTAGES)
            )
            yield Figure(f"store away, {what}, slowest", longest, "ms", most=500)


def _first_answer(database: Database, request: bytes, status: int, **upstream: str) -> float:
    """Return how long the first answer of an outage takes, in milliseconds."""
    url = database.make()
    # A service for each: what it has seen kept needs no store again (E2).
    with _serving(CAPPED, database, url=url, **upstream) as server:
        warm, _ = _ask(server, _recovery())
        with database.failing(url):
            found, milliseconds = _ask(server, request)
    assert (warm, found) == (204, status)
    return milliseconds


def _ask(server: Server, request: bytes) -> tuple[int, float]:
    """Send a request; return the status of its answer, and how long that took."""
    number = b"%0*d" % (len(MARK), time.time_ns() // 1000 % 10 ** len(MARK))
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        begun = time.perf_counter()
        connection.sendall(request.replace(MARK, number))
        head = connection.recv(64)
        return int(head[9:12]), (time.perf_counter() - begun) * 1000


def _serving(
    policy: str, database: Database, *, url: str | None = None, **upstream: str
) -> AbstractContextManager[Server]:
    """Serve. Nobody does the effects: what is measured is the hook, not its neighbour."""
    settings = {
        **NO_SETTINGS,
        "DATABASE_URL": url or database.make(),
        "KRATOS_HOOK_KEYS": KEY,
        "EFFECTS_WORKER": "worker",
    }
    return serving(SERVICE, policy, settings=settings, **upstream)


def _recovery() -> bytes:
    """Return the request of a recovery, another one each time that it is sent.

    Of somebody else than who refreshes: what is being ended of a person gets no token (E7).
    """
    body = recorded.body(recorded.RECOVERY).replace(SUBJECT.encode(), SOMEBODY_ELSE)
    flow = body.index(b'"id":"') + len(b'"id":"')
    end = flow + len("566fb6f4-cea5-4d1e-b1ea-7bd39ba8dd07")
    marked = body[: end - len(MARK)] + MARK + body[end:]
    return recorded.request(RECOVERY, marked, KEY)


def _turns(
    one: Server, other: Server, request: bytes, connections: int
) -> list[tuple[float, float]]:
    """Let two servers take turns; return the medians of their answers' times, in pairs."""

    def p50(server: Server) -> float:
        load = put_on(server.port, request, status=204, seconds=SECONDS, connections=connections)
        return load.p50

    p50(one), p50(other)
    pairs = []
    for number in range(TURNS):
        if number % 2:
            second = p50(other)
            pairs.append((p50(one), second))
        else:
            pairs.append((p50(one), p50(other)))
    return pairs


def _at_once(connections: int) -> str:
    return "" if connections == 1 else f", {connections} at once"
