"""The part of Hydra's admin API behind ``urls.login``, ``urls.consent`` and ``urls.logout``.

Hydra sends a browser with a challenge; whoever answers reads the request behind it, accepts or
rejects it, and sends the browser where Hydra says. A challenge is as secret as a password: it
stands in no log, error or record. Hydra takes an answer more than once, and tells of a request
that was answered as if it were new; a browser that brings the second answer is sent back to
its client with an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from marshmallow import ValidationError, fields

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.ids import quoted
from webhook_service.ory.oauth_client import ClientSchema, OAuthClient, client_of
from webhook_service.ory.transport import Transport
from webhook_service.wire import Flag, WireSchema

Kind: TypeAlias = Literal["login", "consent", "logout"]

_REQUESTS: Final = "/admin/oauth2/auth/requests"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked for, as far as both gates see it.

    Attributes:
        client: who asks.
        scopes: what it asks for.
        audience: for whom the tokens are to be.
        request_url: the address at Hydra that the browser came to, with its query.
        skip: whether Hydra remembers the login, or the consent.
        subject: whose login it remembers, or whose consent is asked; empty for nobody's.
        login_hint: whom the client expects, in any words.
        hinted_subject: whom the ID token that the client sent along names.
    """

    client: OAuthClient
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    request_url: str = ""
    skip: bool = False
    subject: str = ""
    login_hint: str | None = None
    hinted_subject: str | None = None


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """A sign-out that waits. ``rp_initiated``: a client proved that it asks for this person."""

    subject: str
    rp_initiated: bool = False
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedLogin:
    """Who signed in, and how (settled question 1, F104).

    Attributes:
        subject: the Kratos identity.
        session_id: the Kratos session; Hydra ends it at sign-out (F31).
        methods: how, in order.
        remember_for: seconds for which Hydra may remember it; never 0, which is for ever.
    """

    subject: str
    session_id: str
    methods: tuple[str, ...]
    remember_for: int


@dataclass(frozen=True, slots=True)
class AcceptedConsent:
    """What the client gets, and the claims of its access token.

    ``remember`` lets Hydra give it the same again without asking. Later chains of tokens are
    not told then (see ``consents``): when their session ends, all tokens that the client has of
    the person are revoked instead.
    """

    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    claims: Mapping[str, str] = field(default_factory=dict)
    remember: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: an error code of OAuth 2.0 or OpenID Connect, and what the client may read.

    Hydra puts the hint behind the description, with a space.
    """

    error: str
    description: str
    hint: str = ""
    status: int = 403


class HydraFlows:
    """Logins, consents and sign-outs that wait at Hydra.

    Reading brings ``None`` for a challenge that Hydra does not know, or knows no longer.
    Answering brings the address to send the browser to. Everything raises ``OryError`` where no
    usable answer comes.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def login(self, challenge: str, deadline: Deadline) -> Asked | None:
        """Read a login request."""
        path = _path("login", challenge)
        return None if path is None else self._transport.get(path, deadline, _read_asked)

    def consent(self, challenge: str, deadline: Deadline) -> Asked | None:
        """Read a consent request."""
        path = _path("consent", challenge)
        return None if path is None else self._transport.get(path, deadline, _read_asked)

    def logout(self, challenge: str, deadline: Deadline) -> LogoutAsked | None:
        """Read a logout request."""
        path = _path("logout", challenge)
        return None if path is None else self._transport.get(path, deadline, _read_logout)

    def accept_login(self, challenge: str, login: AcceptedLogin, deadline: Deadline) -> str:
        """Say who signed in. Hydra remembers it, and anew where it remembered it already."""
        body = {
            "subject": login.subject,
            "identity_provider_session_id": login.session_id,
            "amr": list(login.methods),
            "remember": True,
            "remember_for": login.remember_for,
            "extend_session_lifespan": True,
        }
        return self._answer("login", "accept", challenge, body, deadline)

    def accept_consent(self, challenge: str, consent: AcceptedConsent, deadline: Deadline) -> str:
        """Give the client what it asked for. What is remembered is so without an end."""
        body = {
            "grant_scope": list(consent.scopes),
            "grant_access_token_audience": list(consent.audience),
            "session": {"access_token": dict(consent.claims), "id_token": {}},
            "remember": consent.remember,
            "remember_for": 0,
        }
        return self._answer("consent", "accept", challenge, body, deadline)

    def accept_logout(self, challenge: str, deadline: Deadline) -> str:
        """Sign the person out at Hydra."""
        return self._answer("logout", "accept", challenge, {}, deadline)

    def reject(
        self,
        kind: Literal["login", "consent"],
        challenge: str,
        refusal: Refusal,
        deadline: Deadline,
    ) -> str:
        """Refuse; the client reads why."""
        body = {
            "error": refusal.error,
            "error_description": refusal.description,
            "error_hint": refusal.hint,
            "status_code": refusal.status,
        }
        return self._answer(kind, "reject", challenge, body, deadline)

    def _answer(
        self,
        kind: Kind,
        answer: Literal["accept", "reject"],
        challenge: str,
        body: Mapping[str, object],
        deadline: Deadline,
    ) -> str:
        path = _path(kind, challenge, answer)
        redirect_to = path and self._transport.put(path, body, deadline, _read_redirect)
        if not redirect_to:
            raise OryError(
                self._transport.upstream, UpstreamReason.INVALID, "answered with no way on"
            )
        return redirect_to


