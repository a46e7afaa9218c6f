"""What the tests of the documents share: the guide, and the tool that fills it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def guide() -> str:
    return (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def tool() -> Iterator[ModuleType]:
    """Import the tool as ``make docs`` runs it: with its folder on the path."""
    folder = str(ROOT / "tools")
    sys.path.insert(0, folder)
    try:
        yield import_module("policy_reference")
    finally:
        sys.path.remove(folder)
