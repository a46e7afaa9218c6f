"""Writes the table of docs/doctor.md from the catalogue of the code: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from made_tables import filled
from markdown_tables import table

from webhook_service.doctor.catalogue import KINDS

PAGE: Final = Path(__file__).parent.parent / "docs" / "doctor.md"


def document(page: str) -> str:
    """Return the page with its table as the code has it now.

    Raises:
        ValueError: it does not have the table.
    """
    return filled(page, {"findings": findings})


def findings() -> str:
    """Return everything that the doctor looks for."""
    return table(
        ("code", "level", "what is wrong", "why it matters", "what to write"),
        ((f"`{kind.code}`", kind.level.value, kind.title, kind.why, kind.remedy) for kind in KINDS),
    )


def main() -> None:
    """Write the page."""
    before = PAGE.read_text(encoding="utf-8")
    after = document(before)
    PAGE.write_text(after, encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {'unchanged' if after == before else 'written'}\n")


if __name__ == "__main__":
    main()
