"""What each step inside a hook costs, without any server: processor time of one call."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

from bench import policies, recorded
from bench.figure import REPEATS, Figure, microseconds
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Known
from webhook_service.hooks import hydra_token
from webhook_service.hooks.event import Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import HYDRA_TOKEN, hooks
from webhook_service.policy.decide import decide
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.records import metrics
from webhook_service.records.log import make_logger
from webhook_service.records.record import Record
from webhook_service.records.writer import Nowhere
from webhook_service.settings import Settings
from webhook_service.wiring import wire

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def measure() -> list[Figure]:
    """Measure every step on the recorded refresh."""
    raw = Raw(HYDRA_TOKEN, recorded.body())
    event = hydra_token.read(raw)
    facts = Known.of(event).facts()
    ten = load(policies.TEN_RULES.encode())
    many_text = policies.many_rules(300).encode()
    many = load(many_text)
    decision, of_many = decide(ten, facts, NOW), decide(many, facts, NOW)
    assert not decision.wants, "a rule of the ten asks for a call"
    assert not of_many.wants, "a rule of the 300 asks for a call"
    assert (len(decision.rulings), len(of_many.rulings)) == (10, 300)
    record, record_of_many = _record(ten, raw), _record(many, raw)
    with Path(os.devnull).open("wb") as nowhere:
        log = _logging(nowhere)
        return [
            Figure("read the body", microseconds(lambda: hydra_token.read(raw)), "µs"),
            Figure(
                "decide, 10 rules", microseconds(lambda: decide(ten, facts, NOW)), "µs", most=50
            ),
            Figure(
                "decide, 300 rules", microseconds(lambda: decide(many, facts, NOW)), "µs", most=1000
            ),
            Figure("reply", microseconds(lambda: hydra_token.reply(decision, event)), "µs"),
            Figure("metrics", microseconds(lambda: metrics.count(record)), "µs"),
            Figure("log line, 10 rules", microseconds(lambda: log(record)), "µs"),
            Figure("log line, 300 rules", microseconds(lambda: log(record_of_many)), "µs"),
            Figure("load a policy of 300 rules", _seconds(lambda: load(many_text)), "s", most=0.5),
        ]


class _Taken(Nowhere):
    """Keeps the records that it takes."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def take(self, record: Record, line: Mapping[str, Any]) -> None:  # noqa: ARG002  a recorder's signature
        self.records.append(record)


def _record(policy: Policy, raw: Raw) -> Record:
    """Return the record that the service makes of the hook."""
    taken = _Taken()
    settings = Settings(kratos_admin_url="http://127.0.0.1:9", hydra_admin_url="http://127.0.0.1:9")
    with Path(os.devnull).open("wb") as nowhere, tempfile.TemporaryDirectory() as folder:
        logger = make_logger("json", "info", nowhere)
        recent = RecentEvents(Path(folder, "recent"))
        wired = wire(settings, policy, logger, recent=recent, recorder=taken)
        wired.service.answer(hooks(RequestHeaders())[HYDRA_TOKEN], raw)
    [record] = taken.records
    return record


def _logging(stream: BinaryIO) -> Callable[[Record], None]:
    """Return what ``recording`` does with a record, but for the counting and the keeping."""
    logger = make_logger("json", "info", stream)

    def log(record: Record) -> None:
        fields = record.fields()
        logger.info("decision", event_name=fields.pop("event"), **fields)

    return log


def _seconds(function: Callable[[], object]) -> float:
    """Return the processor time of something that takes long."""
    times = []
    for _ in range(REPEATS):
        begun = time.process_time()
        function()
        times.append(time.process_time() - begun)
    return median(times)
