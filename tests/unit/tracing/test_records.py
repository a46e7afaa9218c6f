"""A record that names its trace is read like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from unit.tracing.made import CAME, Made
from unit.workbench import BenchMaker

from webhook_service.cli import main
from webhook_service.records.log import console_line

POLICY = "version: 1\ndeny: [{name: nobody, when: 'client.id == \"x\"'}]\n"


@pytest.fixture
def record(make_traced: BenchMaker, made: Made, refresh: Any) -> dict[str, Any]:
    bench = make_traced(POLICY.partition("\n")[2])
    bench.token(refresh, **CAME)
    record = bench.record()
    assert {"trace_id", "span_id"} <= record.keys()
    return record


def test_it_is_explained_and_simulated(
    record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(POLICY)
    Path("log").write_text(json.dumps(record) + "\n")
    explain = ["policy", "explain", "policy.yaml", "--record", record["key"], "--log", "log"]
    explained = CliRunner().invoke(main, explain)
    assert explained.exit_code == 0, explained.output
    assert "nobody" in explained.output
    simulated = CliRunner().invoke(main, ["simulate", "log"])
    assert simulated.exit_code == 0, simulated.output
    assert "1 event " in simulated.output


def test_in_a_terminal_its_line_is_no_longer(record: dict[str, Any]) -> None:
    without = {name: value for name, value in record.items() if not name.endswith("_id")}
    assert console_line(record, colour=False) == console_line(without, colour=False)
