"""``policy check``: every error at once, else what each rule does, and warnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]

RULES = """\
mode: shadow
conditions:
  staff: identity.traits.staff == true
sessions:
  - name: staff sign in every morning
    when: staff
    max_age: 8h
deny:
  - name: blocked
    mode: enforce
    when: client.id == "x"
tests:
  - {name: a, event: check, expect: {verdict: allow}}
"""
WARNED = "mfa:\n  - {name: second factor, require: {aal: aal2}}\n"
WRONG = 'mfa:\n  - name: a\n    when: client.idd == "x"\n    require: {aal: aal3}\n'


def test_each_rule_is_told_with_what_it_does(run: Run, write: Callable[..., Path]) -> None:
    path = write(RULES)
    assert run("policy", "check", path).stdout == (
        f'sessions "staff sign in every morning" (shadow)  {path}:6\n'
        "    events  hydra.token, kratos.login, check\n"
        "    facts   identity.traits.staff\n"
        "    calls   kratos.identity, kratos.session at hydra.token, check\n"
        "            none at kratos.login\n"
        f'deny "blocked"  {path}:10\n'
        "    events  hydra.token, kratos.login\n"
        "    facts   client.id\n"
        "    calls   none at hydra.token\n"
        "            hydra.login_request at kratos.login\n"
        "\n"
        "no errors, 0 warnings, 2 rules, 1 test, policy 9f9aa00cb06e\n"
    )


def test_every_error_is_told_at_once(run: Run, write: Callable[..., Path]) -> None:
    path = write(WRONG)
    result = run("policy", "check", path, status=1)
    assert result.stdout == ""
    assert result.stderr == (
        f"{path}:4:11: condition.unknown_fact: client.idd is not a fact; did you mean client.id?\n"
        f"{path}:5:20: policy.value: aal: aal3 is not accepted; write aal1 or aal2\n"
        "2 errors\n"
    )


def test_a_file_can_come_from_standard_input(run: Run) -> None:
    assert "no errors" in run("policy", "check", "-", input="version: 1\n").stdout
    result = run("policy", "check", "-", input="version: 2\n", status=1)
    assert result.stderr.startswith("standard input:1:10: policy.version:")


def test_a_warning_does_not_fail_unless_strict(run: Run, write: Callable[..., Path]) -> None:
    path = write(WARNED)
    text = run("policy", "check", path).stdout
    assert f"{path}:3: warning.grant_escapes: tokens of jwt-bearer have no session" in text
    assert "no errors, 1 warning, 1 rule, 0 tests" in text
    assert run("policy", "check", "--strict", path, status=1).stdout == text
    run("policy", "check", "--strict", write(RULES))


def test_json_of_a_file_without_errors(
    run_json: Callable[..., Any], write: Callable[..., Path]
) -> None:
    path = write(WARNED)
    document = run_json("policy", "check", "--json", path)
    assert {key: document[key] for key in ("file", "valid", "tests", "rules")} == {
        "file": str(path),
        "valid": True,
        "tests": 0,
        "rules": [
            {
                "section": "mfa",
                "name": "second factor",
                "line": 3,
                "shadow": False,
                "events": ["hydra.token", "check"],
                "facts": [],
                "calls": {
                    "hydra.token": ["kratos.identity", "kratos.session"],
                    "check": ["kratos.identity", "kratos.session"],
                },
            }
        ],
    }
    assert [(each["line"], each["code"]) for each in document["warnings"]] == [
        (3, "warning.grant_escapes")
    ]


@pytest.mark.parametrize(
    ("command", "and_then"),
    [
        (["policy", "check"], []),
        (["policy", "test"], []),
        (["policy", "explain"], ["--record", "a", "--log", __file__]),
        (["simulate", "--policy"], [__file__]),
    ],
)
def test_json_of_a_file_with_errors_is_the_same_from_every_command(
    run_json: Callable[..., Any],
    write: Callable[..., Path],
    command: list[str],
    and_then: list[str],
) -> None:
    path = write(WRONG)
    document = run_json(*command, path, *and_then, "--json", status=1)
    assert (document["file"], document["valid"]) == (str(path), False)
    assert [(each["line"], each["column"], each["kind"]) for each in document["errors"]] == [
        (4, 11, "condition.unknown_fact"),
        (5, 20, "policy.value"),
    ]


def test_a_file_that_is_not_there_is_a_usage_error(run: Run) -> None:
    assert "No such file" in run("policy", "check", "nowhere.yaml", status=2).stderr


def test_a_file_beyond_any_policy_is_refused(run: Run) -> None:
    result = run("policy", "check", "-", input="#" * (2 << 20), status=1)
    assert "file.too_large" in result.stderr


def test_every_example_has_no_errors(run: Run, examples: list[Path]) -> None:
    for path in examples:
        assert "no errors" in run("policy", "check", path).stdout


def test_a_terminal_gets_colours_and_a_pipe_does_not(run: Run, write: Callable[..., Path]) -> None:
    path = write(RULES)
    plain = run("policy", "check", path).stdout
    assert "\x1b[" not in plain
    assert "\x1b[32mno errors" in run("policy", "check", path, color=True).stdout


def test_no_color_takes_the_colours_out(run: Run, write: Callable[..., Path]) -> None:
    path = write(RULES)
    coloured = run("policy", "check", path, color=True, env={"NO_COLOR": "1"})
    assert coloured.stdout == run("policy", "check", path).stdout


@pytest.mark.parametrize("command", ["check", "test", "explain", "schema"])
def test_every_command_tells_its_exit_codes(run: Run, command: str) -> None:
    assert "\n  Exit codes\n    0  " in run("policy", command, "--help").stdout


def test_the_group_lists_its_commands(run: Run) -> None:
    text = run("policy", "--help").stdout
    for command in ("check", "test", "explain", "schema"):
        assert f"\n  {command} " in text
    run("policy", "chek", status=2)
