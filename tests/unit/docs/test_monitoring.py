"""The alert rules and the dashboard ask for metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from ruamel.yaml import YAML

from webhook_service.records import metrics

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "docs/prometheus/alerts.yml"
DASHBOARD = ROOT / "docs/grafana/dashboard.json"

OURS = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
GIVEN_BY_PROMETHEUS = {"instance", "job"}
SUFFIXES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}
LABELS = {
    each._name + suffix: set(each._labelnames)
    | GIVEN_BY_PROMETHEUS
    | ({"le"} if suffix == "_bucket" else set())
    for each in OURS
    for suffix in SUFFIXES[type(each)]
}
"""The labels of each sample, by its name."""

SAMPLE = re.compile(r"\b(webhook_service_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")


def alerts() -> dict[str, Any]:
    found = YAML(typ="safe").load(ALERTS)
    return {rule["alert"]: rule for group in found["groups"] for rule in group["rules"]}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[Any]:
    for name, rule in alerts().items():
        yield pytest.param(rule["expr"], id=name)
    for panel in panels():
        for target in panel.get("targets", ()):
            yield pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")


def test_the_samples_of_a_scrape_are_those_that_are_looked_for() -> None:
    """Else this file would compare expressions with what it made up itself."""
    lines = metrics.scrape().decode().splitlines()
    told = {line.split()[2] for line in lines if line.startswith("# TYPE webhook_service_")}
    known = {re.sub("_(bucket|sum|count)$", "", name) for name in LABELS}
    assert {name for name in told if not name.endswith("_created")} == known


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_asks_for_what_there_is(expression: str) -> None:
    samples = SAMPLE.findall(expression)
    assert samples or expression.startswith("up{")
    source = "".join(path.read_text() for path in (ROOT / "webhook_service").rglob("*.py"))
    for name, matchers in samples:
        assert name in LABELS
        for label, value in MATCHER.findall(matchers):
            assert label in LABELS[name]
            assert value == "$instance" or f'"{value}"' in source
    for labels in GROUPING.findall(expression):
        wanted = {label.strip() for label in labels.split(",")}
        assert all(wanted <= LABELS[name] for name, _ in samples)


def test_what_happens_once_is_seen_for_its_series_is_there_before() -> None:
    """``increase`` sees nothing of the sample that a series begins with."""
    done = subprocess.run(  # noqa: S603  the program under test
        [
            *(sys.executable, "-c"),
            "from webhook_service.records import metrics; print(metrics.scrape().decode())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    watched = {
        (name, matchers)
        for rule in alerts().values()
        if "increase(" in rule["expr"]
        for name, matchers in SAMPLE.findall(rule["expr"])
        # Who is refused by Ory is refused again at the next call.
        if "upstream.unauthorized" not in matchers
    }
    assert watched
    for name, matcher in watched:
        assert re.search(rf"^{name}{{.*{matcher}.*}} 0.0$", done.stdout, re.MULTILINE)


def test_every_alert_says_what_happens_and_what_to_do() -> None:
    for name, rule in alerts().items():
        assert name.startswith("WebhookService")
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {
        name
        for panel in panels()
        for target in panel.get("targets", ())
        for name, _ in SAMPLE.findall(target["expr"])
    }
    assert [
        each._name
        for each in OURS
        if not shown & {each._name + suffix for suffix in SUFFIXES[type(each)]}
    ] == []


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels()
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    numbers = [panel["id"] for panel in panels()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs Debian's package prometheus")
def test_prometheus_takes_the_alert_rules() -> None:
    done = subprocess.run(  # noqa: S603  Debian's own program
        ["promtool", "check", "rules", str(ALERTS)],  # noqa: S607  wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
