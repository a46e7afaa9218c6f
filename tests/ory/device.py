"""One device of a person, signed in to an OAuth client: what most of these tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import requests
from ory import native, oauth
from ory.browser import Browser
from ory.oauth import Client, Tokens
from ory.people import Person
from ory.totp import Authenticator

if TYPE_CHECKING:
    from ory.lab import Ory


@dataclass(slots=True)
class Device:
    """A browser with a Kratos session, and the tokens that its client got through it."""

    ory: Ory
    person: Person
    browser: Browser
    client: Client
    tokens: Tokens
    session_id: str

    def refresh(self) -> requests.Response:
        """Use the refresh token; on success keep the new one, on refusal the old one (F23)."""
        reply = oauth.refresh(self.ory, self.client, self.tokens.refresh)
        if reply.ok:
            self.tokens = oauth.tokens(reply)
        return reply

    @property
    def expiry(self) -> datetime:
        """When the Kratos session ends, as Kratos says."""
        return self.ory.people.expiry(self.session_id)


class SignIn(Protocol):
    """What the fixture ``sign_in`` gives."""

    def __call__(
        self,
        person: Person | None = None,
        client: Client | None = None,
        authenticator: Authenticator | None = None,
    ) -> Device:
        """Sign a person in; a person and a client not given are new ones."""
        ...


@contextmanager
def signing_in(ory: Ory) -> Iterator[SignIn]:
    """Give a way to sign people in, and close their browsers when the block ends."""
    with ExitStack() as stack:

        def sign_in(
            person: Person | None = None,
            client: Client | None = None,
            authenticator: Authenticator | None = None,
        ) -> Device:
            person = person or ory.people.create()
            client = client or oauth.public_client(ory)
            browser = stack.enter_context(Browser(ory, person, authenticator))
            tokens = oauth.sign_in(ory, browser, client)
            return Device(ory, person, browser, client, tokens, browser.session_id)

        yield sign_in


def person_with_authenticator(
    ory: Ory, traits: dict[str, object] | None = None
) -> tuple[Person, Authenticator]:
    """Make a person who has an authenticator app and no session."""
    person = ory.people.create(traits)
    return person, native.enrol_authenticator(ory, person)
