"""The environment that settings are read from."""

from __future__ import annotations

import os

import pytest

from webhook_service import settings
from webhook_service.settings import SettingsError

KEY = "k" * 32
OTHER = "o" * 40


def clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing set."""
    for name in os.environ:
        monkeypatch.delenv(name)


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, list[str]]:
    """Set this as well; return what is wrong then, by setting."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return caught.value.problems
