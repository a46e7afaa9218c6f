"""A policy that changes under a running service: bad-inputs row 62."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from unit.workbench import BenchMaker, Recorded

from webhook_service import policy_in_force
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy_exchange import Exchange
from webhook_service.policy_in_force import Follower, PolicyFile, PolicyInForce
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
        self.exchange = Exchange(folder)
        self.exchange.begin(self.path)
        self.file = PolicyFile(
            self.path,
            self.exchange,
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

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            for follower in self.followers:
                follower.look()

    def settle(self) -> None:
        """Look as often as a change takes to be seen at rest, offered and found by all."""
        self.look(times=3)

    def said(self, what: str) -> int:
        return self.log.getvalue().decode().count(what)

    def rules(self) -> list[int]:
        return [len(one.current.rules) for one in self.holders]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def test_an_edited_file_decides_in_every_process(running: Running) -> None:
    running.settle()
    assert running.rules() == [0, 0]
    assert running.log.getvalue() == b""
    running.write(CLOSED)
    running.settle()
    assert running.rules() == [1, 1]
    assert running.said("the policy was reloaded") == 1
    assert running.said("mind this") == 1


def test_a_process_knows_since_when_its_policy_is_in_force(running: Running) -> None:
    assert running.holders[0].since is None
    running.settle()
    since = [one.since for one in running.holders]
    assert since[0] is not None
    assert since == [since[0], since[0]]
    assert since[0].utcoffset() == timedelta()
    os.utime(running.path.with_name("policy"), (1_000_000_000, 1_000_000_000))
    running.look()
    assert running.holders[0].since == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    running.write(CLOSED)
    running.settle()
    assert running.holders[0].since > since[0]


def test_a_file_that_changed_while_the_service_started_is_not_missed(running: Running) -> None:
    running.write(CLOSED)
    running.settle()
    assert running.rules() == [1, 1]


def test_half_a_file_is_not_taken_while_the_other_half_is_being_written(running: Running) -> None:
    """An editor that writes in place leaves the file, for a moment, without its last rules."""
    running.settle()
    half, rest = CLOSED + b"  - name: b\n", b"    events: [hydra.token]\n"
    running.path.write_bytes(CLOSED)
    running.look()
    running.path.write_bytes(half)
    running.look()
    running.path.write_bytes(half + rest)
    running.look()
    assert running.rules() == [0, 0]
    running.settle()
    assert running.rules() == [2, 2]
    assert running.said("reloaded") == 1
    assert running.said("does not load") == 0


def test_a_file_that_does_not_load_changes_nothing_and_is_said_once(running: Running) -> None:
    running.write(CLOSED)
    running.settle()
    running.write(WRONG)
    running.look(times=5)
    assert running.rules() == [1, 1]
    for holder in running.holders:
        assert holder.refused is not None
        assert holder.refused.place == "4:11: condition.unknown_fact"
        assert holder.refused.problems == 2
    assert running.said("does not load") == 1
    assert running.said("session.aall is not a fact") == 1


def test_another_mistake_in_the_same_place_is_said_as_well(running: Running) -> None:
    running.write(WRONG)
    running.settle()
    running.write(WRONG.replace(b"aall", b"alal"))
    running.settle()
    assert running.said("does not load") == 2
    assert running.said("session.alal is not a fact") == 1


def test_a_mended_file_is_taken_and_the_refusal_forgotten(running: Running) -> None:
    running.write(WRONG)
    running.settle()
    assert None not in [holder.refused for holder in running.holders]
    running.write(CLOSED)
    running.settle()
    assert running.rules() == [1, 1]
    assert [holder.refused for holder in running.holders] == [None, None]


def test_going_back_to_the_policy_in_force_forgets_the_refusal(running: Running) -> None:
    running.write(CLOSED)
    running.settle()
    running.write(WRONG)
    running.settle()
    running.write(CLOSED)
    running.settle()
    assert [holder.refused for holder in running.holders] == [None, None]
    assert running.rules() == [1, 1]
    assert running.said("the policy file holds the policy in force") == 1


def test_a_file_that_is_gone_is_refused_too(running: Running) -> None:
    running.path.unlink()
    running.settle()
    assert running.holders[0].refused is not None
    assert running.holders[0].refused.place == "unreadable"
    assert running.rules() == [0, 0]


def test_a_policy_that_needs_what_is_not_set_is_refused(running: Running) -> None:
    running.missing = ["KRATOS_ADMIN_URL: not set"]
    running.write(CLOSED)
    running.settle()
    assert running.rules() == [0, 0]
    assert b"KRATOS_ADMIN_URL" in running.log.getvalue()


def test_a_file_that_is_not_watched_waits_until_it_is_offered(tmp_path: Path) -> None:
    running = Running(tmp_path, watch=False)
    running.write(CLOSED)
    running.settle()
    assert running.rules() == [0, 0]
    running.file.offer()
    running.look()
    assert running.rules() == [1, 1]


def test_each_signal_is_answered_though_nothing_changed(tmp_path: Path) -> None:
    running = Running(tmp_path, watch=False)
    running.file.offer()
    running.file.offer()
    assert running.said("the policy file holds the policy in force") == 2
    running.write(WRONG)
    running.file.offer()
    running.file.offer()
    assert running.said("does not load") == 2


def test_a_signal_in_the_middle_of_a_reload_is_served_after_it(running: Running) -> None:
    """In a signal handler it would wait for ever for the lock of what it interrupted."""
    interrupted: list[Policy] = []

    def interrupted_by_a_signal(policy: Policy) -> list[str]:
        interrupted.append(policy)
        if len(interrupted) == 1:
            running.write(OPEN)
            running.file.offer()
        return []

    running.file.fits = interrupted_by_a_signal
    running.write(CLOSED)
    running.file.offer()
    assert [len(policy.rules) for policy in interrupted] == [1, 0]
    assert running.exchange.accepted() == OPEN
    assert running.said("the policy was reloaded") == 2


def test_a_reload_that_cannot_be_shared_is_said_and_ends_nothing(
    running: Running, tmp_path: Path
) -> None:
    """Whoever cleans temporary folders may take ours along; gunicorn would end by the error."""
    running.write(CLOSED)
    running.file.exchange = Exchange(tmp_path / "gone")
    running.file.offer()
    running.settle()
    assert running.rules() == [0, 0]
    assert running.said("offering the policy file failed") == 3
    assert running.said("No such file or directory") == 3


def test_a_fault_of_the_loader_is_said_without_a_word_of_the_file(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Policy:
        raise RecursionError("session.aal")

    monkeypatch.setattr(policy_in_force, "load", fail)
    running.write(CLOSED)
    running.file.offer()
    assert running.said("RecursionError") == 1
    assert running.said("session.aal") == 0


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
    running.settle()
    policies.refused = running.holders[0].refused
    told = bench.client.get("/health/ready")
    assert told.status_code == 200
    assert told.json["policy"]["refused"]["place"] == "4:11: condition.unknown_fact"
