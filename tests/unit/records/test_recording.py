"""Where the record of a decision goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from unit.effects.logbook import Log
from unit.workbench import BenchMaker, Recorded

from webhook_service.effects.store.schema import upgrade
from webhook_service.opening import open_records
from webhook_service.recording import make_recorder
from webhook_service.records import metrics
from webhook_service.records.record import Record
from webhook_service.records.writer import Nowhere
from webhook_service.service import utc_now
from webhook_service.settings import Settings

POLICY = """
deny:
  - name: no machines
    when: client.id == "machine"
    events: [hydra.token]
  - name: no machines at all
    mode: shadow
    when: client.id == "machine"
    events: [hydra.token]
  - name: no robots
    when: client.id == "robot"
    events: [hydra.token]
"""


@dataclass
class Taken(Nowhere):
    """Keeps what it takes, for a test to see."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def take(self, record: Record, line: Mapping[str, Any]) -> None:  # noqa: ARG002  a recorder's signature
        self.lines.append(dict(line))


def test_the_database_gets_what_the_log_gets(make_bench: BenchMaker, recorded: Recorded) -> None:
    taken = Taken()
    bench = make_bench(POLICY, recorder=taken)
    bench.token(recorded.body("hydra.token.client_credentials"))
    [line] = taken.lines
    logged = bench.record()
    assert {**line, "level": "info", "message": "decision"} == logged
    assert line["rule"] == "no machines"


def test_hashes_go_to_the_log_and_to_the_database(make_bench: BenchMaker, refresh: Any) -> None:
    taken = Taken()
    bench = make_bench(recorder=taken, hash_key=b"k" * 32)
    bench.token(refresh)
    [line] = taken.lines
    subject = refresh["session"]["id_token"]["subject"]
    assert line["hashed"] is True
    assert line["subject"] == bench.record()["subject"] != subject
    assert subject not in str(line) + bench.log.getvalue().decode()


def test_a_kept_record_is_the_line_of_the_log(
    make_bench: BenchMaker, recorded: Recorded, tmp_path: Path
) -> None:
    """Through the real writer and the real database."""
    url = f"sqlite:///{tmp_path}/records.db"
    upgrade(url)
    recorder = make_recorder(Settings(database_url=url), Log().logger, utc_now)
    bench = make_bench(POLICY, recorder=recorder)
    bench.token(recorded.body("hydra.token.client_credentials"))
    bench.token(recorded.body("hydra.token.refresh_token.consent-claims"))
    recorder.stop(30)
    store = open_records(url)
    assert [one.line for one in store.following(after=0)] == [
        line for line in bench.lines() if line["message"] == "decision"
    ]
    assert {(one.rule, one.shadow, one.verdict) for one in store.said(bench.clock.now)} == {
        ("no machines", False, "deny"),
        ("no machines at all", True, "deny"),
    }


@pytest.mark.parametrize(
    ("rule", "mode", "more"),
    [
        ("no machines", "enforced", 2),
        ("no machines at all", "shadow", 2),
        ("no robots", "enforced", 0),
        ("no robots", "shadow", 0),
    ],
)
def test_metrics_count_what_rules_said(
    make_bench: BenchMaker, recorded: Recorded, rule: str, mode: str, more: int
) -> None:
    bench = make_bench(POLICY)

    def counted() -> float:
        labels = f'{{mode="{mode}",outcome="matched",rule="{rule}",section="deny"}}'
        lines = dict(
            line.rsplit(" ", 1) for line in metrics.scrape().decode().splitlines() if line[0] != "#"
        )
        return float(lines.get(f"webhook_service_rules_total{labels}", 0))

    before = counted()
    for _ in range(2):
        bench.token(recorded.body("hydra.token.client_credentials"))
    assert counted() == before + more


def test_in_a_shadow_run_every_rule_is_counted_as_one(
    make_bench: BenchMaker, recorded: Recorded
) -> None:
    bench = make_bench(POLICY.replace("no machines", "none"), mode="shadow")
    bench.token(recorded.body("hydra.token.client_credentials"))
    text = metrics.scrape().decode()
    assert 'rules_total{mode="shadow",outcome="matched",rule="none",section="deny"} 1.0' in text
    assert 'rules_total{mode="enforced",outcome="matched",rule="none"' not in text
