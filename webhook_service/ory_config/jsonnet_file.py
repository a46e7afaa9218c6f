"""Finds the shipped body of Kratos' hooks."""

from __future__ import annotations

from pathlib import Path

import webhook_service

_PACKAGE = Path(webhook_service.__file__).parent


def document() -> str:
    """Return the document: from the package, or from the checkout it is developed in."""
    for path in (_PACKAGE / "kratos.jsonnet", _PACKAGE.parent / "docs" / "kratos.jsonnet"):
        if path.is_file():
            return path.read_text("utf-8")
    raise FileNotFoundError("kratos.jsonnet is neither in the package nor in docs beside it")
