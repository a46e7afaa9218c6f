"""Logins, consents and sign-outs that wait: at the stand-in, and at the real Hydra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from contract.worlds import FakeWorld, RealWorld, World, deadline

from webhook_service.ory.hydra_flows import AcceptedLogin

CLIENT = "a client of flows"
CLIENT_NAME = "A client"
REMEMBERED_SECONDS = 600


class Waiting(Protocol):
    """One person's browser at Hydra. ``public`` is where browsers reach it."""

    world: World
    subject: str

    @property
    def public(self) -> str:
        """The scheme, host and port of Hydra's public address."""
        ...

    def login(self, **asked: str) -> str:
        """Begin a sign-in and return the challenge; ``asked`` are more parameters."""
        ...

    def remembered_login(self) -> str:
        """Begin a sign-in of the person, whom Hydra remembers; return the challenge."""
        ...

    def consent(self, **asked: str) -> str:
        """Sign the person in as far as the consent; return its challenge."""
        ...

    def logout(self) -> str:
        """Begin the person's sign-out and return the challenge."""
        ...


@contextmanager
def waiting_in(world: World, *, skip_consent: bool = False) -> Iterator[Waiting]:
    """Return the browser of a new person, and a client for it."""
    if isinstance(world, FakeWorld):
        world.fake.hydra.add_client(CLIENT, name=CLIENT_NAME, skip_consent=skip_consent)
        yield FakeWaiting(world, world.person())
        return
    assert isinstance(world, RealWorld)
    fields = {"client_name": CLIENT_NAME, "scope": "openid offline"}
    world.client(CLIENT, skip_consent=skip_consent, **fields)
    with requests.Session() as browser:
        yield RealWaiting(world, world.person(), browser)


def accepted(waiting: Waiting) -> AcceptedLogin:
    """Return what a gate says of the person's login."""
    session_id = waiting.world.sign_in(waiting.subject)
    methods = ("password", "totp", "password")
    return AcceptedLogin(waiting.subject, session_id, methods, REMEMBERED_SECONDS)


@dataclass
class FakeWaiting:
    world: FakeWorld
    subject: str

    @property
    def public(self) -> str:
        return "http://127.0.0.1"

    def login(self, **asked: str) -> str:
        hint = asked.get("login_hint")
        context = {"login_hint": hint} if hint else {}
        flows = self.world.fake.hydra.flows
        return flows.add_login(CLIENT, ("openid", "offline"), oidc_context=context, **asked)

    def remembered_login(self) -> str:
        flows = self.world.fake.hydra.flows
        return flows.add_login(CLIENT, ("openid", "offline"), subject=self.subject)

    def consent(self, **asked: str) -> str:
        flows = self.world.fake.hydra.flows
        return flows.add_consent(CLIENT, self.subject, ("openid", "offline"), **asked)

    def logout(self) -> str:
        return self.world.fake.hydra.flows.add_logout(self.subject)


@dataclass
class RealWaiting:
    world: RealWorld
    subject: str
    browser: requests.Session

    @property
    def public(self) -> str:
        return self.world.ory.hydra_public_url

    def login(self, **asked: str) -> str:
        query = {
            "client_id": CLIENT,
            "response_type": "code",
            "scope": "openid offline",
            "redirect_uri": f"{self.world.ory.app.url}/callback",
            "state": "a-state-of-the-client",
            "code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            "code_challenge_method": "S256",
            **asked,
        }
        return self._sent_with(f"{self.public}/oauth2/auth?{urlencode(query)}", "login")

    def remembered_login(self) -> str:
        self.consent()
        return self.login()

    def consent(self, **asked: str) -> str:
        flows = self.world.hydra.flows
        challenge = self.login(**asked)
        return self._sent_with(flows.accept_login(challenge, accepted(self), deadline()), "consent")

    def logout(self) -> str:
        self.consent()
        return self._sent_with(f"{self.public}/oauth2/sessions/logout", "logout")

    def follow(self, address: str) -> str:
        """Return where the browser is sent from an address."""
        reply = self.browser.get(address, timeout=10, allow_redirects=False)
        return reply.headers["Location"]

    def _sent_with(self, address: str, kind: str) -> str:
        query = parse_qs(urlsplit(self.follow(address)).query)
        return query[f"{kind}_challenge"][0]
