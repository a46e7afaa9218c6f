"""Writes the tables of docs/settings.md from the code: ``make docs``.

Names, defaults and purposes are those of ``serve --help``. What a setting accepts is asked of
the parser, by a value that none takes: the page says what its refusal says.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

from made_tables import filled
from markdown_tables import table

from webhook_service import settings
from webhook_service.cli.setting_texts import GROUPS, Setting

PAGE: Final = Path(__file__).parent.parent / "docs" / "settings.md"

_TAKEN_BY_NONE: Final = "?? ??"
_ACCEPTED: Final = "accepted: "


def document(page: str) -> str:
    """Return the page with its tables as the code has them now.

    Raises:
        ValueError: it has other tables than there are groups of settings.
    """
    return filled(page, TABLES)


def accepted(setting: Setting) -> str:
    """Return what a setting accepts.

    Raises:
        ValueError: nothing says it.
    """
    if setting.accepts:
        return setting.accepts
    with patch.dict(os.environ, {setting.name: _TAKEN_BY_NONE}, clear=True):
        try:
            settings.load()
        except settings.SettingsError as error:
            for said in error.problems.get(setting.name, ()):
                if _ACCEPTED in said:
                    return said.partition(_ACCEPTED)[2]
    raise ValueError(f"{setting.name}: no refusal says what it accepts")


def _row(setting: Setting) -> tuple[str, ...]:
    names = [setting.name]
    if setting.name in settings.FROM_FILES:
        names.append(f"{setting.name}_FILE")
    default = f"`{setting.default}`" if setting.default else ""
    return ", ".join(f"`{name}`" for name in names), default, accepted(setting), setting.full


def _table(group: tuple[Setting, ...]) -> str:
    return table(("setting", "default", "accepts", "what it is"), map(_row, group))


def _mark(title: str) -> str:
    """Return how the page names a group: the words of its title."""
    words = "".join(one if one.isalpha() else " " for one in title.lower()).split()
    return "-".join(words)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    _mark(title): partial(_table, group) for title, group in GROUPS.items()
}


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE.name}: {len(TABLES)} tables\n")
    PAGE.write_text(document(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
