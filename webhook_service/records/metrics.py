"""Prometheus metrics, safe over several processes.

With ``PROMETHEUS_MULTIPROC_DIR`` set before this module is imported, each process writes
files there and a scrape adds them up. ``runtime`` sets it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from webhook_service import __version__
from webhook_service.effects.effect import Kind, Result, State
from webhook_service.effects.keeping import Counts
from webhook_service.policy.decision import Outcome, Ruling
from webhook_service.records.fate import Fate
from webhook_service.records.record import Record

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.6, 1.0, 2.5)
"""Buckets: from a decision on the payload (1 ms) over the default deadline (0.6 s)."""

LATE_SECONDS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)

EVENTS: Final = Counter(
    "webhook_service_events_total",
    "Events decided, by event, verdict and reason (none where it is allowed).",
    ("event", "verdict", "reason"),
)
EVENT_SECONDS: Final = Histogram(
    "webhook_service_event_seconds",
    "Time from the reading of a hook's request to its answer, upstream calls included.",
    ("event", "verdict", "reason"),
    buckets=SECONDS,
)
UPSTREAM_SECONDS: Final = Histogram(
    "webhook_service_upstream_seconds",
    "Time of each call to Kratos or Hydra, by operation and outcome (ok or a reason).",
    ("operation", "outcome"),
    buckets=SECONDS,
)
EXTENSIONS: Final = Counter(
    "webhook_service_extensions_total",
    "Session extensions that were asked for, by what became of them.",
    ("result",),
)
REFUSED: Final = Counter(
    "webhook_service_requests_refused_total",
    "Requests that were refused before any decision, by caller and reason.",
    ("caller", "reason"),
)
GATE_ANSWERS: Final = Counter(
    "webhook_service_gate_answers_total",
    "Browsers that came to a gate, by gate and by what they got.",
    ("gate", "answer"),
)
EFFECTS_ACCEPTED: Final = Counter(
    "webhook_service_effects_accepted_total",
    "Effects that were kept before the event was answered, by kind.",
    ("kind",),
)
EFFECTS_ENDED: Final = Counter(
    "webhook_service_effects_ended_total",
    "Tries of effects, by kind and outcome: done, later, retry or failed.",
    ("kind", "outcome"),
)
EFFECT_LATE_SECONDS: Final = Histogram(
    "webhook_service_effect_late_seconds",
    "How long after it was due a try of an effect began, by kind.",
    ("kind",),
    buckets=LATE_SECONDS,
)
EFFECTS: Final = Gauge(
    "webhook_service_effects",
    "Effects in the store, by kind and state; counted when they are scraped.",
    ("kind", "state"),
    multiprocess_mode="mostrecent",
)
EFFECTS_OLDEST_SECONDS: Final = Gauge(
    "webhook_service_effects_oldest_due_seconds",
    "How long the oldest effect that is due has waited; 0 where none is.",
    multiprocess_mode="mostrecent",
)
STORE_UP: Final = Gauge(
    "webhook_service_store_up",
    "1 where the database answered the last scrape.",
    multiprocess_mode="mostrecent",
)
UPSTREAM_DOWN: Final = Gauge(
    "webhook_service_upstream_down",
    "Processes in which calls to Kratos or Hydra fail fast, because it did not answer.",
    ("upstream",),
    multiprocess_mode="livesum",
)
RULES: Final = Counter(
    "webhook_service_rules_total",
    "Rules that had anything to say of an event, by section, rule, outcome and mode: enforced,"
    " or shadow, where the answer was as if there were no such rule.",
    ("section", "rule", "outcome", "mode"),
)
RECORDS: Final = Counter(
    "webhook_service_records_total",
    "Decision records for the database: kept, left_out above RECORD_RATE, or lost because the"
    " database was away for too long.",
    ("outcome",),
)
RELOADS: Final = Counter(
    "webhook_service_policy_reloads_total",
    "Policy files that were offered after the start, accepted or refused.",
    ("outcome",),
)
POLICY_REFUSED: Final = Gauge(
    "webhook_service_policy_refused",
    "1 while the policy file does not load and the policy before it stays in force.",
    multiprocess_mode="mostrecent",
)
INFO: Final = Gauge(
    "webhook_service_info",
    "1 for the policy in force, 0 for those before it; labels: version and digest.",
    ("version", "policy"),
    multiprocess_mode="mostrecent",
)

for _caller in ("kratos", "hydra", "check", "browser"):
    # From the start at 0: what a series begins with is no increase, and alerts look for one.
    REFUSED.labels(_caller, "service.overloaded")
for _fate in Fate:
    RECORDS.labels(_fate.value)

_told_policies: Final[set[str]] = set()

NO_REASON: Final = "none"


@lru_cache(maxsize=4096)
def _counter(metric: Counter, *labels: str) -> Counter:
    """Return a metric's child. To look for it there takes as long as to count does."""
    return metric.labels(*labels)


