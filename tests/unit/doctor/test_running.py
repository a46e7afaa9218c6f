"""What the doctor finds by asking: the database, Kratos and Hydra."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from unit.planning import CAP, policy_of

from webhook_service.doctor.catalogue import installation
from webhook_service.doctor.finding import Level
from webhook_service.doctor.running import look_at_database, look_at_upstreams
from webhook_service.effects.store.schema import HEAD
from webhook_service.opening import prepare
from webhook_service.ory.fake import FakeOry
from webhook_service.service import utc_now
from webhook_service.settings import Settings

GONE = {"error": {"code": 404, "message": "Unable to locate the resource"}}
KRATOS_URL, HYDRA_URL = "http://kratos:4434", "http://hydra:4445"


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def upstreams(**settings: object) -> list[tuple[str, str]]:
    """Return each finding's code, or level, with what was found."""
    findings = look_at_upstreams(Settings(**settings), policy_of(CAP))
    return [(one.kind.code if one.kind else one.level, one.what) for one in findings]


def test_upstreams_that_answer_are_well_and_their_limits_are_said(
    mock: responses.RequestsMock,
) -> None:
    FakeOry(clock=utc_now).mount(mock, kratos_url=KRATOS_URL, hydra_url=HYDRA_URL)
    found = upstreams(kratos_admin_url=KRATOS_URL, hydra_admin_url=HYDRA_URL)
    well = [what for code, what in found if code == Level.OK]
    assert [what.split(": ")[0] for what in well] == ["KRATOS_ADMIN_URL", "HYDRA_ADMIN_URL"]
    assert all(what.endswith(" answers") for what in well)
    assert {code for code, _ in found} <= {Level.OK, "upstream.older"}


def test_what_browsers_use_must_answer_the_service_too(mock: responses.RequestsMock) -> None:
    public = "http://kratos:4433"
    FakeOry(clock=utc_now).mount(
        mock, kratos_url=KRATOS_URL, hydra_url=HYDRA_URL, kratos_public_url=public
    )
    assert upstreams(kratos_public_url=public) == [(Level.OK, "KRATOS_PUBLIC_URL: kratos answers")]
    # The admin API is another one: it sends who asks it for a session elsewhere.
    ((code, what),) = upstreams(kratos_public_url=KRATOS_URL)
    assert code == "upstream.public_unreachable"
    assert what.startswith("KRATOS_PUBLIC_URL: upstream.")


def test_one_that_is_not_named_is_not_asked() -> None:
    assert upstreams() == []


def test_one_that_is_away_is_unreachable() -> None:
    ((code, what),) = upstreams(kratos_admin_url="http://127.0.0.1:1")
    assert code == "upstream.unreachable"
    assert what == "KRATOS_ADMIN_URL: upstream.unreachable: the connection was refused"


def test_one_that_refuses_our_key_is_told_apart(mock: responses.RequestsMock) -> None:
    mock.get(f"{HYDRA_URL}/health/ready", json={"status": "ok"})
    mock.get(re.compile(f"{HYDRA_URL}/admin/.*"), status=401, json={})
    ((code, what),) = upstreams(hydra_admin_url=HYDRA_URL)
    assert code == "upstream.unauthorized"
    assert what.startswith("HYDRA_ADMIN_URL: upstream.unauthorized: ")


def test_an_older_one_is_told_what_it_cannot_do(mock: responses.RequestsMock) -> None:
    mock.get(f"{HYDRA_URL}/health/ready", json={"status": "ok"})
    mock.get(f"{HYDRA_URL}/version", json={"version": "v2.3.0"})
    mock.get(re.compile(f"{HYDRA_URL}/admin/.*"), status=404, json=GONE)
    found = upstreams(hydra_admin_url=HYDRA_URL)
    assert [code for code, _ in found] == [Level.OK, "upstream.older"]
    assert found[0][1] == "HYDRA_ADMIN_URL: hydra v2.3.0 answers"


def database(url: str) -> list[str]:
    findings = look_at_database(Settings(database_url=url))
    return [f"{one.level}: {one.what}" for one in findings]


def test_a_file_that_the_start_will_see_to_is_well_and_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "effects.db"
    well = [f"ok: DATABASE_URL: {file} can be used"]
    assert database(f"sqlite:///{file}") == well
    assert not file.exists()
    sqlite3.connect(file).close()
    assert database(f"sqlite:///{file}") == well
    prepare(f"sqlite:///{file}")
    assert database(f"sqlite:///{file}") == well


def test_an_upgrade_is_no_cure_for_a_database_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to be looked into " * 20)
    for url in (f"sqlite:///{tmp_path}/text.db", "postgresql://ada:secret@127.0.0.1:1/effects"):
        (found,) = look_at_database(Settings(database_url=url))
        assert found.kind is installation.DATABASE_UNREACHABLE
        assert "db upgrade" not in str(found.remedy)
    assert "refused" in found.what
    assert "secret" not in found.what


def test_a_file_of_a_later_version_is_not(tmp_path: Path) -> None:
    file = tmp_path / "effects.db"
    prepare(f"sqlite:///{file}")
    later = f"{int(HEAD) + 1:04}"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE webhook_service_schema SET version_num = ?", (later,))
    connection.close()
    (found,) = database(f"sqlite:///{file}")
    assert "a later version" in found


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (found,) = database(f"sqlite:///{tmp_path}/none/effects.db")
    assert "the folder of the file is not there" in found


def test_a_server_that_is_away_is_an_error_without_its_password() -> None:
    (found,) = database("postgresql+psycopg://ada:secret@127.0.0.1:1/effects")
    assert found.startswith("error: DATABASE_URL: postgresql://127.0.0.1:1/effects: ")
    assert "secret" not in found


@pytest.mark.postgres
def test_a_server_without_tables_is_an_error(empty_database: str) -> None:
    found = database(empty_database)
    if empty_database.startswith("sqlite"):
        assert found[0].startswith("ok: ")
    else:
        assert "webhook-service db upgrade" in found[0]
