"""How quickly the operator's page shows decisions, where there are 100,000 of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

from bench import policies
from bench.figure import REPEATS, Figure
from bench.records import RARE, RECORDS, fill, recorded_line, subject
from bench.servers import SERVICE, Server, serving
from webhook_service.effects.store.database import open_engine
from webhook_service.effects.store.schema import upgrade
from webhook_service.records.store import SqlRecords

MOST: Final = 200
KEY: Final = "bench-operator-key-" + "o" * 24

PAGES: Final = {
    "the newest": {},
    "by verdict": {"verdict": "deny"},
    "any but allow": {"verdict": "refused"},
    "by event": {"event": "kratos.login"},
    "by event, none found": {"event": "kratos.recovery"},
    "by reason": {"reason": "rule.denied"},
    "by reason, none found": {"reason": "mfa.too_old"},
    "by a rule that is in each": {"rule": "stays"},
    "by a rule that is in one of a thousand": {"rule": RARE},
    "by a rule, none found": {"rule": "none"},
    "by subject": {"subject": subject(7)},
    "by subject, none found": {"subject": subject(99_999)},
    "by client": {"client": "mobile"},
    "by client, none found": {"client": "nobody"},
    "by event key": {"key": f"{50_000:032x}"},
    "of the last hour": {"since": "1h"},
    "of the last 7 days": {"since": "7d"},
    "what a shadow rule would refuse": {"shadow": "1"},
    "what a shadow rule would refuse, by client, none found": {"shadow": "1", "client": "nobody"},
    "by a rule that is in each, subject and verdict": {
        "rule": "stays",
        "subject": subject(7),
        "verdict": "deny",
    },
    "by a rule that is in each and client, none found": {"rule": "stays", "client": "nobody"},
    "by everything, none found": {
        "event": "hydra.token",
        "verdict": "deny",
        "reason": "rule.denied",
        "rule": "none",
        "client": "billing",
        "shadow": "1",
    },
}


def measure() -> list[Figure]:
    """Keep a fortnight of decisions, and look at them as an operator does."""
    with TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{folder}/webhook-service.db"
        _keep(url)
        settings = {"DATABASE_URL": url, "OPERATOR_KEYS": KEY}
        with (
            serving(SERVICE, policies.TEN_RULES, settings=settings) as server,
            _signed_in(server) as tab,
        ):
            figures = [
                Figure(
                    f"the page, 100,000 records: {name}", tab.milliseconds(query), "ms", most=MOST
                )
                for name, query in PAGES.items()
            ]
            figures += [
                Figure(
                    f"the page, 100,000 records: {name}", tab.milliseconds_of(path), "ms", most=MOST
                )
                for name, path in {
                    "one decision, explained": f"/decisions/{RECORDS // 2}",
                    "nothing new": f"/decisions/rows?after={RECORDS}&shown=50",
                    "what is new, none that fit": f"/decisions/rows?after={RECORDS - 99}&shown=50"
                    "&client=nobody",
                    "50 new ones": f"/decisions/rows?after={RECORDS - 50}&shown=50",
                }.items()
            ]
        assert Path(folder, "webhook-service.db").exists()
        return figures


def _keep(url: str) -> None:
    upgrade(url)
    engine = open_engine(url)
    fill(SqlRecords(engine), recorded_line(), datetime.now(UTC))
    engine.dispose()


class _Tab:
    """A browser's connection, signed in."""

    def __init__(self, connection: HTTPConnection, cookie: str) -> None:
        self._connection = connection
        self._headers = {"Cookie": cookie}

    def milliseconds(self, query: dict[str, str]) -> float:
        """Return how long the list takes."""
        return self.milliseconds_of(f"/?{urlencode(query)}")

    def milliseconds_of(self, path: str) -> float:
        """Return how long a page takes, from the request to the last byte: the median."""
        self._load(path)
        times = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            self._load(path)
            times.append(time.perf_counter() - begun)
        return median(times) * 1000

    def _load(self, path: str) -> None:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status in {200, 204}, f"{path}: {answer.status}"


@contextmanager
def _signed_in(server: Server) -> Iterator[_Tab]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        connection.request("POST", "/sign-in", urlencode({"key": KEY}), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status  # noqa: PLR2004  on to the page
        yield _Tab(connection, answer.headers["Set-Cookie"].partition(";")[0])
    finally:
        connection.close()