def _path(kind: Kind, challenge: str, answer: str | None = None) -> str | None:
    part = quoted(challenge)
    if part is None:
        return None
    end = "" if answer is None else f"/{answer}"
    return f"{_REQUESTS}/{kind}{end}?{kind}_challenge={part}"


class _HintedClaims(WireSchema):
    sub = fields.String(allow_none=True)


class _OidcContext(WireSchema):
    login_hint = fields.String(allow_none=True)
    id_token_hint_claims = fields.Nested(_HintedClaims(), allow_none=True)


class _AskedSchema(WireSchema):
    client = fields.Nested(ClientSchema(), required=True)
    requested_scope = fields.List(fields.String(), allow_none=True)
    requested_access_token_audience = fields.List(fields.String(), allow_none=True)
    request_url = fields.String(required=True)
    skip = Flag(allow_none=True)
    subject = fields.String(allow_none=True)
    oidc_context = fields.Nested(_OidcContext(), allow_none=True)


class _LogoutClient(WireSchema):
    client_id = fields.String(allow_none=True)


class _LogoutSchema(WireSchema):
    subject = fields.String(required=True)
    rp_initiated = Flag(load_default=False)
    client = fields.Nested(_LogoutClient(), allow_none=True)


class _RedirectSchema(WireSchema):
    redirect_to = fields.String(required=True)


_ASKED: Final = _AskedSchema()
_LOGOUT: Final = _LogoutSchema()
_REDIRECT: Final = _RedirectSchema()


def _read_asked(data: object) -> Asked:
    wire = _ASKED.load(_mapping(data))
    context = wire.get("oidc_context") or {}
    return Asked(
        client=client_of(wire["client"]),
        scopes=tuple(wire.get("requested_scope") or ()),
        audience=tuple(wire.get("requested_access_token_audience") or ()),
        request_url=wire["request_url"],
        skip=bool(wire.get("skip")),
        subject=wire.get("subject") or "",
        login_hint=context.get("login_hint") or None,
        hinted_subject=(context.get("id_token_hint_claims") or {}).get("sub") or None,
    )


def _read_logout(data: object) -> LogoutAsked:
    wire = _LOGOUT.load(_mapping(data))
    client = wire.get("client") or {}
    return LogoutAsked(wire["subject"], wire["rp_initiated"], client.get("client_id") or None)


def _read_redirect(data: object) -> str:
    redirect_to: str = _REDIRECT.load(_mapping(data))["redirect_to"]
    return redirect_to


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ValidationError("Not an object.")
    return data
