"""OAuth clients: registering them, and what they do at Hydra's public endpoints."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests
from ory.browser import Browser, Page

if TYPE_CHECKING:
    from ory.lab import Ory

USER_SCOPES = ("openid", "offline", "profile")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. Without a secret it is a public one, which proves itself by PKCE."""

    id: str
    redirect_uri: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A code that a browser brought back, with the verifier that its client kept (RFC 7636)."""

    code: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave."""

    access: str
    refresh: str
    id: str

    @property
    def id_claims(self) -> dict[str, Any]:
        """The claims of the ID token; its signature is Hydra's business."""
        return jwt_claims(self.id)

    @property
    def access_claims(self) -> dict[str, Any]:
        """The claims of an access token that is a JWT."""
        return jwt_claims(self.access)


def jwt_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT."""
    payload = token.split(".")[1]
    claims: dict[str, Any]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def public_client(ory: Ory, *, metadata: Mapping[str, object] | None = None) -> Client:
    """Register a client of people: code flow with PKCE, refresh tokens, no secret."""
    return _register(
        ory,
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        scope=" ".join(USER_SCOPES),
        token_endpoint_auth_method="none",
        redirect_uris=[f"{ory.app.url}/callback"],
        metadata=metadata or {},
    )


def machine_client(ory: Ory, *, metadata: Mapping[str, object] | None = None) -> Client:
    """Register a client that acts for itself (client_credentials)."""
    return _register(
        ory,
        grant_types=["client_credentials"],
        scope="reports",
        token_endpoint_auth_method="client_secret_post",
        client_secret=secrets.token_urlsafe(24),
        metadata=metadata or {},
    )


def sign_in(ory: Ory, browser: Browser, client: Client, **asked: str) -> Tokens:
    """Do the whole code flow; ``asked`` are more parameters of the authorization request."""
    reply = exchange(ory, client, authorize(ory, browser, client, **asked))
    return tokens(reply)


def authorize(ory: Ory, browser: Browser, client: Client, **asked: str) -> Grant:
    """Let the browser fetch a code."""
    page, verifier = try_authorize(ory, browser, client, **asked)
    assert page.path == "/callback", f"the browser ended at {page.address}: {page.messages}"
    assert "code" in page.query, page.address
    return Grant(page.query["code"], verifier)


def try_authorize(ory: Ory, browser: Browser, client: Client, **asked: str) -> tuple[Page, str]:
    """Send the browser to the authorization endpoint; return where it ends, and the verifier."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": " ".join(USER_SCOPES),
        "state": secrets.token_urlsafe(16),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **asked,
    }
    return browser.go(f"{ory.hydra_public_url}/oauth2/auth?{urlencode(query)}"), verifier


def exchange(ory: Ory, client: Client, grant: Grant) -> requests.Response:
    """Trade a code for tokens and return Hydra's answer, whatever it is."""
    return _token_endpoint(
        ory,
        client,
        grant_type="authorization_code",
        code=grant.code,
        redirect_uri=client.redirect_uri,
        code_verifier=grant.verifier,
    )


def refresh(ory: Ory, client: Client, refresh_token: str) -> requests.Response:
    """Use a refresh token and return Hydra's answer, whatever it is."""
    return _token_endpoint(ory, client, grant_type="refresh_token", refresh_token=refresh_token)


def client_credentials(ory: Ory, client: Client) -> requests.Response:
    """Ask for a token of the client's own."""
    return _token_endpoint(ory, client, grant_type="client_credentials", scope="reports")


def tokens(reply: requests.Response) -> Tokens:
    """Read an answer that must hold tokens."""
    assert reply.status_code == 200, reply.text
    body = reply.json()
    return Tokens(body["access_token"], body["refresh_token"], body["id_token"])


def introspect(ory: Ory, token: str) -> dict[str, Any]:
    """Ask Hydra's admin API what a token is good for."""
    address = f"{ory.hydra_admin_url}/admin/oauth2/introspect"
    reply = requests.post(address, data={"token": token}, timeout=10)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def _register(ory: Ory, **body: Sequence[str] | Mapping[str, object]) -> Client:
    reply = requests.post(f"{ory.hydra_admin_url}/admin/clients", json=body, timeout=10)
    assert reply.status_code == 201, reply.text
    made = reply.json()
    redirect_uri = next(iter(made.get("redirect_uris") or []), "")
    return Client(made["client_id"], redirect_uri, made.get("client_secret"))


def _token_endpoint(ory: Ory, client: Client, **form: str) -> requests.Response:
    form["client_id"] = client.id
    if client.secret is not None:
        form["client_secret"] = client.secret
    return requests.post(f"{ory.hydra_public_url}/oauth2/token", data=form, timeout=60)
