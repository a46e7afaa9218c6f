"""The part of Hydra's admin API that the service asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from marshmallow import ValidationError, fields

from webhook_service.ory.consents import Chain, read_chains
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import BadRequestError
from webhook_service.ory.health import ask_health
from webhook_service.ory.hydra_flows import HydraFlows
from webhook_service.ory.ids import quoted
from webhook_service.ory.introspection import AccessToken, read_introspection
from webhook_service.ory.oauth_client import ClientSchema, OAuthClient, client_of, read_client
from webhook_service.ory.paging import Page, every_item
from webhook_service.ory.transport import Transport
from webhook_service.wire import Flag, WireSchema

__all__ = ("CHAINS_PER_PAGE", "Hydra", "LoginRequest", "OAuthClient")

CHAINS_PER_PAGE: Final = 100
"""Each tells its whole client: a page of more could be larger than an answer may be."""

LONGEST_TOKEN: Final = 16 * 1024
"""A JWT with many claims has some thousand characters; a header of more than 8 KiB never gets
here."""

_BEARER_TOKEN: Final = re.compile(rf"(?=.{{1,{LONGEST_TOKEN}}}\Z)[A-Za-z0-9._~+/-]+=*")

_CONSENTS: Final = "/admin/oauth2/auth/sessions/consent"
_LOGINS: Final = "/admin/oauth2/auth/sessions/login"


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A sign-in that an OAuth 2.0 flow waits for.

    ``skip`` says that Hydra remembers the login; ``subject`` is then whom it remembers, and
    empty otherwise.
    """

    client: OAuthClient
    requested_scope: tuple[str, ...] = ()
    skip: bool = False
    subject: str = ""


class Hydra:
    """Hydra's admin API. Every method raises ``OryError`` where no usable answer comes.

    Attributes:
        flows: logins, consents and sign-outs that wait for an answer.
    """

    def __init__(self, transport: Transport) -> None:
        self.flows = HydraFlows(transport)
        self._transport = transport
        self._revokes_chains = True

    def client(self, client_id: str, deadline: Deadline) -> OAuthClient | None:
        """Read a client; ``None`` where there is none."""
        part = quoted(client_id)
        if part is None:
            return None
        return self._transport.get(f"/admin/clients/{part}", deadline, read_client)

    def login_request(self, challenge: str, deadline: Deadline) -> LoginRequest | None:
        """Read the login request behind a challenge (F37).

        ``None`` where Hydra does not know it, and where it has been answered already.
        """
        part = quoted(challenge)
        if part is None:
            return None
        path = f"/admin/oauth2/auth/requests/login?login_challenge={part}"
        return self._transport.get(path, deadline, _read_login_request)

    def introspect(self, token: str, deadline: Deadline) -> AccessToken | None:
        """Read an access token; ``None`` for what is none, or no longer good.

        What cannot be one (RFC 6750, section 2.1) is nobody's, and is not sent.
        """
        if _BEARER_TOKEN.fullmatch(token) is None:
            return None
        path = "/admin/oauth2/introspect"
        return self._transport.ask_form(path, {"token": token}, deadline, read_introspection)

    def chains_of(self, subject: str, deadline: Deadline) -> tuple[Chain, ...]:
        """Read the chains of tokens that Hydra tells of a person; see ``consents`` for which."""
        part = quoted(subject)
        if part is None:
            return ()
        path = f"{_CONSENTS}?subject={part}&page_size={CHAINS_PER_PAGE}"

        def fetch(token: str | None) -> Page[Chain]:
            at = path if token is None else f"{path}&page_token={quote(token, safe='')}"
            return self._transport.get_page(at, deadline, read_chains)

        return tuple(every_item(fetch, CHAINS_PER_PAGE))

    def revoke_tokens(
        self, subject: str, deadline: Deadline, *, client_id: str | None = None
    ) -> None:
        """Revoke all tokens of a person, or those that one client has (F69).

        Consents go with them: where one was remembered, it is asked for again.
        """
        part, client = quoted(subject), quoted(client_id or "")
        if part is None or (client_id is not None and client is None):
            return
        which = "all=true" if client_id is None else f"client={client}"
        self._transport.delete(f"{_CONSENTS}?subject={part}&{which}", deadline)

    def revoke_chain(self, chain_id: str, deadline: Deadline) -> bool:
        """Revoke the tokens of one chain; ``False`` where this Hydra cannot (2.3.0, F69).

        It is asked once whether it can.
        """
        part = quoted(chain_id)
        if part is None or not self._revokes_chains:
            return False
        try:
            self._transport.delete(f"{_CONSENTS}?consent_request_id={part}", deadline)
        except BadRequestError:
            self._revokes_chains = False
        return self._revokes_chains

    def forget_login(self, login_session_id: str, deadline: Deadline) -> None:
        """Let Hydra forget one login that it remembers.

        It also ends the Kratos session that the login was made with, where it knows Kratos
        (F31). Tokens live on; chains no longer tell their login session.
        """
        part = quoted(login_session_id)
        if part is not None:
            self._transport.delete(f"{_LOGINS}?sid={part}", deadline)

    def forget_logins(self, subject: str, deadline: Deadline) -> None:
        """Let Hydra forget every login of a person; tokens and Kratos sessions live on (F71)."""
        part = quoted(subject)
        if part is not None:
            self._transport.delete(f"{_LOGINS}?subject={part}", deadline)

    def ready(self, deadline: Deadline) -> None:
        """Return if Hydra is up and reaches its database.

        Raises:
            OryError: it is not, or what is there is not Hydra.
        """
        ask_health(self._transport, ("/health/ready", "/admin/health/ready"), deadline)


class _LoginRequestSchema(WireSchema):
    client = fields.Nested(ClientSchema(), required=True)
    requested_scope = fields.List(fields.String(), allow_none=True)
    skip = Flag(load_default=False)
    subject = fields.String(load_default="")


_LOGIN_REQUEST = _LoginRequestSchema()


def _read_login_request(data: object) -> LoginRequest:
    wire = _LOGIN_REQUEST.load(_mapping(data))
    return LoginRequest(
        client=client_of(wire["client"]),
        requested_scope=tuple(wire.get("requested_scope") or ()),
        skip=wire["skip"],
        subject=wire["subject"],
    )


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    return data
