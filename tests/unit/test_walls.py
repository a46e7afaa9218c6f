"""What import-linter cannot see: nobody in the pure core reads a clock."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "webhook_service"
PURE = sorted(
    path for room in ("hooks", "policy", "gates") for path in PACKAGE.glob(f"{room}/**/*.py")
)


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_core_reads_no_clock_and_no_chance(path: Path) -> None:
    """P32: time is an argument."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"now", "utcnow", "today", "monotonic", "perf_counter"}, (
                f"{path.name}:{node.lineno}"
            )
        if isinstance(node, ast.Import):
            assert not {"random", "secrets", "time", "os"} & {alias.name for alias in node.names}


def test_there_is_a_core_to_look_at() -> None:
    assert len(PURE) > 20
