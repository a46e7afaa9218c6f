"""What the start finds out about the database, and what it says then."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from webhook_service.effects.store.schema import HEAD
from webhook_service.opening import UnfitDatabaseError, is_file, open_store, prepare
from webhook_service.service import utc_now


def test_a_file_that_is_not_there_is_made_with_its_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'effects.db'}"
    assert is_file(url)
    assert prepare(url) is None
    assert open_store(url, utc_now).list() == ()
    assert prepare(url) is None


def test_a_folder_that_is_not_there_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "none" / "effects.db"
    with pytest.raises(UnfitDatabaseError, match=rf"DATABASE_URL: {path}: .*cannot be reached"):
        prepare(f"sqlite:///{path}")


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'effects.db'}"
    prepare(url)
    later = f"{int(HEAD) + 1:04}"
    with sqlite3.connect(tmp_path / "effects.db") as connection:
        connection.execute("UPDATE webhook_service_schema SET version_num = ?", (later,))
    connection.close()
    with pytest.raises(UnfitDatabaseError, match=rf"{later}, of a later version"):
        prepare(url)


def test_a_file_that_another_process_holds_is_waited_for_by_those_who_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'effects.db'}"
    prepare(url)
    monkeypatch.setattr("webhook_service.effects.store.database.UPGRADE_WAIT_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "effects.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    wrong = prepare(url)
    holder.close()
    assert wrong is not None
    assert "events that need an effect are not answered 2xx" in wrong


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    url = "postgresql+psycopg://ada:secret@127.0.0.1:1/effects"
    assert not is_file(url)
    wrong = prepare(url)
    assert wrong is not None
    assert wrong.startswith("DATABASE_URL: postgresql://127.0.0.1:1/effects: ")
    assert "secret" not in wrong
