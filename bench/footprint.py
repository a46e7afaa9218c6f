"""What one web process takes, and how soon it answers. gunicorn, one process, after some load."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Final

from bench import policies, recorded
from bench.figure import Figure
from bench.load import put_on
from bench.servers import SERVICE, processes_of, serving

STARTS: Final = 5


def measure() -> list[Figure]:
    """Start the service several times."""
    starts, sizes, shares = [], [], []
    for _ in range(STARTS):
        with serving(SERVICE, policies.TEN_RULES) as server:
            starts.append(server.start_seconds)
            put_on(server.port, recorded.request(), status=204, seconds=1, connections=32)
            _, web = processes_of(server.process)
            memory = _memory(web)
            sizes.append(memory["Rss"])
            shares.append(memory["Pss"])
    return [
        Figure("start to the first answer of /health/alive", median(starts), "s", most=1.5),
        Figure("a web process, resident", median(sizes), "MiB", most=80),
        Figure("a web process, its share of what is shared", median(shares), "MiB"),
    ]


def _memory(process: int) -> dict[str, float]:
    """Read the kernel's sums of a process's memory, in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    fields = (line.split() for line in lines)
    return {name.rstrip(":"): int(kib) / 1024 for name, kib, *_ in fields}
