"""How the tables come to be, and what is said where they are not those of this version."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from webhook_service.effects.store.database import open_engine, open_to_upgrade
from webhook_service.effects.store.schema import (
    HEAD,
    VERSION_TABLE,
    revision_of,
    unfit,
    upgrade,
)
from webhook_service.effects.store.table import effects
from webhook_service.effects.store.troubles import DatabaseError, Trouble


def test_tables_are_made_once(empty_database: str) -> None:
    assert upgrade(empty_database) is None
    assert upgrade(empty_database) == HEAD
    engine = open_engine(empty_database)
    assert revision_of(engine) == HEAD
    engine.dispose()


def test_processes_that_start_together_make_the_tables_once(empty_database: str) -> None:
    """The first one makes them, the others wait for it and find them made."""
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(upgrade, [empty_database] * 6))
    assert sorted(found, key=str) == [HEAD] * 5 + [None]


def test_several_programs_make_the_tables_of_one_file(tmp_path: Path) -> None:
    code = (
        "import sys; from webhook_service.effects.store.schema import upgrade;"
        "print(upgrade(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/effects.db"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]  # noqa: S603  this test's own words
    found = sorted(process.communicate(timeout=30)[0].decode().strip() for process in running)
    assert found == [HEAD, HEAD, "None"]


def test_a_database_without_tables_has_no_revision(empty_database: str) -> None:
    engine = open_to_upgrade(empty_database)
    assert revision_of(engine) is None
    engine.dispose()


def _described(engine: Engine) -> dict[str, object]:
    """Return the table as the database tells it, down to the indexes' conditions."""
    found = inspect(engine)
    columns = [
        (column["name"], str(column["type"]), column["nullable"])
        for column in found.get_columns("effects")
    ]
    listed = (
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'effects'"
        if engine.dialect.name == "postgresql"
        else "SELECT sql FROM sqlite_master WHERE tbl_name = 'effects' AND sql IS NOT NULL"
    )
    with engine.connect() as connection:
        definitions = sorted(" ".join(sql.split()) for sql in connection.scalars(text(listed)))
    return {"columns": columns, "definitions": definitions}


def test_the_migrations_make_the_table_that_statements_are_written_for(empty_database: str) -> None:
    upgrade(empty_database)
    engine = open_engine(empty_database)
    migrated = _described(engine)
    effects.drop(engine)
    effects.create(engine)
    assert migrated == _described(engine)
    engine.dispose()


def test_the_revision_of_the_code_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "webhook_service.effects.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == [f"{number:04}" for number in range(len(revisions), 0, -1)]


def test_the_tables_of_a_later_version_are_left_alone(database: str) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))  # noqa: S608  the test's own words
    with pytest.raises(
        DatabaseError, match="of this version \\(0999, of a later version\\)"
    ) as wrong:
        upgrade(database)
    assert wrong.value.trouble is Trouble.SCHEMA
    assert revision_of(engine) == "0999"
    engine.dispose()


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        (HEAD, None),
        (None, "the database has no tables yet: run webhook-service db upgrade"),
        (
            "0000",
            (
                f"the database has the tables of an earlier version (0000, this one's are {HEAD}):"
                " run webhook-service db upgrade"
            ),
        ),
        (
            "0999",
            (
                f"the database has the tables of a later version (0999, this one's are {HEAD}):"
                " run that version"
            ),
        ),
    ],
)
def test_an_unfit_database_is_named_with_what_to_do(revision: str | None, said: str | None) -> None:
    assert unfit(revision) == said


def test_a_database_that_is_not_there_has_no_revision_to_tell(tmp_path: Path) -> None:
    """And is not made by asking: a command in the wrong folder must not leave one behind."""
    path = tmp_path / "effects.db"
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(DatabaseError) as wrong:
        revision_of(engine)
    assert wrong.value.trouble is Trouble.UNREACHABLE
    assert not path.exists()
