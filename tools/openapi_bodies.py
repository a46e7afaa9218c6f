"""What several parts of openapi.yaml have in their bodies: JSON, and errors."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from webhook_service.hooks.reply import STORE_UNAVAILABLE
from webhook_service.web.errors import ERRORS


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


def errors(unavailable: list[str]) -> dict[str, Any]:
    """List the errors by status; ``unavailable`` are reasons of 503 that a route has besides."""
    statuses: dict[int, list[str]] = {503: list(unavailable)}
    for reason, status in ERRORS.items():
        if status not in {403, 404, 405}:  # of one route, of none, of all
            statuses.setdefault(status, []).append(reason)
    return {
        str(status): {"description": ", ".join(reasons), **content(Error)}
        for status, reasons in sorted(statuses.items())
    }


def json_body(schema: type[Schema]) -> dict[str, Any]:
    """Describe the body of a request."""
    return {"required": True, **content(schema)}


def content(*schemas: type[Schema] | str) -> dict[str, Any]:
    """Describe a body of JSON; several schemas: one of them. A text names one."""
    schema = {"oneOf": list(schemas)} if len(schemas) > 1 else schemas[0]
    return {"content": {"application/json": {"schema": schema}}}
