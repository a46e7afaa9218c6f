"""Writes openapi.yaml from the marshmallow schemas: ``make openapi``.

A document made from what reads the requests cannot say something else than they do. A test
holds the committed file to this.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import openapi_checks
import openapi_page
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields
from ruamel.yaml import YAML

from webhook_service import __version__
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
from webhook_service.web.errors import ERRORS
from webhook_service.web.schema_route import MEDIA_TYPE
from webhook_service.wire import Flag, Time

DESCRIPTION = """\
Answers the action hooks of Ory Kratos and Ory Hydra from one policy file.
Ory adds fields to its requests; what is not named here is let be.
"""


class ErrorDetail(Schema):
    """What went wrong before a decision, or in keeping what must follow from one."""

    id = fields.String(
        required=True,
        metadata={
            "enum": sorted({*ERRORS, STORE_UNAVAILABLE}),
            "description": "The reason code.",
        },
    )
    code = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    message = fields.String(required=True)


class Error(Schema):
    """An error, as Ory's own services write theirs."""

    error = fields.Nested(ErrorDetail, required=True)


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


class Alive(Schema):
    """The process answers."""

    status = fields.String(required=True, metadata={"enum": ["ok"]})


class RefusedPolicy(Schema):
    """A policy file that was offered since, and does not load."""

    at = fields.String(required=True, metadata={"format": "date-time"})
    place = fields.String(
        required=True, metadata={"description": "Line, column and kind of the first error."}
    )
    problems = fields.Integer(required=True)


class PolicyInForce(Schema):
    """Which policy decides; and whether the file has become another that does not load."""

    digest = fields.String(required=True)
    rules = fields.Integer(required=True)
    refused = fields.Nested(RefusedPolicy)


class Ready(Schema):
    """The policy in force, and how each upstream answers: ok or a reason code."""

    status = fields.String(required=True, metadata={"enum": ["ok", "unavailable"]})
    policy = fields.Nested(PolicyInForce, required=True)
    upstreams = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.String())


class Version(Schema):
    """The version of the service."""

    version = fields.String(required=True)


