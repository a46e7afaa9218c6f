"""``db upgrade``: the release command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from webhook_service.effects.store import schema
from webhook_service.effects.store.database import open_engine, shown

Run = Callable[..., Result]


def test_tables_are_made_and_found_made(
    run: Run, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database)
    where = shown(empty_database)
    assert run("db", "upgrade").stdout == f"{where}: tables made ({schema.HEAD})\n"
    assert run("db", "upgrade").stdout == f"{where}: up to date ({schema.HEAD})\n"


def test_an_upgrade_says_from_where(
    run: Run, sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_database)
    monkeypatch.setattr("webhook_service.cli.db.upgrade", lambda _: "0000")
    assert run("db", "upgrade").stdout.endswith(f": upgraded from 0000 to {schema.HEAD}\n")


def test_the_database_can_be_named_by_a_file(
    run: Run, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{empty_database}\n")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "secret"))
    assert shown(empty_database) in run("db", "upgrade").stdout


def test_a_file_in_the_working_directory_is_the_default(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run("db", "upgrade").stdout == f"webhook-service.db: tables made ({schema.HEAD})\n"
    assert (tmp_path / "webhook-service.db").exists()


def test_an_address_that_cannot_be_used_is_named_with_what_can(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:secret@db/name")
    result = run("db", "upgrade", status=1)
    assert result.stderr.startswith("Error: DATABASE_URL: ")
    assert "accepted: sqlite:///FILE or postgresql://" in result.stderr
    assert "secret" not in result.output


def test_a_server_that_is_away_is_named_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:secret@127.0.0.1:1/name")
    result = run("db", "upgrade", status=1)
    first, second, *_, last = result.stderr.splitlines()
    assert first == (
        "Error: postgresql://127.0.0.1:1/name: the database cannot be reached or opened,"
        " or refuses the connection (OperationalError)"
    )
    assert "Connection refused" in second
    assert "DATABASE_URL" in last
    assert "secret" not in result.output


def test_the_tables_of_a_later_version_are_left_alone(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0999'"))  # noqa: S608  the test's own words
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", database)
    assert "0999, of a later version" in run("db", "upgrade", status=1).stderr
    assert f"0999, this one's are {schema.HEAD}" in run("effects", "list", status=1).stderr
