"""The policy changes under real traffic, without a restart and without a lost answer.

Row 62 of the bad inputs: a broken policy file at a reload leaves the old one in force, loudly.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import requests
from ory.device import SignIn
from ory.keys import HYDRA_HOOK_KEY
from ory.lab import Ory
from ory.service import Record, Service
from ory.waiting import wait_for

OPEN = ""

CLOSED = """
deny:
  - name: closed
    when: token.grant == "refresh_token" && identity.found
"""

TWO_MISTAKES = """
deny:
  - name: closed
    when: token.grant == "refresh"
mfa:
  - name: open
    require: {aal: aal3}
"""

RELOADED: Final = "the policy was reloaded"
REFUSED: Final = "the policy file does not load; the policy before it stays in force"
UNCHANGED: Final = "the policy file holds the policy in force"

AGREED_SECONDS: Final = 1.0
"""So long after a change all processes decide by the same policy."""

CALLERS: Final = 4


@pytest.fixture(params=["gunicorn", "granian"])
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@dataclass(frozen=True)
class Way:
    """How an edited file is brought to the service's attention."""

    name: str
    environment: dict[str, str]
    tell: Callable[[Service], None]


def do_nothing(_: Service) -> None:
    """The service looks for itself."""


@pytest.fixture(
    params=[
        Way("signal", {}, Service.hang_up),
        Way("watch", {"POLICY_WATCH": "true"}, do_nothing),
    ],
    ids=lambda way: way.name,
)
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


def take_over(service: Service, way: Way, policy: str) -> str:
    """Edit the file and wait until the new policy is in force in the process that is asked."""
    digest = service.edit(policy)
    way.tell(service)
    wait_for(lambda: service.policy_told()["digest"] == digest, f"policy {digest}")
    return digest


def told(service: Service, message: str) -> list[Record]:
    return [line for line in service.log() if line["message"] == message]


def test_the_edited_policy_decides_the_next_refresh(
    service: Service, sign_in: SignIn, server: str, way: Way
) -> None:
    service.start(OPEN, SERVER=server, **way.environment)
    device = sign_in()
    assert device.refresh().status_code == 200
    before = service.last("hydra.token", after=1)
    assert before["policy"] == service.policy_told()["digest"]

    closed = take_over(service, way, CLOSED)
    assert device.refresh().status_code == 403
    record = service.last("hydra.token", after=2)
    assert (record["policy"], record["rule"]) == (closed, "closed")

    assert take_over(service, way, OPEN) == before["policy"]
    assert device.refresh().status_code == 200
    reloads = [(line["policy"], line["rules"]) for line in told(service, RELOADED)]
    assert reloads == [(closed, 1), (before["policy"], 0)]


def test_a_broken_file_leaves_the_old_policy_in_force_and_a_mended_one_is_taken(
    service: Service, sign_in: SignIn, server: str, way: Way
) -> None:
    """Row 62. Ready stays 200: what decides is as good as before."""
    device = sign_in()
    service.start(CLOSED, SERVER=server, **way.environment)
    digest = service.policy_told()["digest"]
    service.edit(TWO_MISTAKES)
    way.tell(service)
    refused = wait_for(lambda: service.policy_told().get("refused"), "the refusal")
    assert refused["place"] == "5:26: condition.value"
    assert refused["problems"] == 2
    assert service.policy_told()["digest"] == digest
    assert device.refresh().status_code == 403
    assert service.last("hydra.token")["rule"] == "closed"
    (line,) = told(service, REFUSED)
    assert line["level"] == "error"
    assert "policy.yaml:5:26: condition.value" in line["errors"]
    assert "policy.yaml:8:20: policy.value" in line["errors"]

    opened = take_over(service, way, OPEN)
    assert "refused" not in service.policy_told()
    assert device.refresh().status_code == 200
    assert service.last("hydra.token", after=1)["policy"] == opened


def empty(file: Path) -> None:
    file.write_bytes(b"")


def remove(file: Path) -> None:
    file.unlink()


def make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def fill(file: Path) -> None:
    file.write_bytes(b"version: 1\n" + b"# more\n" * 160_000)


@pytest.mark.parametrize("damage", [empty, remove, make_a_folder, fill])
def test_no_damage_to_the_file_takes_the_policy_out_of_force(
    service: Service, sign_in: SignIn, damage: Callable[[Path], None]
) -> None:
    device = sign_in()
    service.start(CLOSED)
    damage(service.policy_file)
    service.hang_up()
    wait_for(lambda: service.policy_told().get("refused"), "the refusal")
    assert device.refresh().status_code == 403
    assert len(told(service, REFUSED)) == 1