def document() -> str:
    """Return the document as YAML."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="webhook-service",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": DESCRIPTION},
        plugins=[plugin],
    )
    if plugin.converter is not None:  # set as soon as a spec has the plugin
        plugin.converter.field_mapping[Time] = ("string", "date-time")
        plugin.converter.field_mapping[Flag] = ("boolean", None)
    for caller in ("hydra", "kratos", "operator"):
        spec.components.security_scheme(
            caller,
            {
                "type": "http",
                "scheme": "bearer",
                "description": f"A key of {caller.upper()}"
                + ("_KEYS." if caller == "operator" else "_HOOK_KEYS."),
            },
        )
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
    openapi_checks.describe(spec, _errors, _content)
    _gates(spec)
    _open_routes(spec)
    openapi_page.describe(spec)
    made = spec.to_dict()
    first = {name: made.pop(name) for name in ("openapi", "info")}
    return _yaml({**first, **made})


def _token_hook(name: str, body: type[Schema]) -> dict[str, Any]:
    errors = _errors([STORE_UNAVAILABLE])
    return {
        "operationId": name,
        "summary": f"Hydra's oauth2.{name}: may this token be issued?",
        "tags": ["hooks"],
        "security": [{"hydra": []}],
        "requestBody": _json(body),
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
            "200": {"description": "Issue it with these claims.", **_content(ChangedToken)},
            "403": {"description": "Do not issue it.", **_content(Refusal)},
            **errors,
            "503": {
                "description": "A fact could not be read: try again (F22). Or "
                + errors["503"]["description"],
                **_content(Refusal, Error),
            },
        },
    }


def _flow_hook(name: str, body: type[Schema], question: str) -> dict[str, Any]:
    after_a_change = [STORE_UNAVAILABLE] if body is SettingsHookBody else []
    refusal = {"description": "Refuse, with these messages.", **_content(FlowRefusal)}
    return {
        "operationId": name,
        "summary": question,
        "tags": ["hooks"],
        "security": [{"kratos": []}],
        "requestBody": _json(body),
        "responses": {
            "204": {"description": "Go on."},
            **({} if name == NEVER_REFUSED else {"403": refusal}),
            **_errors(after_a_change),
        },
    }


def _errors(unavailable: list[str]) -> dict[str, Any]:
    """List the errors by status; ``unavailable`` are reasons of 503 that this hook has besides."""
    statuses: dict[int, list[str]] = {503: list(unavailable)}
    for reason, status in ERRORS.items():
        if status not in {403, 404, 405}:  # of one route, of none, of all
            statuses.setdefault(status, []).append(reason)
    return {
        str(status): {"description": ", ".join(reasons), **_content(Error)}
        for status, reasons in sorted(statuses.items())
    }


def _open_routes(spec: APISpec) -> None:
    """Describe the routes that people and platforms call."""

    def get(summary: str, name: str, responses: dict[str, Any], tag: str) -> dict[str, Any]:
        return {
            "get": {
                "operationId": name,
                "summary": summary,
                "tags": [tag],
                "responses": responses,
            }
        }

    alive = {"200": {"description": "It is.", **_content(Alive)}}
    spec.path("/health/alive", operations=get("Is the process alive?", "alive", alive, "health"))
    ready = {
        "200": {"description": "It is ready.", **_content(Ready)},
        "503": {"description": "An upstream does not answer.", **_content(Ready)},
    }
    spec.path("/health/ready", operations=get("Can it do its work?", "ready", ready, "health"))
    version = {"200": {"description": "This one.", **_content(Version)}}
    spec.path("/version", operations=get("Which version is it?", "version", version, "health"))
    text = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    metrics = get(
        "Prometheus metrics of all processes.",
        "metrics",
        {
            "200": {"description": "The metrics.", **text},
            "401": {"description": "request.unauthorized", **_content(Error)},
        },
        "operator",
    )
    metrics["get"]["security"] = [{"operator": []}]
    spec.path("/metrics", operations=metrics)
    yaml = {"content": {"application/yaml": {"schema": {"type": "string"}}}}
    this = {"200": {"description": "The document.", **yaml}}
    spec.path("/openapi.yaml", operations=get("This document.", "openapi", this, "health"))
    schema = {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
    answer = {"200": {"description": "The JSON Schema.", **schema}}
    spec.path(
        "/policy.schema.json",
        operations=get(
            "The schema of policy files, for editors.", "policy_schema", answer, "health"
        ),
    )


def _gates(spec: APISpec) -> None:
    """Describe where Hydra sends browsers, and the forms of the pages that are shown there."""
    html = {"content": {"text/html": {"schema": {"type": "string"}}}}
    answers = {
        "200": {"description": "A page that asks the person.", **html},
        "303": {"description": "Go on: at Kratos, at Hydra, or at CONSENT_UI_URL."},
        "403": {"description": "A page: the way ends here, and why.", **html},
        "410": {"description": "A page: Hydra does not know the challenge.", **html},
        "503": {"description": "A page: Kratos or Hydra does not answer. Reload it.", **html},
    }
    for gate, summary, field in (
        ("login", "Hydra's urls.login: sign in, step up, or go on with the session.", None),
        ("consent", "Hydra's urls.consent: may the client have what it asks for?", "decision"),
        ("logout", "Hydra's urls.logout: end the session at Kratos, then at Hydra.", ""),
    ):
        challenge = {
            "name": f"{gate}_challenge",
            "in": "query",
            "required": True,
            "schema": {"type": "string"},
            "description": "What Hydra sent the browser with. A secret.",
        }
        about = {"tags": ["gates"], "parameters": [challenge], "responses": answers}
        operations = {"get": {"operationId": f"{gate}_gate", "summary": summary, **about}}
        if field is not None:
            sent: dict[str, Any] = {"token": {"type": "string"}}
            if field:
                sent[field] = {"type": "string", "enum": ["allow", "refuse"]}
            form = {"type": "object", "required": list(sent), "properties": sent}
            content = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
            operations["post"] = {
                "operationId": f"{gate}_form",
                "summary": "The form of the page, sent by the browser that was shown it.",
                "requestBody": {"required": True, **content},
                **about,
            }
        spec.path(f"/oauth2/{gate}", operations=operations)


def _json(schema: type[Schema]) -> dict[str, Any]:
    return {"required": True, **_content(schema)}


def _content(*schemas: type[Schema] | str) -> dict[str, Any]:
    schema = {"oneOf": list(schemas)} if len(schemas) > 1 else schemas[0]
    return {"content": {"application/json": {"schema": schema}}}


def _yaml(value: dict[str, Any]) -> str:
    from io import StringIO  # noqa: PLC0415  for this alone

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # wrongly typed there
    yaml.width = 100
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.write(document())
