"""The service under test as a real process on the port to which Ory sends its hooks."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, TypeAlias

import requests
from ory import servers
from ory.configuration import url
from ory.keys import HYDRA_HOOK_KEY, KRATOS_HOOK_KEY, OPERATOR_KEY
from ory.lab import Ory
from ory.people import Person
from ory.waiting import wait_for

SETTLED_SECONDS: Final = 15.0
"""How long an effect that is due may take, with a few tries that fail."""

Record: TypeAlias = Mapping[str, Any]


class Service:
    """Starts the service with a policy, as often as a test wants, and reads its records.

    While it does not run, the receiver answers the hooks. Its database outlives its processes.
    """

    def __init__(self, ory: Ory, folder: Path) -> None:
        self._ory = ory
        self._folder = folder
        self._program: servers.Program | None = None
        self._worker: servers.Program | None = None
        self._environment = self._defaults()

    @property
    def program(self) -> servers.Program | None:
        """The running process."""
        return self._program

    @property
    def programs(self) -> tuple[servers.Program, ...]:
        """All processes that run."""
        return tuple(one for one in (self._program, self._worker) if one is not None)

    @property
    def url(self) -> str:
        """Where the service listens."""
        return url(self._ory.hooks_port)

    @property
    def policy_file(self) -> Path:
        """The file that ``POLICY_FILE`` names."""
        return self._folder / "policy.yaml"

    def start(self, policy: str, **environment: str) -> None:
        """Run the service with this policy and these settings instead of what ran before.

        ``version: 1`` is put before the policy.
        """
        self.take_down()
        self.take_worker_down()
        self._ory.receiver.pause()
        self.edit(policy)
        self._environment = self._defaults() | environment
        self._program = self._run("serve", "service")
        servers.wait_until_ready(self._program, f"{self.url}/health/ready")

    def start_worker(self) -> None:
        """Run a worker beside the service, with the same settings."""
        self.take_worker_down()
        self._worker = self._run("worker", "worker")

    def edit(self, policy: str) -> str:
        """Put another policy into the file that the service began with, ``version: 1`` before it.

        Returns:
            The digest by which records and health name this policy.
        """
        data = ("version: 1\n" + dedent(policy)).encode()
        fresh = self.policy_file.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(self.policy_file)
        return hashlib.sha256(data).hexdigest()[:12]

    def hang_up(self) -> None:
        """Send SIGHUP to the process that was started: reload the policy."""
        assert self._program is not None
        self._program.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End what runs, and give the hook port back to the receiver."""
        self.take_down()
        self.take_worker_down()
        self._ory.receiver.resume()

    def take_down(self) -> None:
        """End the process, if one runs, and leave nobody on the hook port."""
        if self._program is not None:
            # Nothing is under way, and an orderly end takes two seconds: minutes over all tests.
            self._program.kill()
            self._program = None
            # The workers let go of the port a moment after the process that was waited for.
            servers.wait_until_free(self._ory.hooks_port)

    def take_worker_down(self) -> None:
        """End the worker, if one runs."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def records(self, event: str | None = None) -> list[Record]:
        """Return the decision records so far, oldest first, of one event or of all."""
        records = [line for line in self.log() if "verdict" in line]
        return [record for record in records if event in {None, record["event"]}]

    def log(self) -> list[Record]:
        """Return all log lines so far, oldest first."""
        lines = self.log_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def log_text(self) -> str:
        """Return all that the service printed so far."""
        log = self._folder / "service.log"
        return log.read_text() if log.exists() else ""

    def policy_told(self) -> Record:
        """Return what ``/health/ready`` tells about the policy; the service must be ready."""
        reply = requests.get(f"{self.url}/health/ready", timeout=10)
        assert reply.status_code == 200, reply.text
        told: Record = reply.json()["policy"]
        return told

    def reaches(self, upstream: str) -> bool:
        """Say whether ``/health/ready`` finds ``kratos`` or ``hydra`` ready; asking heals (2 s)."""
        told = requests.get(f"{self.url}/health/ready", timeout=10).json()
        return bool(told["upstreams"][upstream] == "ok")

    def last(self, event: str, *, after: int = 0) -> Record:
        """Return the newest record of an event, waiting until there are more than ``after``."""
        return wait_for(
            lambda: self.records(event) if len(self.records(event)) > after else None,
            f"record number {after + 1} of {event}",
        )[-1]

    def effects(self, person: Person) -> list[Record]:
        """Return the effects that concern a person, oldest first, as an operator lists them."""
        listed = ["effects", "list", "--json", "--limit", "1000", "--subject", person.id]
        done = subprocess.run(  # noqa: S603  the program under test
            _command(*listed),
            capture_output=True,
            check=True,
            cwd=self._folder,
            env=self._environment,
        )
        effects: list[Record] = json.loads(done.stdout)
        return effects[::-1]

    def settled(self, person: Person, *kinds: str) -> list[Record]:
        """Return a person's effects of these kinds, once none of them is to be done any more."""

        def look() -> list[Record] | None:
            found = [effect for effect in self.effects(person) if effect["kind"] in kinds]
            states = {effect["state"] for effect in found}
            return found if found and not states & {"pending", "running"} else None

        return wait_for(look, f"the end of {kinds}", SETTLED_SECONDS)

    def _run(self, command: str, name: str) -> servers.Program:
        return servers.start(name, _command(command), self._folder, self._environment)

    def _defaults(self) -> dict[str, str]:
        # SERVER: `SERVER=granian make test-ory` runs these tests on the other server.
        passed_on = ("PATH", "HOME", "SERVER")
        kept = {name: os.environ[name] for name in passed_on if name in os.environ}
        return {
            **kept,
            # What a killed service leaves behind is removed with the test's folder.
            "TMPDIR": str(self._folder),
            "PORT": str(self._ory.hooks_port),
            "KRATOS_HOOK_KEYS": KRATOS_HOOK_KEY,
            "HYDRA_HOOK_KEYS": HYDRA_HOOK_KEY,
            "OPERATOR_KEYS": OPERATOR_KEY,
            "KRATOS_ADMIN_URL": self._ory.kratos_admin_url,
            "KRATOS_PUBLIC_URL": self._ory.kratos_public_url,
            "HYDRA_ADMIN_URL": self._ory.hydra_admin_url,
            "DATABASE_URL": f"sqlite:///{self._folder}/effects.db",
            "POLICY_FILE": str(self.policy_file),
            "LOG_FORMAT": "json",
            # One process: the first call of each costs more than the hook deadline allows for
            # on a busy machine, and one is enough for these tests.
            "WEB_CONCURRENCY": "1",
        }


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "webhook_service", *words]
