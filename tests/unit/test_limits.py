"""What the running versions cannot do is said once, by one process, where it matters."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue

import pytest

from webhook_service import runtime
from webhook_service.limits import Limits
from webhook_service.ory.transport import Transport
from webhook_service.policy.loader import load
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.log import make_logger

NOWHERE = Transport("hydra", "http://127.0.0.1:1")
CAPPED = "sessions:\n  - {name: a, max_age: 8h}"


def limits_of(policy: str, log: BytesIO) -> Limits:
    in_force = PolicyInForce(load(f"version: 1\n{policy}\n".encode()))
    return Limits((NOWHERE,), in_force, make_logger("json", "info", log))


def test_an_upstream_whose_version_cannot_be_read_is_named() -> None:
    log = BytesIO()
    limits_of(CAPPED, log).tell()
    (line,) = (json.loads(line) for line in log.getvalue().splitlines())
    assert line["level"] == "warning"
    assert line["message"].startswith("the version of Hydra could not be read")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[Limits]:
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path))
    told = SimpleQueue[Limits]()
    monkeypatch.setattr(Limits, "tell", lambda one: told.put(one))  # noqa: PLW0108  a method needs a function
    return told


def test_one_process_asks_once(asked: SimpleQueue[Limits]) -> None:
    first, second = limits_of(CAPPED, BytesIO()), limits_of(CAPPED, BytesIO())
    for one in (first, first, second):
        one.begin()
    assert asked.get(timeout=5) is first
    assert asked.empty()


def test_a_policy_that_ends_nothing_is_not_bothered(
    asked: SimpleQueue[Limits], tmp_path: Path
) -> None:
    limits_of("deny: []", BytesIO()).begin()
    assert asked.empty()
    assert not tmp_path.joinpath("limits-told").exists()
