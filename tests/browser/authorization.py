"""An OAuth authorization, which a real browser is sent through."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ory import oauth
from ory.oauth import USER_SCOPES, Client, Grant, Tokens

if TYPE_CHECKING:
    from browser.visitor import Visitor
    from ory.lab import Ory


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a client asks for, and what it keeps until the browser comes back (RFC 7636)."""

    ory: Ory
    client: Client
    address: str
    state: str
    verifier: str

    def grant(self, visitor: Visitor) -> Grant:
        """Return the code with which the browser came back."""
        assert visitor.address == self.client.redirect_uri, f"the way ended at {visitor.page.url}"
        assert visitor.query["state"] == self.state, visitor.page.url
        assert "code" in visitor.query, visitor.page.url
        return Grant(visitor.query["code"], self.verifier)

    def tokens(self, visitor: Visitor) -> Tokens:
        """Trade the code with which the browser came back for tokens."""
        return oauth.tokens(oauth.exchange(self.ory, self.client, self.grant(visitor)))


def begin(ory: Ory, client: Client, **asked: str) -> Authorization:
    """Make a request for authorization; ``asked`` are more parameters of it."""
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": " ".join(USER_SCOPES),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **asked,
    }
    address = f"{ory.hydra_public_url}/oauth2/auth?{urlencode(query)}"
    return Authorization(ory, client, address, state, verifier)
