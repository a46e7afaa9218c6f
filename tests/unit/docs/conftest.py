"""What the tests of the documents share: two documents, and the tools that fill them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def guide() -> str:
    return (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def settings_page() -> str:
    return (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def tool() -> Iterator[ModuleType]:
    with _imported("policy_reference") as module:
        yield module


@pytest.fixture(scope="session")
def settings_tool() -> Iterator[ModuleType]:
    with _imported("settings_reference") as module:
        yield module


@contextmanager
def _imported(name: str) -> Iterator[ModuleType]:
    """Import a tool as ``make docs`` runs it: with its folder on the path."""
    folder = str(ROOT / "tools")
    sys.path.insert(0, folder)
    try:
        yield import_module(name)
    finally:
        sys.path.remove(folder)
