"""How fast ``simulate`` replays, by processor time, and what memory it takes.

``python -m bench.simulate ARGUMENTS…`` is the measured process: the command, then its peak.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Final

from bench import policies, recorded
from bench.figure import REPEATS, Figure
from webhook_service.cli import main
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import Gatherer
from webhook_service.hooks.event import Raw
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.table import HYDRA_TOKEN, hooks
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.log import make_logger
from webhook_service.records.record import Record
from webhook_service.service import Service
from webhook_service.simulation.happenings import Reader
from webhook_service.simulation.inputs import items
from webhook_service.simulation.simulate import simulate

EVENTS: Final = 5_000
AIM: Final = 10_000
FEW, MANY = 40_000, 200_000

CLOSED: Final = """\
version: 1
deny:
  - name: the web app is closed
    when: client.id == "web"
"""
"""Compared with this, every event is decided otherwise: the most that is kept of events."""


def measure() -> list[Figure]:
    """Measure on the decision of the recorded refresh, and on its body."""
    ten = load(policies.TEN_RULES.encode())
    record = _record(ten)
    call = json.dumps({"case": "hydra.token", "body": json.loads(recorded.body())}).encode()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        few, many = (_peak(folder, record, count) for count in (FEW, MANY))
        return [
            Figure(
                "simulate, decision records a second",
                _a_second(folder, ten, record),
                least=AIM,
            ),
            Figure("simulate, recorded calls a second", _a_second(folder, ten, call)),
            Figure(f"simulate, peak at {FEW:,} records", few, "MiB"),
            Figure(f"simulate, peak at {MANY:,} records", many, "MiB"),
            Figure("simulate, peak of the many / of the few", many / few, most=1.05),
        ]


def _a_second(folder: Path, policy: Policy, line: bytes) -> float:
    """Return how many events a second of processor time decides, reading the file included."""
    path = folder / "events.jsonl"
    path.write_bytes((line + b"\n") * EVENTS)
    reader = Reader(tuple(hooks(RequestHeaders()).values()), lambda: datetime.now(UTC))
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        simulation = simulate(items([path], io.BytesIO(), lambda _: None), reader, policy)
        spent.append(time.process_time() - begun)
        assert simulation.tally.events == EVENTS, "something was no event"
    return EVENTS / median(spent)


def _peak(folder: Path, record: bytes, count: int) -> float:
    """Return the peak of a process that compares two policies, in MiB."""
    ten, closed, log = folder / "policy.yaml", folder / "closed.yaml", folder / "service.log"
    ten.write_text(policies.TEN_RULES)
    closed.write_text(CLOSED)
    with log.open("wb") as file:
        file.writelines(_of_people(record, count))
    command = [sys.executable, "-m", "bench.simulate", str(log), "--policy", str(ten)]
    done = subprocess.run(
        [*command, "--against", str(closed), "--json"], stdout=subprocess.PIPE, check=True
    )
    report, peak = done.stdout.decode().rsplit("\n", 2)[0:2]
    assert json.loads(report)["events"] == count, "something was no event"
    return int(peak) / 1024


def _of_people(record: bytes, count: int) -> Iterator[bytes]:
    """Yield the record again and again, each time of somebody else."""
    fields = json.loads(record)
    subject, key = fields["subject"], fields["key"]
    for number in range(count):
        other = record.replace(subject[:8].encode(), b"%08x" % number)
        yield other.replace(key[:8].encode(), b"%08x" % number) + b"\n"


def _record(policy: Policy) -> bytes:
    """Return the line that the service logs of the refresh."""
    line = io.BytesIO()
    logger = make_logger("json", "info", line)

    def keep(record: Record) -> None:
        fields = record.fields()
        logger.info("decision", event_name=fields.pop("event"), **fields)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        service = Service(
            policies=PolicyInForce(policy),
            all_shadow=False,
            gatherer=Gatherer(None, None, timedelta(seconds=1)),
            recent=RecentEvents(Path(folder, "recent")),
            hook_deadline=1,
            keep=keep,
        )
        service.answer(hooks(RequestHeaders())[HYDRA_TOKEN], Raw(HYDRA_TOKEN, recorded.body()))
    return line.getvalue().rstrip()


if __name__ == "__main__":
    main(["simulate", *sys.argv[1:]], standalone_mode=False)
    status = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
