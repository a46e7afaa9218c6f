"""docs/doctor.md has the catalogue of the code."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_page_is_as_make_docs_writes_it() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        tool = import_module("doctor_reference")
    finally:
        sys.path.remove(str(ROOT / "tools"))
    assert tool.document(page) == page