def test_each_signal_is_answered_in_the_log(service: Service, server: str) -> None:
    """Who sends it a second time wants to know whether the file is still broken."""
    service.start(CLOSED, SERVER=server)
    service.edit(TWO_MISTAKES)
    service.hang_up()
    wait_for(lambda: told(service, REFUSED), "the answer to the first signal")
    service.hang_up()
    wait_for(lambda: told(service, REFUSED)[1:], "the answer to the second signal")
    service.edit(CLOSED)
    service.hang_up()
    wait_for(lambda: told(service, UNCHANGED), "the answer to a signal that changes nothing")
    wait_for(lambda: "refused" not in service.policy_told(), "the end of the refusal")


def test_a_shower_of_signals_leaves_the_last_file_in_force(
    service: Service, sign_in: SignIn, server: str
) -> None:
    """They come faster than files are read: in the middle of a reload as well."""
    device = sign_in()
    service.start(OPEN, SERVER=server)
    for number in range(400):
        last = service.edit(CLOSED if number % 2 else OPEN)
        service.hang_up()
        time.sleep(0.001)
    wait_for(lambda: service.policy_told()["digest"] == last, f"policy {last}")
    assert device.refresh().status_code == 403


def test_a_worker_that_dies_while_the_file_is_broken_comes_back_with_the_policy_in_force(
    service: Service, sign_in: SignIn, server: str, way: Way
) -> None:
    device = sign_in()
    service.start(OPEN, SERVER=server, **way.environment)
    take_over(service, way, CLOSED)
    service.edit(TWO_MISTAKES)
    way.tell(service)
    wait_for(lambda: service.policy_told().get("refused"), "the refusal")
    (worker,) = workers(service)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: workers(service) not in ([], [worker]), "another worker")
    assert device.refresh().status_code == 403
    assert service.last("hydra.token")["rule"] == "closed"


def workers(service: Service) -> list[int]:
    """Return the processes that the service's main process started."""
    assert service.program is not None
    main = service.program.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text()
    return [int(child) for child in children.split()]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one hook was answered; times are of the monotonic clock."""

    sent: float
    received: float
    status: int
    rule: str


@contextmanager
def crowd(service: Service, body: bytes) -> Iterator[list[Answer]]:
    """Let callers send one hook again and again, each time over a new connection."""
    answers: list[Answer] = []
    enough = threading.Event()

    def call() -> None:
        while not enough.is_set():
            sent = time.monotonic()
            reply = requests.post(
                f"{service.url}/hooks/hydra/token",
                data=body,
                headers={
                    "Authorization": f"Bearer {HYDRA_HOOK_KEY}",
                    "Content-Type": "application/json",
                },
                timeout=10,
            )
            rule = reply.json()["rule"]
            answers.append(Answer(sent, time.monotonic(), reply.status_code, rule))

    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call) for _ in range(CALLERS)]
        try:
            yield answers
        finally:
            enough.set()
        for caller in callers:
            caller.result()


def two_rules(name: str) -> str:
    """Return a policy whose decision takes a call of Kratos between its first half and its last."""
    return f"""
        deny:
          - name: {name}
            when: identity.found
          - name: {name} as well
            when: identity.state == "active"
        """


def test_two_processes_agree_within_a_second_and_no_decision_mixes_two_policies(
    ory: Ory, service: Service, sign_in: SignIn, server: str, way: Way
) -> None:
    sign_in()
    (exchange,) = ory.receiver.calls("/hooks/hydra/token")
    service.start(two_rules("first"), SERVER=server, WEB_CONCURRENCY="2", **way.environment)
    names = {service.policy_told()["digest"]: "first"}
    with crowd(service, exchange.raw) as answers:
        wait_for(lambda: len(answers) > 50, "answers by the first policy")
        edited = time.monotonic()
        names[service.edit(two_rules("second"))] = "second"
        way.tell(service)
        agreed = time.monotonic() + AGREED_SECONDS
        wait_for(
            lambda: sum(answer.sent > agreed for answer in list(answers)) > 50,
            "answers by the second policy",
        )
    assert {answer.status for answer in answers} == {403}
    assert {answer.rule for answer in answers if answer.received < edited} == {"first"}
    assert {answer.rule for answer in answers if answer.sent > agreed} == {"second"}

    records = service.records("hydra.token")
    assert len(records) == len(answers)
    for record in records:
        name = names[record["policy"]]
        assert record["rule"] == name
        assert [rule["rule"] for rule in record["rules"]] == [name, f"{name} as well"]
        assert [rule["outcome"] for rule in record["rules"]] == ["matched", "matched"]
    assert [line["policy"] for line in told(service, RELOADED)] == [list(names)[1]]
