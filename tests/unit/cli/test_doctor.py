"""``doctor``, as an operator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from unit.planning import CAP, HYDRA_KEY, KRATOS_KEY

from webhook_service.cli.doctor_report import lines
from webhook_service.doctor.catalogue import files, hooks
from webhook_service.doctor.finding import Finding, well
from webhook_service.ory.fake import FakeOry, Served
from webhook_service.service import utc_now

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def installation(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Set what an operator has set, beside a Kratos and a Hydra that answer."""
    with FakeOry(clock=utc_now).serve() as ory:
        for name, value in {
            "PUBLIC_URL": "https://hooks.example.org",
            "KRATOS_HOOK_KEYS": KRATOS_KEY,
            "HYDRA_HOOK_KEYS": HYDRA_KEY,
            "KRATOS_ADMIN_URL": ory.kratos.url,
            "HYDRA_ADMIN_URL": ory.hydra.url,
            "POLICY_FILE": str(write(CAP)),
            "DATABASE_URL": f"sqlite:///{tmp_path}/effects.db",
        }.items():
            monkeypatch.setenv(name, value)
        yield ory


def codes(run: Run, *arguments: object, status: int = 1) -> list[str]:
    printed: Any = json.loads(run("doctor", "--json", *arguments, status=status).stdout)
    return [one["code"] for one in printed["findings"] if one["level"] == "error"]


def test_an_installation_that_is_well_ends_with_0(run: Run) -> None:
    printed = run("doctor").stdout
    assert "ok       KRATOS_ADMIN_URL: kratos " in printed
    assert "0 errors, " in printed.splitlines()[-1]


def test_the_files_that_ory_config_makes_are_well(run: Run, write: Write) -> None:
    kratos, hydra = write("{}\n", "kratos.yml"), write("{}\n", "hydra.yml")
    run("ory-config", "kratos", "--merge", kratos, "--write")
    run("ory-config", "hydra", "--merge", hydra, "--write")
    printed = run("doctor", "--kratos", kratos, "--hydra", hydra).stdout
    assert "kratos: 1 hook calls the service" in printed
    assert "hydra: oauth2.token_hook calls the service" in printed
    assert KRATOS_KEY not in printed
    assert HYDRA_KEY not in printed


def test_what_is_wrong_is_said_with_its_reason_and_what_to_write(run: Run, write: Write) -> None:
    file = write("oauth2: {}\n", "hydra.yml")
    printed = run("doctor", "--hydra", file, status=1).stdout
    tail = printed.splitlines()[-6:]
    assert tail == [
        "error    hydra.hook_missing",
        "         hydra: oauth2.token_hook does not call the service",
        "         why    Tokens are issued and refreshed unasked.",
        "         write  webhook-service ory-config hydra --merge hydra.yml",
        "",
        tail[-1],
    ]
    assert tail[-1].startswith("1 error, ")


def test_json_says_the_same(run: Run, write: Write) -> None:
    file = write("oauth2: {}\n", "hydra.yml")
    printed = json.loads(run("doctor", "--json", "--hydra", file, status=1).stdout)
    assert printed["errors"] == 1
    (error,) = [one for one in printed["findings"] if one["level"] == "error"]
    assert error == {
        "level": "error",
        "code": "hydra.hook_missing",
        "what": "hydra: oauth2.token_hook does not call the service",
        "why": files.HYDRA_MISSING.why,
        "write": files.HYDRA_MISSING.remedy,
    }


def test_settings_that_are_wrong_are_all_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("MODE", "y")
    assert codes(run) == ["settings.invalid", "settings.invalid"]


def test_a_policy_that_is_wrong_is_named_error_by_error(run: Run, write: Write) -> None:
    write("sessions: 1\ndeny: 2\n")
    assert codes(run) == ["policy.invalid", "policy.invalid"]


def test_a_policy_that_is_not_there_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_FILE", "none.yaml")
    assert codes(run) == ["policy.invalid"]


def test_files_that_cannot_be_read_are_named_and_the_others_looked_at(
    run: Run, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "kratos.yml").write_bytes(b"\xff")
    hydra = write("- a\n", "hydra.yml")
    assert codes(run, "--kratos", tmp_path / "kratos.yml", "--hydra", hydra) == [
        "file.unreadable",
        "file.unreadable",
    ]


def test_both_files_together_show_what_neither_does(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, installation: Served
) -> None:
    monkeypatch.setenv("KRATOS_PUBLIC_URL", installation.kratos_public.url)
    kratos, hydra = (
        write("{}\n", "kratos.yml"),
        write("urls: {self: {issuer: https://oauth.example.org}}\n", "hydra.yml"),
    )
    run("ory-config", "kratos", "--merge", kratos, "--write")
    run("ory-config", "hydra", "--gates", "--merge", hydra, "--write")
    arguments = ("doctor", "--kratos", kratos, "--hydra", hydra)
    printed = run(*arguments, status=1).stdout
    assert "kratos.return_url" in printed
    assert "kratos.no_oauth2_provider" in printed
    run("ory-config", "kratos", "--gates", "--merge", kratos, "--write")
    assert "kratos.no_oauth2_provider" not in run(*arguments).stdout


def test_a_file_that_is_not_there_is_a_wrong_use(run: Run) -> None:
    run("doctor", "--kratos", "none.yml", status=2)


def test_findings_of_a_kind_stand_together_and_what_a_file_holds_moves_no_cursor() -> None:
    drawn = list(
        lines(
            [
                Finding(hooks.HOOK_ROUTE, "one calls \x1b[2J"),
                well("fine"),
                Finding(hooks.HOOK_ROUTE, "two", "url: x"),
            ]
        )
    )
    assert "\x1b[2J" not in "".join(drawn)
    assert [line for line in drawn if "hook.unknown_route" in line] == [drawn[2]]
    assert sum(hooks.HOOK_ROUTE.why in line for line in drawn) == 1
    assert sum("write" in line for line in drawn) == 2


def test_sentences_end_where_the_terminal_does_and_what_is_to_be_written_is_one_line() -> None:
    long = "kratos: one of many lists, which is here " + "and there " * 9
    findings = [well(long), Finding(hooks.HOOK_ROUTE, long, "url: x " * 20)]
    drawn = [click.unstyle(line) for line in lines(findings, 80)]
    written = [line for line in drawn if "write" in line]
    assert [line.strip() for line in written] == ["write  " + ("url: x " * 20).strip()]
    assert all(len(line) <= 80 for line in drawn if line not in written)
    assert drawn[1].startswith("         and there")
    assert f"ok       {long.strip()}" in [click.unstyle(line).strip() for line in lines(findings)]
