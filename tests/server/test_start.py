"""A service that cannot start says why, all of it, and nothing else. No port is opened."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest
from server.running import COMMAND, SERVERS, environment

from webhook_service.runtime import shared_folder

RULE = """
mfa:
  - name: a second factor
    require: {aal: aal2}
"""


def refusal(folder: Path, policy: str | None = "", **settings: str) -> str:
    """Start a service that must not; return what it says."""
    if policy is not None:
        (folder / "policy.yaml").write_text(f"version: 1\n{policy}")
    outcome = subprocess.run(  # noqa: S603  this very service
        COMMAND,
        env=environment(folder, **settings),
        cwd=folder,
        capture_output=True,
        timeout=30,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    assert outcome.stderr.startswith("The service does not start")
    assert not list(folder.glob("webhook-service-*"))
    return outcome.stderr


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        HYDRA_HOOK_KEYS="a-short-secret",
        KRATOS_ADMIN_URL="kratos:4434",
        WEB_THREADS="many",
        SERVER="uwsgi",
    )
    for name in ("HYDRA_HOOK_KEYS", "KRATOS_ADMIN_URL", "WEB_THREADS", "SERVER"):
        assert name in said
    assert "accepted: gunicorn or granian" in said
    assert "a-short-secret" not in said


def test_every_error_of_the_policy_is_named_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "deny: 3\nmfa:\n  - name: a rule\n    require: {aal: aal3}\n")
    assert "policy.yaml:2:7: policy." in said
    assert "policy.yaml:5:" in said


def test_a_policy_that_is_not_there_is_missed_by_its_name(tmp_path: Path) -> None:
    assert str(tmp_path / "policy.yaml") in refusal(tmp_path, policy=None)


def test_an_upstream_that_a_rule_needs_is_missed_with_the_rule(tmp_path: Path) -> None:
    said = refusal(tmp_path, RULE)
    assert "KRATOS_ADMIN_URL: not set" in said
    assert '"a second factor"' in said


def test_no_key_at_all_is_no_start(tmp_path: Path) -> None:
    said = refusal(tmp_path, HYDRA_HOOK_KEYS="", KRATOS_HOOK_KEYS="")
    assert "webhook-service keys new" in said


@pytest.mark.parametrize("server", SERVERS)
def test_a_port_that_is_taken_is_named(tmp_path: Path, server: str) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:  # noqa: S104  as the service listens
        port = other.getsockname()[1]
        assert f"port {port}" in refusal(tmp_path, PORT=str(port), SERVER=server)


def test_no_place_for_temporary_files_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", fails)
    monkeypatch.setattr("webhook_service.runtime._MEMORY", "/nowhere")
    with pytest.raises(SystemExit, match=r"does not start.*TMPDIR"), shared_folder():
        raise AssertionError("there is no folder")


def test_granian_that_is_not_installed_is_said_with_the_cure(tmp_path: Path) -> None:
    """Simulated: a package of that name that cannot be imported stands in front of it."""
    package = tmp_path / "path" / "granian"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError\n")
    said = refusal(tmp_path, SERVER="granian", PYTHONPATH=str(package.parent))
    assert "pip install '.[granian]'" in said


@pytest.mark.parametrize("server", SERVERS)
def test_who_stops_it_while_it_starts_leaves_nothing_behind(tmp_path: Path, server: str) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    variables = environment(tmp_path, SERVER=server)
    with subprocess.Popen(  # noqa: S603  this very service
        COMMAND, env=variables, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        while not list(tmp_path.glob("webhook-service-*")):
            assert process.poll() is None
            time.sleep(0.005)
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == b""
    assert not list(tmp_path.glob("webhook-service-*"))
