"""``python -m bench [names…]``: measure, and print a table."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib import import_module
from typing import Final

from bench.figure import Figure, table
from webhook_service.runtime import METRICS_VARIABLE

NAMES: Final = (
    "hook_vs_empty",
    "decide",
    "upstream",
    "check",
    "footprint",
    "simulate",
    "records",
    "page",
    "scrape",
    "tracing",
    "effects",
)


def main(names: list[str]) -> None:
    """Measure what is named, or everything."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"not measured here: {', '.join(unknown)}; choose of {', '.join(NAMES)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before: {_load()}")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        # As in the service: counted into files. Before the metrics are imported.
        os.environ[METRICS_VARIABLE] = folder
        for name in names or NAMES:
            print(f"… {name}", file=sys.stderr)
            figures += import_module(f"bench.{name}").measure()
    print(f"load after: {_load()}\n")
    print(table(figures))


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
