"""The part of openapi.yaml that describes the operator's page."""

from __future__ import annotations

from typing import Any, Final

from apispec import APISpec

from webhook_service.web.operator.signing_in import COOKIE

_HTML: Final = {"content": {"text/html": {"schema": {"type": "string"}}}}
_PAGE: Final = {"description": "The page.", **_HTML}
_UNSIGNED: Final = {"description": "A page that asks for an operator key.", **_HTML}
_FOREIGN: Final = {"description": "A page: the form is not of this sign-in.", **_HTML}
_MISSING: Final = {"description": "A page: there is none of this number.", **_HTML}
_AWAY: Final = {"description": "A page: the database does not answer.", **_HTML}
_SECURITY: Final = [{"operator_cookie": []}]
_SEQ: Final = {
    "name": "seq",
    "in": "path",
    "required": True,
    "description": "The number that the database gave it.",
    "schema": {"type": "integer", "minimum": 0},
}

_SHOWN: Final = (
    ("/", "decisions_page", "The decisions, newest first; filters are in the query."),
    ("/decisions/rows", "decisions_rows", "A part of that page: the decisions made since."),
    ("/decisions/{seq}", "decision_page", "One decision, and how each rule came to its outcome."),
    ("/effects", "effects_page", "The effects; filters are in the query."),
    ("/effects/{seq}", "effect_page", "One effect, with its tries."),
    ("/effects/{seq}/cancel", "effect_cancel_page", "Whether to cancel an effect."),
    ("/rules", "rules_page", "The rules in force, and what they said in the last 24 hours."),
    ("/simulate", "simulate_page", "A form for an event that has not been."),
)
_SENT: Final = (
    ("/effects/{seq}/retry", "effect_retry", "Try an effect anew."),
    ("/effects/{seq}/cancel", "effect_cancel", "Cancel an effect."),
    ("/simulate", "simulate", "What the policy in force would say to an event."),
    ("/sign-out", "sign_out", "Take the cookie back from the browser."),
)


def describe(spec: APISpec) -> None:
    """Describe the pages, and the forms that are sent from them."""
    spec.components.security_scheme(
        "operator_cookie",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "What /sign-in gives for a key of OPERATOR_KEYS, for 8 hours.",
        },
    )
    paths: dict[str, dict[str, Any]] = {}
    for path, name, summary in _SHOWN:
        paths.setdefault(path, {})["get"] = _get(path, name, summary)
    for path, name, summary in _SENT:
        paths.setdefault(path, {})["post"] = _post(path, name, summary)
    paths["/sign-in"] = _sign_in()
    paths["/assets/{name}"] = {"get": _asset()}
    for path, operations in paths.items():
        spec.path(path, parameters=[_SEQ] if "{seq}" in path else [], operations=operations)


def _get(path: str, name: str, summary: str) -> dict[str, Any]:
    missing = {"404": _MISSING} if "{seq}" in path else {}
    away = {} if path == "/simulate" else {"503": _AWAY}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["operator"],
        "security": _SECURITY,
        "responses": {"200": _PAGE, "401": _UNSIGNED, **missing, **away},
    }


def _post(path: str, name: str, summary: str) -> dict[str, Any]:
    if path == "/simulate":
        answers = {"200": _PAGE, "413": {"description": "A page: it is too long.", **_HTML}}
    else:
        answers = {"303": {"description": "It is done, or a page says why not."}}
    if "{seq}" in path:
        answers |= {"404": _MISSING, "503": _AWAY}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["operator"],
        "security": _SECURITY,
        "requestBody": _form("token"),
        "responses": dict(sorted({**answers, "401": _UNSIGNED, "403": _FOREIGN}.items())),
    }


def _sign_in() -> dict[str, Any]:
    to = {
        "name": "to",
        "in": "query",
        "description": "Which page to show then, as its path. Any other text means /.",
        "schema": {"type": "string"},
    }
    about = {"tags": ["operator"], "parameters": [to]}
    return {
        "get": {
            "operationId": "sign_in_page",
            "summary": "A form for an operator key.",
            **about,
            "responses": {
                "200": _PAGE,
                "303": {"description": "Somebody is signed in: to the page."},
                "400": {"description": "A page: the browser did not keep the cookie.", **_HTML},
            },
        },
        "post": {
            "operationId": "sign_in",
            "summary": "Sign in with an operator key.",
            **about,
            "requestBody": _form("key"),
            "responses": {
                "303": {"description": "With the cookie."},
                "401": _UNSIGNED,
                "403": {"description": "A page: the form comes from another site.", **_HTML},
            },
        },
    }


def _asset() -> dict[str, Any]:
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    content = {"content": {"*/*": {"schema": {"type": "string"}}}}
    return {
        "operationId": "asset",
        "summary": "A style, a script or a picture of the pages.",
        "tags": ["operator"],
        "parameters": [name],
        "responses": {"200": {"description": "The file, for good.", **content}},
    }


def _form(field: str) -> dict[str, Any]:
    schema = {"type": "object", "required": [field], "properties": {field: {"type": "string"}}}
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"required": True, "content": content}
