"""gunicorn's configuration, as ``serve`` gives it and as a platform finds it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
MODULE = "webhook_service.web.gunicorn_conf"


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Read the file that gunicorn finds in the project's folder, with settings of a test."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\n")
    for name, value in {
        "HYDRA_HOOK_KEYS": "k" * 32,
        "POLICY_FILE": str(policy),
        "PORT": "8123",
        "WEB_CONCURRENCY": "3",
        "WEB_THREADS": "7",
        "WEBHOOK_SERVICE_RUNTIME_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    sys.modules.pop(MODULE, None)
    try:
        return runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    finally:
        sys.modules.pop(MODULE, None)


def test_the_settings_become_gunicorns(configuration: dict[str, Any]) -> None:
    assert configuration["bind"] == "0.0.0.0:8123"
    assert configuration["workers"] == 3
    assert configuration["threads"] == 7
    assert configuration["wsgi_app"] == "webhook_service.web:app"


def test_ory_closes_an_idle_connection_before_we_do(configuration: dict[str, Any]) -> None:
    """Its client keeps one for 90 s; whoever closes under a request costs it a second."""
    assert configuration["keepalive"] > 90


def test_nobody_in_front_is_believed_and_nothing_is_managed_over_a_socket(
    configuration: dict[str, Any],
) -> None:
    assert configuration["forwarded_allow_ips"] == ""
    assert configuration["control_socket_disable"] is True
    assert configuration["accesslog"] is None
