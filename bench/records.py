"""What it costs a hook that its decision is kept, and how quickly kept ones are found."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import policies, recorded
from bench.figure import REPEATS, Figure
from bench.load import Load, put_on
from bench.servers import SERVICE, Server, cpu_seconds, serving
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.schema import upgrade
from webhook_service.policy.decision import Outcome, Reason, Ruling, Verdict
from webhook_service.policy.model import Section
from webhook_service.records.keeping import NewRecord, Wanted
from webhook_service.records.store import SqlRecords

TURNS: Final = 10
SECONDS: Final = 1.5
CONNECTIONS: Final = 8

LEAST: Final = 0.95
RECORDS: Final = 100_000
BATCH: Final = 100
DENIED: Final = (Outcome.MATCHED, Verdict.DENY, Reason.RULE_DENIED)
RARE: Final = "seldom"
NOON: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)


def measure() -> list[Figure]:
    """Measure hooks with records and without, then look among many records."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        line = recorded_line()
        return [
            *_ratios("kept at the default rate", {}, least=LEAST),
            *_ratios("every one kept", {"RECORD_RATE": "10000"}),
            *_searches(f"sqlite:///{folder}/records.db", line),
        ]


def _ratios(what: str, settings: dict[str, str], least: float | None = None) -> list[Figure]:
    with (
        serving(SERVICE, policies.TEN_RULES, settings=settings) as keeping,
        serving(SERVICE, policies.TEN_RULES, settings={"RECORD_DAYS": "0"}) as not_keeping,
    ):
        servers = (keeping, not_keeping)
        for server in servers:
            _turn(server)
        pairs = []
        for number in range(TURNS):
            order = servers if number % 2 else servers[::-1]
            found = {server: _turn(server) for server in order}
            pairs.append((found[keeping], found[not_keeping]))
    return [
        Figure(
            f"{what}: with records / without, requests a second",
            median(kept.rate / bare.rate for (kept, _), (bare, _) in pairs),
            least=least,
        ),
        Figure(
            f"{what}: the same by processor time",
            median(bare / kept for (_, kept), (_, bare) in pairs),
        ),
    ]


def _turn(server: Server) -> tuple[Load, float]:
    """Put load on a server; return it, and the processor time of a request."""
    begun = cpu_seconds(server.process)
    load = put_on(
        server.port, recorded.request(), status=204, seconds=SECONDS, connections=CONNECTIONS
    )
    return load, (cpu_seconds(server.process) - begun) / load.answers


def recorded_line() -> dict[str, Any]:
    """Return the record of the recorded refresh, as the service logs it."""
    with serving(SERVICE, policies.TEN_RULES) as server:
        put_on(server.port, recorded.request(), status=204, seconds=0.1, connections=1)
        return server.last_record()


def _searches(url: str, line: dict[str, Any]) -> list[Figure]:
    upgrade(url)
    engine = open_engine(url)
    store = SqlRecords(engine)
    begun = time.perf_counter()
    fill(store, line, NOON)
    filled = time.perf_counter() - begun
    lately = NOON - timedelta(hours=24)
    ways: dict[str, Callable[[], object]] = {
        "the newest": lambda: store.newest(limit=50),
        "by verdict": lambda: store.newest(Wanted(verdicts=frozenset({"deny"})), limit=50),
        "by event and client, none found": lambda: store.newest(
            Wanted(events=frozenset({"kratos.login"}), client="nobody"), limit=50
        ),
        "by a rule that is in each": lambda: store.newest(Wanted(rule="stays"), limit=50),
        "by a rule, none found": lambda: store.newest(Wanted(rule="none"), limit=50),
        "by subject": lambda: store.newest(Wanted(subjects=frozenset({subject(7)})), limit=50),
        "what rules said in 24 hours": lambda: store.said(lately),
    }
    figures = [Figure("write a record, 100 together", filled / RECORDS * 1e6, "µs")]
    figures += [
        Figure(f"100,000 records: {name}", _milliseconds(look), "ms", most=200)
        for name, look in ways.items()
    ]
    size = Path(url.removeprefix("sqlite:///")).stat().st_size
    engine.dispose()
    return [*figures, Figure("a record on the disk", size / RECORDS / 1024, "KiB")]


def fill(store: SqlRecords, line: dict[str, Any], until: datetime) -> None:
    """Keep a fortnight of decisions: one in twenty refused, one in ten a login.

    One in a hundred a shadow rule would have refused, one in a thousand has a rule that is rare.
    """
    chance = random.Random(1)  # noqa: S311  the same each time, and no secret
    for first in range(0, RECORDS, BATCH):
        store.add([_new(number, line, chance, until) for number in range(first, first + BATCH)])


def _new(number: int, line: dict[str, Any], chance: random.Random, until: datetime) -> NewRecord:
    refused = chance.random() < 0.05  # noqa: PLR2004  one in twenty
    rulings = [Ruling(Section.SESSIONS, "stays", 1, Outcome.MATCHED)]
    if refused:
        rulings.append(Ruling(Section.DENY, "billing", 2, *DENIED))
    if number % 1000 == 0:
        rulings.append(Ruling(Section.SESSIONS, RARE, 3, Outcome.MATCHED))
    shadow = [Ruling(Section.DENY, "trial", 4, *DENIED)] if number % 100 == 0 else []
    at = until - timedelta(seconds=12 * (RECORDS - number))
    changed = {
        "at": at.isoformat(),
        "key": f"{number:032x}",
        "event": "kratos.login" if chance.random() < 0.1 else "hydra.token",  # noqa: PLR2004  one in ten
        "verdict": "deny" if refused else "allow",
        "reason": "rule.denied" if refused else None,
        "rule": "billing" if refused else None,
        "subject": subject(chance.randrange(5000)),
        "client": chance.choice(("web", "mobile", "billing")),
    }
    return NewRecord(at, json.loads(json.dumps({**line, **changed})), rulings, shadow)


def subject(number: int) -> str:
    """Return one of the identities."""
    return f"aea95835-aeaf-4997-bd01-{number:012}"


def _milliseconds(look: Callable[[], object]) -> float:
    look()
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        look()
        times.append(time.perf_counter() - begun)
    return median(times) * 1000
