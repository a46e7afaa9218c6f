"""The part of openapi.yaml that describes ``/check`` and ``/session/refresh``."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from apispec import APISpec
from marshmallow import Schema, fields
from openapi_bodies import content, errors, json_body

from webhook_service.hooks.check import CHECK, CHECK_REQUEST, SESSION_REFRESH, CheckBody
from webhook_service.hooks.check_answers import AAL, LOCATION, SESSION_ID, SUBJECT
from webhook_service.hooks.hints import SESSION_TOKEN_HEADER
from webhook_service.hooks.reply import STORE_UNAVAILABLE
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.wire import Time

FORWARDED: Final = (
    ("Cookie", "Of it, the cookie that SESSION_COOKIE names."),
    (SESSION_TOKEN_HEADER, "A session token of Kratos; counts before all others."),
    ("Authorization", "An access token of Hydra's, as Bearer; counts before the cookie."),
    ("X-Forwarded-Proto", "The scheme of the request that waits."),
    ("X-Forwarded-Host", "Its host."),
    ("X-Forwarded-Uri", "Its path and query."),
    ("X-Forwarded-Method", "Its method."),
    ("X-Original-Url", "Instead of these: its whole address."),
    ("X-Original-Method", "The same: its method."),
)

NOT_OF_THE_REQUEST: Final = 4
"""So many of these say what a request does not: its credentials, and its scheme."""

PAGES: Final = (
    "X-Check-Pages",
    "redirect, of gateways that hand a refusal on as it is: who opens a page is redirected.",
)
REDIRECTED: Final = {
    "description": "With X-Check-Pages, to whoever accepts HTML: instead of a 401.",
    "headers": {"Location": {"description": "As X-Auth-Location.", "schema": {"type": "string"}}},
}


class LiveSession(Schema):
    """The session that was shown."""

    id = fields.UUID(required=True)
    aal = fields.String(required=True, metadata={"enum": ["aal1", "aal2"]})
    methods = fields.List(fields.String(), required=True)
    authenticated_at = Time(required=True, allow_none=True)
    expires_at = Time(required=True, allow_none=True)


class _Answer(Schema):
    verdict = fields.String(required=True, metadata={"enum": [one.value for one in Verdict]})
    reason = fields.String(
        required=True, allow_none=True, metadata={"enum": [*(one.value for one in Reason), None]}
    )
    rule = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)


class Checked(_Answer):
    """The live session may do this."""

    subject = fields.UUID(required=True)
    session = fields.Nested(LiveSession, required=True)
    extended = fields.Boolean(required=True)
    set_cookie = fields.String(
        metadata={
            "description": "For a backend, where Kratos renewed the browser's cookie: the line of a"
            " Set-Cookie, to be handed on as it is."
        }
    )


class NextCall(Schema):
    """When to call again, so that the session lives on."""

    seconds = fields.Integer(required=True)
    at = Time(required=True)


class Refreshed(Checked):
    """The session lives on."""

    ends_at = Time(
        metadata={"description": "When it ends: by itself, or by a rule's max_age before that."}
    )
    next = fields.Nested(NextCall)

    class Meta:
        """Its cookie is a header."""

        exclude = ("set_cookie",)


class BrowserStep(Schema):
    """Where a browser is sent."""

    url = fields.URL(required=True)


class NativeStep(Schema):
    """What an app asks of Kratos; the flow that it gets says where the rest goes (F99)."""

    method = fields.String(required=True, metadata={"enum": ["GET"]})
    url = fields.URL(required=True)
    header = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Takes the session token; null where a new session is begun."},
    )


class NextStep(_Answer):
    """What the person does next: sign in, give another factor, or enrol one."""

    browser = fields.Nested(BrowserStep, required=True)
    native = fields.Nested(NativeStep, required=True)


class NotAllowed(_Answer):
    """Not this, and nothing that the person could do would help."""


class Unknown(_Answer):
    """A fact could not be read."""


def describe(spec: APISpec) -> None:
    """Describe both routes."""
    spec.components.security_scheme(
        "check", {"type": "http", "scheme": "bearer", "description": "A key of CHECK_KEYS."}
    )
    spec.components.security_scheme(
        "gateway",
        {
            "type": "apiKey",
            "in": "header",
            "name": "X-Check-Key",
            "description": "A key of CHECK_KEYS.",
        },
    )
    answers = _answers()
    with_body = {"400", "408", "411", "413", "415"}
    gateway = {status: one for status, one in answers.items() if status not in with_body - {"400"}}
    spec.path(
        CHECK,
        operations={
            "post": {
                "operationId": "check",
                "summary": "May this live session do this? For backends.",
                "tags": ["check"],
                "security": [{"check": []}],
                "requestBody": json_body(CheckBody),
                "responses": answers,
            },
            "get": {
                "operationId": "check_at_gateway",
                "summary": "The same for gateways, which hand on the headers of a request.",
                "tags": ["check"],
                "security": [{"gateway": []}],
                "parameters": [_header(*one) for one in (*FORWARDED, PAGES)],
                # A copy: what stands in a document twice is written as an alias.
                "responses": {**deepcopy(gateway), "303": REDIRECTED},
            },
        },
    )
    spec.path(
        f"{CHECK_REQUEST}{{target}}",
        parameters=[
            {
                "name": "target",
                "in": "path",
                "required": True,
                "description": "The path of the request that waits; its query is this one's.",
                "schema": {"type": "string"},
            }
        ],
        operations={
            method: {
                "operationId": f"check_request_{method}",
                "summary": "The same for gateways that ask with the request itself (Envoy).",
                "tags": ["check"],
                "security": [{"gateway": []}],
                "parameters": [_header(*one) for one in (*FORWARDED[:NOT_OF_THE_REQUEST], PAGES)],
                "responses": {**deepcopy(gateway), "303": deepcopy(REDIRECTED)},
            }
            for method in ("get", "post", "put", "patch", "delete", "options")
        },
    )
    _describe_refresh(spec, _answers(Refreshed))


def _describe_refresh(spec: APISpec, answers: dict[str, Any]) -> None:
    answers["403"] = {
        "description": "Refused by a rule; or request.origin_not_allowed",
        **content(NotAllowed, "Error"),
    }
    allowed = {"204": {"description": "A page of this origin may ask."}}
    refused = {"403": {"description": "request.origin_not_allowed", **content("Error")}}
    shown = [_header("Cookie", FORWARDED[0][1]), _header(*FORWARDED[1])]
    spec.path(
        SESSION_REFRESH,
        operations={
            "post": {
                "operationId": "session_refresh",
                "summary": "Keep the session alive. For the browser or app that holds it.",
                "tags": ["check"],
                "parameters": [*shown, _header("Origin", "One of ALLOWED_ORIGINS.")],
                "responses": answers,
            },
            "options": {
                "operationId": "session_refresh_preflight",
                "summary": "May a page of this origin ask? (CORS)",
                "tags": ["check"],
                "responses": {**allowed, **refused},
            },
        },
    )


def _answers(allowed: type[Schema] = Checked) -> dict[str, Any]:
    known = errors([STORE_UNAVAILABLE])
    return {
        **known,
        "200": {
            "description": "It may.",
            "headers": _headers(
                (SUBJECT, "The identity."),
                (SESSION_ID, "The session."),
                (AAL, "Its level: aal1 or aal2."),
                ("Set-Cookie", "The browser's renewed cookie, where Kratos gave one (GET)."),
            ),
            **content(allowed),
        },
        "401": {
            "description": "Not without signing in, another factor, or enrolling one."
            " Or request.unauthorized, without these headers: the caller's key is wrong.",
            "headers": _headers(
                (LOCATION, "Where a browser is sent."),
                ("WWW-Authenticate", "RFC 9470, or RFC 6750 where there is no live session."),
            ),
            **content(NextStep, "Error"),
        },
        "403": {"description": "It may not.", **content(NotAllowed)},
        "503": {
            "description": "A fact could not be read. Or " + known["503"]["description"],
            **content(Unknown, "Error"),
        },
    }


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _headers(*named: Sequence[str]) -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in named
    }
