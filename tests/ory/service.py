"""The service under test as a real process on the port to which Ory sends its hooks."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, TypeAlias, TypeVar

import requests
from ory import servers
from ory.configuration import HYDRA_HOOK_KEY, KRATOS_HOOK_KEY, OPERATOR_KEY, url
from ory.lab import Ory

RECORD_SECONDS: Final = 5.0
"""How long a decision record may take from the answer to the log file."""

Record: TypeAlias = Mapping[str, Any]
Found = TypeVar("Found")


class Service:
    """Starts the service with a policy, as often as a test wants, and reads its records.

    While it does not run, the receiver answers the hooks.
    """

    def __init__(self, ory: Ory, folder: Path) -> None:
        self._ory = ory
        self._folder = folder
        self._program: servers.Program | None = None

    @property
    def program(self) -> servers.Program | None:
        """The running process."""
        return self._program

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
        self._ory.receiver.pause()
        self.edit(policy)
        self._program = servers.start(
            "service",
            [sys.executable, "-m", "webhook_service", "serve"],
            self._folder,
            self._environment() | environment,
        )
        servers.wait_until_ready(self._program, f"{self.url}/health/ready")

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
        """End the process, if one runs, and give the hook port back to the receiver."""
        self.take_down()
        self._ory.receiver.resume()

    def take_down(self) -> None:
        """End the process, if one runs, and leave nobody on the hook port."""
        if self._program is not None:
            # Nothing is under way, and an orderly end takes two seconds: minutes over all tests.
            self._program.kill()
            self._program = None
            # The workers let go of the port a moment after the process that was waited for.
            servers.wait_until_free(self._ory.hooks_port)

    def records(self, event: str | None = None) -> list[Record]:
        """Return the decision records so far, oldest first, of one event or of all."""
        records = [line for line in self.log() if "verdict" in line]
        return [record for record in records if event in {None, record["event"]}]

    def log(self) -> list[Record]:
        """Return all log lines so far, oldest first."""
        log = self._folder / "service.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def policy_told(self) -> Record:
        """Return what ``/health/ready`` tells about the policy; the service must be ready."""
        reply = requests.get(f"{self.url}/health/ready", timeout=10)
        assert reply.status_code == 200, reply.text
        told: Record = reply.json()["policy"]
        return told

    def last(self, event: str, *, after: int = 0) -> Record:
        """Return the newest record of an event, waiting until there are more than ``after``."""
        return wait_for(
            lambda: self.records(event) if len(self.records(event)) > after else None,
            f"record number {after + 1} of {event}",
        )[-1]

    def _environment(self) -> dict[str, str]:
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
            "HYDRA_ADMIN_URL": self._ory.hydra_admin_url,
            "POLICY_FILE": str(self.policy_file),
            "LOG_FORMAT": "json",
            # One process: the first call of each costs more than the hook deadline allows for
            # on a busy machine, and one is enough for these tests.
            "WEB_CONCURRENCY": "1",
        }


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    """Look again and again until something is there."""
    end = time.monotonic() + RECORD_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {RECORD_SECONDS} s")
