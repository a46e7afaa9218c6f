"""One person's browsers, signed in to OAuth clients: at the stand-in, and at the real ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import requests
from contract.worlds import FakeWorld, RealWorld, World
from ory import oauth
from ory.browser import Browser
from ory.lab import Ory

LONG_AGO = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client got. The consent they come from has no name at this end."""

    access: str
    refresh: str


class Device(Protocol):
    """A browser that is signed in at Kratos from its first sign-in to a client on."""

    def sign_in(self, client: str, *, remember: bool = False) -> Tokens:
        """Sign in to a client; consents may be remembered."""
        ...

    @property
    def session_id(self) -> str:
        """The Kratos session that the browser has, or had last."""
        ...


class Devices(Protocol):
    """A person, and the clients ``one`` and ``two``."""

    world: World
    subject: str

    def client(self, name: str) -> str:
        """Return the id of a client."""
        ...

    def device(self) -> Device:
        """Take another device."""
        ...

    def let_consents_fade(self) -> None:
        """Let every consent have been remembered for a time that is over."""
        ...


def is_active(devices: Devices, tokens: Tokens) -> tuple[bool, bool]:
    """Ask Hydra whether the access token and the refresh token are good."""
    url = devices.world.ask("hydra", "GET", "/health/ready").url.removesuffix("/health/ready")
    access, refresh = (
        requests.post(f"{url}/admin/oauth2/introspect", data={"token": token}, timeout=10).json()
        for token in (tokens.access, tokens.refresh)
    )
    return access["active"], refresh["active"]


@contextmanager
def devices_in(world: World) -> Iterator[Devices]:
    """Return the devices of a new person."""
    if isinstance(world, FakeWorld):
        yield FakeDevices(world)
        return
    assert isinstance(world, RealWorld)
    with ExitStack() as stack:
        yield RealDevices(world, stack)


@dataclass
class FakeDevice:
    world: FakeWorld
    subject: str
    session_id: str = ""
    login: str = ""

    def sign_in(self, client: str, *, remember: bool = False) -> Tokens:
        fake = self.world.fake
        if not self.session_id:
            self.session_id = self.world.sign_in(self.subject)
            self.login = fake.hydra.consents.log_in(self.subject, self.session_id)
        chain = fake.hydra.consents.consent(
            self.login,
            client,
            session_id=self.session_id,
            remember=remember,
            skip=any(
                one.remember and (one.subject, one.client_id) == (self.subject, client)
                for one in fake.hydra.consents.chains.values()
            ),
        )
        return Tokens(chain.access_token, chain.refresh_token)


@dataclass
class FakeDevices:
    world: FakeWorld
    subject: str = field(init=False)

    def __post_init__(self) -> None:
        self.subject = self.world.person()

    def client(self, name: str) -> str:
        return self.world.fake.hydra.add_client(name)

    def device(self) -> FakeDevice:
        return FakeDevice(self.world, self.subject)

    def let_consents_fade(self) -> None:
        for chain in self.world.fake.hydra.consents.chains.values():
            chain.requested_at -= LONG_AGO
            chain.remember_for = 3600


@dataclass
class RealDevice:
    ory: Ory
    browser: Browser
    clients: dict[str, oauth.Client]
    session_id: str = ""

    def sign_in(self, client: str, *, remember: bool = False) -> Tokens:
        self.ory.app.remembers_consent = remember
        tokens = oauth.sign_in(self.ory, self.browser, self.clients[client])
        self.session_id = self.browser.session_id
        return Tokens(tokens.access, tokens.refresh)


@dataclass
class RealDevices:
    world: RealWorld
    stack: ExitStack
    subject: str = field(init=False)
    _clients: dict[str, oauth.Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subject = self.world.person()

    def client(self, name: str) -> str:  # noqa: ARG002  a real client's id is the server's choice
        made = oauth.public_client(self.world.ory)
        self._clients[made.id] = made
        return made.id

    def device(self) -> RealDevice:
        ory = self.world.ory
        browser = self.stack.enter_context(Browser(ory, self.world.people[self.subject]))
        return RealDevice(ory, browser, self._clients)

    def let_consents_fade(self) -> None:
        """Write it where Hydra keeps it: nobody can wait for an hour."""
        file = self.world.ory.folder / "hydra.sqlite"
        with closing(sqlite3.connect(file, timeout=5)) as hydra, hydra:
            hydra.execute(
                "UPDATE hydra_oauth2_flow SET consent_remember_for = 3600,"
                " requested_at = datetime(requested_at, '-2 hours') WHERE subject = ?",
                (self.subject,),
            )