@lru_cache(maxsize=4096)
def _histogram(metric: Histogram, *labels: str) -> Histogram:
    return metric.labels(*labels)


def count(record: Record) -> None:
    """Count one decision."""
    decision = record.decision
    labels = (
        decision.event.value,
        decision.verdict.value,
        decision.reason.value if decision.reason else NO_REASON,
    )
    _counter(EVENTS, *labels).inc()
    _histogram(EVENT_SECONDS, *labels).observe(record.seconds)
    for call in record.calls:
        _histogram(UPSTREAM_SECONDS, call.operation, call.outcome).observe(call.seconds)
    _count_rules(decision.rulings, "enforced")
    _count_rules(decision.shadow, "shadow")
    if record.extension is not None:
        EXTENSIONS.labels(record.extension.result.value).inc()


def _count_rules(rulings: Sequence[Ruling], mode: str) -> None:
    for ruling in rulings:
        if ruling.outcome is not Outcome.NO_MATCH:
            section, outcome = ruling.section.value, ruling.outcome.value
            _counter(RULES, section, ruling.rule, outcome, mode).inc()


def count_records(fate: Fate, count: int) -> None:
    """Count what became of decision records."""
    _counter(RECORDS, fate.value).inc(count)


class CountedEffects:
    """Counts effects as they come and end."""

    def accepted(self, kind: Kind) -> None:
        """Count one that was not there before."""
        EFFECTS_ACCEPTED.labels(kind.value).inc()

    def begun(self, kind: Kind, late: float) -> None:
        """Count how late a try begins."""
        EFFECT_LATE_SECONDS.labels(kind.value).observe(late)

    def ended(self, kind: Kind, result: Result) -> None:
        """Count how a try ended."""
        EFFECTS_ENDED.labels(kind.value, type(result).__name__.lower()).inc()


def tell_effects(counts: Counts | None) -> None:
    """Say how many effects stand where; ``None`` where the store does not answer."""
    STORE_UP.set(0 if counts is None else 1)
    if counts is None:
        return
    for kind in Kind:
        for state in State:
            EFFECTS.labels(kind.value, state.value).set(counts.by_state.get((kind, state), 0))
    oldest = counts.oldest_due
    EFFECTS_OLDEST_SECONDS.set(0 if oldest is None else max(0.0, oldest.total_seconds()))


def tell_upstream(name: str, *, down: bool) -> None:
    """Say whether this process has given an upstream up for now."""
    UPSTREAM_DOWN.labels(name).set(1 if down else 0)


def count_refused(caller: str, reason: str) -> None:
    """Count a request that was refused before any decision."""
    REFUSED.labels(caller, reason).inc()


def count_gate(gate: str, answer: str) -> None:
    """Count what a browser got at a gate."""
    GATE_ANSWERS.labels(gate, answer).inc()


def count_reload(outcome: str) -> None:
    """Count a policy file that was offered."""
    RELOADS.labels(outcome).inc()


def tell_refused(*, refused: bool) -> None:
    """Say whether a policy file is being refused."""
    POLICY_REFUSED.set(1 if refused else 0)


def tell_policy(digest: str) -> None:
    """Say which policy is in force."""
    for told in _told_policies - {digest}:
        INFO.labels(__version__, told).set(0)
    _told_policies.add(digest)
    INFO.labels(__version__, digest).set(1)


def scrape() -> bytes:
    """Return the metrics of all processes, in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has none
    return generate_latest(registry)
