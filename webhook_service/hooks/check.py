"""``/check`` over the wire, both ways: may this live session do this?

A backend asks with JSON, a gateway with the headers of the request that waits at it. What is
asked is a ``Question``; whether the credential in it proves a session is for others to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import fields

from webhook_service.hooks.credential import Credential, Proof, cookie_value
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.shape import ShapeError, load_object
from webhook_service.hooks.strict_json import read_object
from webhook_service.hooks.target import Target, forwarded, host_of, method_of, path_of
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.known import request_facts
from webhook_service.wire import WireSchema

CHECK: Final = "/check"
CHECK_REQUEST: Final = "/check/request/"
"""Before the path of the request that waits."""
SESSION_REFRESH: Final = "/session/refresh"

SECRET_HEADERS: Final = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-check-key", "x-session-token"}
)
"""What proves somebody to be somebody is no fact: no rule may look at it."""

COOKIE: Final = "cookie"
"""The name under which a backend hands over a browser's whole ``Cookie`` header."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        credential: what is shown for a session; ``None`` where nothing is.
        facts: the ``request.*`` facts of the request that waits.
        client_id: decided as a token for this client; ``None``: as ``check``.
        scopes: what that client would ask for.
        return_to: where a browser is to come back to; whether it may is decided elsewhere.
    """

    credential: Credential | None
    facts: Mapping[str, Value] = field(default_factory=dict, repr=False)
    client_id: str | None = None
    scopes: tuple[str, ...] = ()
    return_to: str | None = None


class CheckBody(WireSchema):
    """What a backend sends: exactly one credential, and what it is about."""

    session_token = fields.String(allow_none=True)
    session_cookie = fields.String(allow_none=True)
    cookie = fields.String(allow_none=True)
    access_token = fields.String(allow_none=True)
    session_id = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    client_id = fields.String(allow_none=True, load_default=None)
    scopes = fields.List(fields.String(), allow_none=True, load_default=None)
    host = fields.String(allow_none=True, load_default=None)
    path = fields.String(allow_none=True, load_default=None)
    method = fields.String(allow_none=True, load_default=None)
    headers = fields.Dict(allow_none=True, load_default=None)
    return_to = fields.String(allow_none=True, load_default=None)


CHECK_BODY: Final = CheckBody()
CREDENTIALS: Final = (*(proof.value for proof in Proof), COOKIE)
_OF_A_REQUEST: Final = ("host", "path", "method", "headers")


@dataclass(frozen=True, slots=True)
class Wire:
    """How what comes over the wire is read.

    Attributes:
        cookie_name: ``SESSION_COOKIE``: of a whole header, only this cookie is looked at.
        headers: which headers say where a request comes from.
        takes_access_tokens: whether there is a Hydra to ask about them.
    """

    cookie_name: str
    headers: RequestHeaders
    takes_access_tokens: bool

    def of_body(self, body: bytes) -> Question:
        """Read what a backend asks.

        Unlike a hook's, the body is our own: a field that nobody knows is a mistyped one, and
        must not be passed over, or a client's rules would be.

        Raises:
            MalformedError: not JSON as ``strict_json`` takes it.
            ShapeError: JSON, but no such question.
        """
        sent = read_object(body)
        unknown = sorted(set(sent) - set(CHECK_BODY.fields))
        if unknown:
            raise ShapeError("; ".join(f"{name}: Unknown field." for name in unknown))
        asked = load_object(CHECK_BODY, sent)
        credential = self._credential(asked)
        if asked["client_id"] is not None:
            return _about_client(asked, credential)
        if asked["scopes"] is not None:
            raise ShapeError("scopes: Without client_id; they are a client's.")
        target = Target(None, asked["host"], asked["path"], asked["method"])
        headers = {name.lower(): one for name, one in (asked["headers"] or {}).items()}
        facts = self._facts(target, headers)
        return Question(credential, facts, return_to=asked["return_to"])

    def of_gateway(self, headers: Mapping[str, str]) -> Question:
        """Read what a gateway asks: the headers of the request at it, names in lower case.

        Raises:
            ShapeError: what it says of the request contradicts itself.
        """
        target = forwarded(headers)
        return Question(self.shown(headers), self._facts(target, headers), return_to=target.url)

    def of_browser_or_app(self, headers: Mapping[str, str], target: Target) -> Question:
        """Read what a browser or app asks by itself.

        Raises:
            ShapeError: its ``Host`` is none.
        """
        return Question(self.shown(headers), self._facts(target, headers))

    def shown(self, headers: Mapping[str, str]) -> Credential | None:
        """Return the credential that a request shows.

        A browser adds its cookie to everything: what an app put there on purpose counts first.
        """
        if token := headers.get("x-session-token"):
            return Credential(Proof.SESSION_TOKEN, token)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self.takes_access_tokens and scheme.lower() == "bearer" and token.strip():
            return Credential(Proof.ACCESS_TOKEN, token.strip())
        return self._cookie(headers.get("cookie"))

    def _credential(self, asked: Mapping[str, Any]) -> Credential | None:
        """Return the one credential of a body; null, or a name without a value, shows nothing.

        Raises:
            ShapeError: there is none, or several.
        """
        named = [name for name in CREDENTIALS if name in asked]
        if len(named) != 1:
            raise ShapeError(f"exactly one of {', '.join(CREDENTIALS)} is needed.")
        name, value = named[0], asked[named[0]]
        if (name == Proof.SESSION_ID) != ("subject" in asked):
            raise ShapeError("subject: Goes with session_id, and session_id with it.")
        if name == COOKIE:
            return self._cookie(value)
        return Credential(Proof(name), value, asked.get("subject")) if value else None

    def _cookie(self, header: str | None) -> Credential | None:
        value = cookie_value(header or "", self.cookie_name)
        return Credential(Proof.SESSION_COOKIE, value) if value else None

    def _facts(self, target: Target, headers: Mapping[str, Any]) -> Mapping[str, Value]:
        """Return the facts of a request; names of headers are in lower case."""
        told = {name: one for name, one in headers.items() if name not in SECRET_HEADERS}
        facts = request_facts(told, ip_header=self.headers.ip, country_header=self.headers.country)
        if target.authority is not None:
            facts["request.host"] = host_of(target.authority)
        if target.target is not None:
            facts["request.path"] = path_of(target.target)
        if target.method is not None:
            facts["request.method"] = method_of(target.method)
        return facts


def _about_client(asked: Mapping[str, Any], credential: Credential | None) -> Question:
    """Read a question about a client: it is decided as a token, which has no request."""
    if not asked["client_id"]:
        raise ShapeError("client_id: Empty.")
    besides = [name for name in _OF_A_REQUEST if asked[name] is not None]
    if besides:
        raise ShapeError(f"{besides[0]}: Not with client_id; rules about a token see no request.")
    return Question(
        credential,
        client_id=asked["client_id"],
        scopes=tuple(asked["scopes"] or ()),
        return_to=asked["return_to"],
    )
