"""What a scrape costs, where two processes have counted 300 rules with two outcomes each.

Each process counts into files of its own, and a scrape adds them up: ``python -m bench.scrape``
is one that counts and ends.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any, Final

from bench.figure import Figure, microseconds
from webhook_service.policy.decision import Decision, Outcome, Reason, Ruling, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.policy.model import Section
from webhook_service.records import metrics
from webhook_service.records.record import Record

PROCESSES: Final = 2
RULES: Final = 300
VERDICTS: Final = (
    (Verdict.ALLOW, None),
    (Verdict.DENY, Reason.RULE_DENIED),
    (Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW),
)


def measure() -> list[Figure]:
    """Let other processes count, and scrape."""
    for _ in range(PROCESSES):
        subprocess.run([sys.executable, "-m", "bench.scrape"], check=True)
    samples = metrics.scrape().count(b"webhook_service_rules_total{")
    assert samples == 2 * RULES, f"{samples} samples of rules"
    cost = microseconds(metrics.scrape) / 1000
    return [Figure("a scrape, 300 rules, two processes", cost, "ms", most=20)]


def _count() -> None:
    """Count every event with every verdict, and both outcomes of every rule."""
    unused: Any = None
    for event in EventName:
        for verdict, reason in VERDICTS:
            for outcome in (Outcome.MET, Outcome.UNMET):
                rulings = tuple(
                    Ruling(Section.MFA, f"the rule with the number {number}", number, outcome)
                    for number in range(RULES)
                )
                decision = Decision(event, verdict, reason, rulings=rulings)
                now = datetime.now(UTC)
                metrics.count(Record(now, unused, unused, decision, None, 200, (), "digest", 0.01))


if __name__ == "__main__":
    _count()
