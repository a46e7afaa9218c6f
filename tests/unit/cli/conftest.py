"""How the tests of the commands run one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from webhook_service.cli import main

EXAMPLES = Path(__file__).parent.parent / "policy" / "fixtures" / "examples"

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def run() -> Run:
    """Run a command; it must end with the status that is expected."""

    def invoke(*arguments: object, status: int = 0, **options: Any) -> Result:
        result = CliRunner().invoke(
            main, list(map(str, arguments)), prog_name="webhook-service", **options
        )
        assert result.exit_code == status, result.output
        return result

    return invoke


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """Run a command and read the JSON that it prints."""
    return lambda *arguments, **options: json.loads(run(*arguments, **options).stdout)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; a policy gets its version."""

    def to_file(text: str, name: str = "policy.yaml") -> Path:
        path = tmp_path / name
        head = "version: 1\n" if name.endswith("policy.yaml") else ""
        path.write_text(head + dedent(text))
        return path

    return to_file


@pytest.fixture
def examples() -> list[Path]:
    """Every example of the specification."""
    return sorted(EXAMPLES.glob("*.yaml"))
