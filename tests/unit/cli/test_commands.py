"""The commands as a newcomer meets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from webhook_service import __version__
from webhook_service.cli import main
from webhook_service.web.openapi_route import document

COMMANDS = (
    "sandbox serve worker policy simulate ory-config doctor tail effects records db keys openapi"
).split()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, prog_name="webhook-service")
    assert result.exit_code == 0, result.output
    return result.output


def test_help_names_the_first_step_and_every_command() -> None:
    text = run("--help")
    assert "Start with: webhook-service sandbox" in text
    found = re.findall("^  ([a-z-]+) ", text.partition("Commands:")[2], re.MULTILINE)
    assert found == COMMANDS


def test_an_unknown_command_is_an_error() -> None:
    result = CliRunner().invoke(main, ["serv"])
    assert result.exit_code == 2


def test_version() -> None:
    assert run("--version") == f"webhook-service, version {__version__}\n"


def test_a_new_key_is_long_enough_and_new() -> None:
    one, other = run("keys", "new").strip(), run("keys", "new").strip()
    assert len(one) == len(other) == 43
    assert one != other


def test_openapi_prints_the_document() -> None:
    assert run("openapi").encode() == document()


def test_serve_help_lists_every_setting() -> None:
    """The list must not fall behind the code that reads the environment."""
    source = Path(__file__).parents[3].joinpath("webhook_service/settings.py").read_text()
    text = run("serve", "--help")
    names = {
        word
        for word in source.replace("(", " ").replace(",", " ").replace('"', " ").split()
        if word.isupper() and "_" in word and not word.startswith("_") and word.isascii()
    }
    names -= {"MIN_KEY_LENGTH", "MAX_KEYS", "MIN_DEADLINE", "MAX_DEADLINE"}
    read = {name for name in names if f'"{name}"' in source}
    assert len(read) > 15
    assert [name for name in sorted(read) if name not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    assert len(run(command, "--help").splitlines()) > 3
