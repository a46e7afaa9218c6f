"""How the service is put together."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from webhook_service import runtime
from webhook_service.fitness import StartError
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.records.log import make_logger
from webhook_service.settings import Settings
from webhook_service.wiring import read_policy, wire

KEYS = (b"k" * 32,)


def policy(text: str) -> Policy:
    return load(f"version: 1\n{dedent(text)}".encode())


def settings(**more: Any) -> Settings:
    return Settings(**{"hydra_hook_keys": KEYS, "kratos_hook_keys": KEYS, **more})


def test_with_its_upstream_a_policy_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path))
    text = policy("mfa:\n  - {name: a, require: {aal: aal1}}")
    logger = make_logger("json")
    with pytest.raises(StartError, match="KRATOS_ADMIN_URL: not set"):
        wire(settings(), text, logger)
    wired = wire(settings(kratos_admin_url="http://127.0.0.1:1"), text, logger)
    assert set(wired.upstreams) == {"kratos"}


def test_a_policy_file_that_is_not_there_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read .*policy.yaml: No such file"):
        read_policy(tmp_path / "policy.yaml")


def test_a_policy_file_that_is_wrong_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("version: 2\n")
    with pytest.raises(PolicyError, match=r"mine.yaml:1:10: policy.version"):
        read_policy(path)
