"""Everything a test needs of the real Kratos and Hydra, in one value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from ory.app import App
from ory.configuration import Setup, url
from ory.people import People
from ory.receiver import Receiver
from ory.servers import Program, Servers, running


@dataclass(frozen=True, slots=True)
class Ory:
    """A running Kratos and Hydra, the login and consent app, and the hook receiver."""

    setup: Setup
    servers: Servers
    app: App
    receiver: Receiver
    folder: Path

    @property
    def kratos_admin_url(self) -> str:
        """Where Kratos' admin API listens."""
        return url(self.servers.ports.kratos_admin)

    @property
    def kratos_public_url(self) -> str:
        """Where browsers and apps reach Kratos."""
        return url(self.servers.ports.kratos_public)

    @property
    def hydra_admin_url(self) -> str:
        """Where Hydra's admin API listens."""
        return url(self.servers.ports.hydra_admin)

    @property
    def hydra_public_url(self) -> str:
        """Where browsers and clients reach Hydra."""
        return url(self.servers.ports.hydra_public)

    @property
    def hooks_port(self) -> int:
        """The port to which Kratos and Hydra send their hooks."""
        return self.servers.ports.hooks

    @property
    def people(self) -> People:
        """Kratos' admin API."""
        return People(self.kratos_admin_url)

    @property
    def kratos_database(self) -> Path:
        """The SQLite file in which Kratos keeps sessions."""
        return self.servers.kratos_database

    @property
    def programs(self) -> tuple[Program, ...]:
        """The processes whose logs tell what happened."""
        return (self.servers.kratos.program, self.servers.hydra.program)


@contextmanager
def running_ory(setup: Setup, templates: Path, folder: Path) -> Iterator[Ory]:
    """Run Kratos, Hydra, the app and the receiver until the block ends."""
    with running(setup, templates, folder) as servers:
        ports = servers.ports
        app = App(
            port=ports.app,
            kratos_public_url=url(ports.kratos_public),
            hydra_admin_url=url(ports.hydra_admin),
        )
        with closing(app), closing(Receiver(ports.hooks)) as receiver:
            # Hydra makes its signing keys when it first needs them, which takes seconds: here,
            # rather than in the middle of the first test that measures time.
            requests.get(f"{url(ports.hydra_public)}/.well-known/jwks.json", timeout=60)
            yield Ory(setup, servers, app, receiver, folder)
