"""docs/settings.md and ``serve --help`` are of the code, and leave no setting out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from webhook_service import settings
from webhook_service.cli import main
from webhook_service.cli.setting_texts import GROUPS, Setting
from webhook_service.cli.setting_texts import settings as every_setting

EVERY = list(every_setting())
HOOK_KEY = {"HYDRA_HOOK_KEYS": "k" * 32}


class Watched(dict[str, str]):
    """An environment that notes which of its variables are asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.asked = set[str]()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Put nothing but a hook's key into the environment."""
    watched = Watched(HOOK_KEY)
    monkeypatch.setattr(os, "environ", watched)
    yield watched
    monkeypatch.undo()


def test_every_variable_that_is_read_stands_in_the_table_and_no_other(
    environment: Watched,
) -> None:
    settings.load()
    files = {f"{name}_FILE" for name in settings.FROM_FILES}
    assert environment.asked - files == {one.name for one in EVERY}
    assert files <= environment.asked


def test_no_variable_stands_there_twice() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY)


@pytest.mark.parametrize("setting", [s for s in EVERY if s.default], ids=lambda s: s.name)
def test_the_default_is_what_holds_where_nothing_is_set(
    environment: Watched, setting: Setting
) -> None:
    unset = settings.load()
    environment[setting.name] = setting.default
    assert settings.load() == unset


def test_where_no_default_is_told_nothing_holds(environment: Watched) -> None:
    """An address, a set of keys or of origins: what is empty there is empty in the table."""
    loaded = settings.load()
    values = {
        name.upper(): getattr(loaded, name) for name in settings.Settings.__dataclass_fields__
    }
    empty = {name for name, value in values.items() if value in {None, (), frozenset()}}
    empty |= HOOK_KEY.keys()  # without one there is nothing to load
    told = {one.name for one in EVERY if not one.default}
    assert empty == told & values.keys()
    assert {name for name in told - values.keys() if not name.startswith("OTEL_")} == {
        "ORY_PROJECT_URL"
    }


def test_the_committed_page_has_the_tables_of_the_code(
    settings_tool: ModuleType, settings_page: str
) -> None:
    assert settings_page == settings_tool.document(settings_page), "run: make docs"


def test_every_group_is_a_part_of_the_page(settings_page: str) -> None:
    headings = [line[3:] for line in settings_page.splitlines() if line.startswith("## ")]
    assert headings[: len(GROUPS)] == list(GROUPS)


def test_what_is_accepted_is_what_the_refusal_says(settings_tool: ModuleType) -> None:
    port = next(one for one in EVERY if one.name == "PORT")
    assert settings_tool.accepted(port) == "a whole number from 1 to 65535"


def test_a_setting_whose_refusal_says_nothing_must_say_it_itself(
    settings_tool: ModuleType,
) -> None:
    silent = Setting("POLICY_FILE", "policy.yaml", "the rules", "The rules.")
    with pytest.raises(ValueError, match="POLICY_FILE: no refusal says"):
        settings_tool.accepted(silent)


def test_the_help_names_every_setting_in_lines_that_fit_a_terminal() -> None:
    told = CliRunner().invoke(main, ["serve", "--help"]).output
    for one in EVERY:
        assert f"\n    {one.name} " in told
        assert one.brief in told
    assert max(map(len, told.splitlines())) <= 80
