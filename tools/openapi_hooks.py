"""The part of openapi.yaml that describes the hooks."""

from __future__ import annotations

from typing import Any, Final

from apispec import APISpec
from marshmallow import Schema, fields
from openapi_bodies import Error, content, errors, json_body

from webhook_service.hooks.hydra_refresh import RefreshHookBody
from webhook_service.hooks.hydra_token import TokenHookBody
from webhook_service.hooks.kratos_body import KratosHookBody, RequestHeaders
from webhook_service.hooks.kratos_login import LoginHookBody
from webhook_service.hooks.kratos_settings import SettingsHookBody
from webhook_service.hooks.reply import STORE_UNAVAILABLE
from webhook_service.hooks.table import (
    HYDRA_REFRESH_TOKEN,
    HYDRA_TOKEN,
    KRATOS_LOGIN,
    KRATOS_RECOVERY,
    KRATOS_REGISTRATION,
    KRATOS_SETTINGS,
    KRATOS_VERIFICATION,
    hooks,
)
from webhook_service.policy.decision import Reason, Verdict


class Refusal(Schema):
    """Why a token is not issued. Hydra reads the status alone (F19)."""

    verdict = fields.String(
        required=True, metadata={"enum": [v.value for v in Verdict if v is not Verdict.ALLOW]}
    )
    reason = fields.String(required=True, metadata={"enum": [r.value for r in Reason]})
    rule = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The deciding rule's name; null where no rule decided."},
    )
    message = fields.String(required=True)


class TokenClaims(Schema):
    """All claims of the token, old and new: what is left out would be lost (F14)."""

    access_token = fields.Dict(required=True)
    id_token = fields.Dict(required=True)


class ChangedToken(Schema):
    """The token with claims changed by the policy (F15)."""

    session = fields.Nested(TokenClaims, required=True)


class Message(Schema):
    """One message of a refusal (F41)."""

    id = fields.Integer(required=True)
    text = fields.String(required=True)
    type = fields.String(required=True, metadata={"enum": ["error"]})
    context = fields.Dict(required=True, metadata={"description": "Reason and rule."})


class MessagesAt(Schema):
    """The messages at one place of the form."""

    instance_ptr = fields.String(required=True, metadata={"enum": ["#/"]})
    messages = fields.List(fields.Nested(Message), required=True)


class FlowRefusal(Schema):
    """A refusal that Kratos shows above its form."""

    messages = fields.List(fields.Nested(MessagesAt), required=True)


FLOWS: Final = (
    (
        KRATOS_LOGIN,
        LoginHookBody,
        "login_hook",
        "Kratos' login hook: may this step of a login go on?",
    ),
    (
        KRATOS_REGISTRATION,
        KratosHookBody,
        "registration_hook",
        "Kratos' registration hook: may this person sign up?",
    ),
    (
        KRATOS_SETTINGS,
        SettingsHookBody,
        "settings_hook",
        "Kratos' settings hook: may this change be stored; or, after it: what follows from it?",
    ),
    (
        KRATOS_RECOVERY,
        KratosHookBody,
        "recovery_hook",
        "Kratos' recovery hook: what follows from a recovery? Refused only where it is not kept.",
    ),
    (
        KRATOS_VERIFICATION,
        KratosHookBody,
        "verification_hook",
        "Kratos' verification hook: it is recorded.",
    ),
)
"""Where Kratos calls, with what, and why."""

NEVER_REFUSED: Final = "verification_hook"
"""An address is verified whatever is answered (F49)."""

WITH_METHOD: Final = {hook.path for hook in hooks(RequestHeaders()).values() if hook.with_method}

METHOD: Final = {
    "name": "method",
    "in": "path",
    "required": True,
    "description": "The method of this step: bodies need not name it (F34).",
    "schema": {"type": "string", "pattern": "^[a-z0-9_]{1,40}$"},
}


def describe(spec: APISpec) -> None:
    """Describe what Hydra and Kratos call."""
    for path, body, name in (
        (HYDRA_TOKEN, TokenHookBody, "token_hook"),
        (HYDRA_REFRESH_TOKEN, RefreshHookBody, "refresh_token_hook"),
    ):
        spec.path(path, operations={"post": _token_hook(name, body)})
    for path, sent, name, question in FLOWS:
        spec.path(path, operations={"post": _flow_hook(name, sent, question)})
        if path in WITH_METHOD:
            spec.path(
                f"{path}/{{method}}",
                parameters=[METHOD],
                operations={"post": _flow_hook(f"{name}_of_a_method", sent, question)},
            )


def _token_hook(name: str, body: type[Schema]) -> dict[str, Any]:
    known = errors([STORE_UNAVAILABLE])
    return {
        "operationId": name,
        "summary": f"Hydra's oauth2.{name}: may this token be issued?",
        "tags": ["hooks"],
        "security": [{"hydra": []}],
        "requestBody": json_body(body),
        "responses": {
            "204": {
                "description": "Issue the token, nothing changed.",
                "headers": {
                    "X-Session-Extended": {
                        "description": "Set where the Kratos session was extended: its new end.",
                        "schema": {"type": "string", "format": "date-time"},
                    }
                },
            },
            "200": {"description": "Issue it with these claims.", **content(ChangedToken)},
            "403": {"description": "Do not issue it.", **content(Refusal)},
            **known,
            "503": {
                "description": "A fact could not be read: try again (F22). Or "
                + known["503"]["description"],
                **content(Refusal, Error),
            },
        },
    }


def _flow_hook(name: str, body: type[Schema], question: str) -> dict[str, Any]:
    after_a_change = [STORE_UNAVAILABLE] if body is SettingsHookBody else []
    refusal = {"description": "Refuse, with these messages.", **content(FlowRefusal)}
    return {
        "operationId": name,
        "summary": question,
        "tags": ["hooks"],
        "security": [{"kratos": []}],
        "requestBody": json_body(body),
        "responses": {
            "204": {"description": "Go on."},
            **({} if name == NEVER_REFUSED else {"403": refusal}),
            **errors(after_a_change),
        },
    }
