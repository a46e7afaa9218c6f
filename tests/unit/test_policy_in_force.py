"""A policy that changes under a running service: bad-inputs row 62."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from unit.workbench import BenchMaker, Recorded

from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy_in_force import Exchange, Follower, PolicyFile, PolicyInForce
from webhook_service.records.log import make_logger

OPEN = b"version: 1\n"
CLOSED = b"version: 1\ndeny:\n  - name: all\n    events: [hydra.token]\n"
WRONG = b"version: 1\nmfa:\n  - name: a\n    when: session.aall == 'x'\n    require: {aal: aal9}\n"


class Running:
    """Two processes' worth of followers over one file."""

    def __init__(self, folder: Path, *, watch: bool = True) -> None:
        self.path = folder / "policy.yaml"
        self.path.write_bytes(OPEN)
        self.log = BytesIO()
        self.missing: list[str] = []
        self.file = PolicyFile(
            self.path,
            Exchange(folder),
            make_logger("json", "info", self.log),
            fits=self.fits,
            notices=lambda _: ["mind this"],
        )
        self.holders = [PolicyInForce(load(OPEN)) for _ in range(2)]
        self.followers = [Follower(one, self.file, watch=watch) for one in self.holders]

    def fits(self, _: Policy) -> list[str]:
        return self.missing

    def write(self, data: bytes) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(self.path)

    def look(self) -> None:
        for follower in self.followers:
            follower.look()

    def rules(self) -> list[int]:
        return [len(one.current.rules) for one in self.holders]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def test_an_edited_file_decides_in_every_process(running: Running) -> None:
    running.look()
    assert running.rules() == [0, 0]
    running.write(CLOSED)
    running.look()
    running.look()
    assert running.rules() == [1, 1]
    log = running.log.getvalue().decode()
    assert log.count("the policy was reloaded") == 1
    assert "mind this" in log


def test_a_file_that_does_not_load_changes_nothing_and_is_said_once(running: Running) -> None:
    running.write(CLOSED)
    running.look()
    running.write(WRONG)
    for _ in range(3):
        running.look()
    assert running.rules() == [1, 1]
    for holder in running.holders:
        assert holder.refused is not None
        assert holder.refused.place == "4:11: condition.unknown_fact"
        assert holder.refused.problems == 2
    log = running.log.getvalue().decode()
    assert log.count("does not load") == 1
    assert "session.aall is not a fact" in log


def test_a_mended_file_is_taken_and_the_refusal_forgotten(running: Running) -> None:
    running.write(WRONG)
    running.look()
    running.look()
    running.write(CLOSED)
    running.look()
    running.look()
    assert running.rules() == [1, 1]
    assert [holder.refused for holder in running.holders] == [None, None]


def test_going_back_to_the_policy_in_force_forgets_the_refusal(running: Running) -> None:
    running.write(CLOSED)
    running.look()
    running.write(WRONG)
    running.look()
    running.write(CLOSED)
    running.look()
    running.look()
    assert [holder.refused for holder in running.holders] == [None, None]
    assert running.rules() == [1, 1]


def test_a_file_that_is_gone_is_refused_too(running: Running) -> None:
    running.path.unlink()
    running.look()
    assert running.holders[0].refused is not None
    assert running.holders[0].refused.place == "unreadable"
    assert running.rules() == [0, 0]


def test_a_policy_that_needs_what_is_not_set_is_refused(running: Running) -> None:
    running.missing = ["KRATOS_ADMIN_URL: not set"]
    running.write(CLOSED)
    running.look()
    assert running.rules() == [0, 0]
    assert b"KRATOS_ADMIN_URL" in running.log.getvalue()


def test_a_file_that_is_not_watched_waits_until_it_is_offered(tmp_path: Path) -> None:
    running = Running(tmp_path, watch=False)
    running.write(CLOSED)
    running.look()
    assert running.rules() == [0, 0]
    running.file.offer()
    running.look()
    assert running.rules() == [1, 1]


def test_a_process_begins_at_the_accepted_policy_and_once(running: Running) -> None:
    running.write(CLOSED)
    running.file.offer()
    late = PolicyInForce(load(OPEN))
    follower = Follower(late, running.file)
    follower.begin()
    follower.begin()
    assert len(late.current.rules) == 1


def test_the_accepted_policy_is_for_this_process_user_alone(running: Running) -> None:
    running.file.offer()
    for path in running.path.parent.iterdir():
        assert path.stat().st_uid == os.getuid()


def test_a_decision_carries_the_digest_of_its_policy_and_health_tells_a_refusal(
    make_bench: BenchMaker, recorded: Recorded, tmp_path: Path
) -> None:
    bench = make_bench()
    body = recorded.body("hydra.token.client_credentials")
    assert bench.token(body).status_code == 204
    before = bench.record()["policy"]
    running = Running(tmp_path)
    policies = bench.app.extensions["policies"]
    policies.current = load(CLOSED)
    assert bench.token(body).status_code == 403
    assert bench.record()["policy"] == load(CLOSED).digest != before
    running.write(WRONG)
    running.look()
    policies.refused = running.holders[0].refused
    told = bench.client.get("/health/ready")
    assert told.status_code == 200
    assert told.json["policy"]["refused"]["place"] == "4:11: condition.unknown_fact"
