"""The service under test as a real process on the port to which Ory sends its hooks."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, TypeAlias, TypeVar

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

    def start(self, policy: str, **environment: str) -> None:
        """Run the service with this policy and these settings instead of what ran before.

        ``version: 1`` is put before the policy.
        """
        self.take_down()
        self._ory.receiver.pause()
        file = self._folder / "policy.yaml"
        file.write_text("version: 1\n" + dedent(policy))
        self._program = servers.start(
            "service",
            [sys.executable, "-m", "webhook_service", "serve"],
            self._folder,
            self._environment(file) | environment,
        )
        servers.wait_until_ready(self._program, f"{self.url}/health/ready")

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
        log = self._folder / "service.log"
        lines = log.read_text().splitlines() if log.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{")]
        records = [line for line in found if "verdict" in line]
        return [record for record in records if event in {None, record["event"]}]

    def last(self, event: str, *, after: int = 0) -> Record:
        """Return the newest record of an event, waiting until there are more than ``after``."""
        return wait_for(
            lambda: self.records(event) if len(self.records(event)) > after else None,
            f"record number {after + 1} of {event}",
        )[-1]

    def _environment(self, policy: Path) -> dict[str, str]:
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
            "POLICY_FILE": str(policy),
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
