"""The commands as a newcomer meets them."""

from __future__ import annotations

import re
import subprocess
import sys
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


def printed_in_latin_1(*arguments: object, **environment: str) -> bytes:
    done = subprocess.run(  # noqa: S603  the program under test
        [sys.executable, "-m", "webhook_service", *map(str, arguments)],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "latin-1", **environment},
    )
    return done.stdout


def test_a_terminal_that_lacks_a_character_gets_it_spelled_out() -> None:
    assert rb"/hooks/kratos/\u2026" in printed_in_latin_1("serve", "--help")


def test_a_merged_file_keeps_its_bytes_whatever_the_terminal_can_show(tmp_path: Path) -> None:
    file = tmp_path / "kratos.yml"
    file.write_bytes("# \N{SNOWMAN}\r\ndsn: caf\u00e9\r\n".encode())
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    environment = {
        "PUBLIC_URL": "https://hooks.example.org",
        "POLICY_FILE": str(tmp_path / "policy.yaml"),
    }
    arguments = ("ory-config", "kratos", "--no-keys", "--merge", file)
    assert printed_in_latin_1(*arguments, **environment) == file.read_bytes()
