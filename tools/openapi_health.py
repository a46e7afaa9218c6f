"""The part of openapi.yaml that describes what platforms, Prometheus and editors call."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from marshmallow import Schema, fields
from openapi_bodies import Error, content

from webhook_service.web.schema_route import MEDIA_TYPE


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


def describe(spec: APISpec) -> None:
    """Describe these routes; most are open."""

    def get(summary: str, name: str, responses: dict[str, Any], tag: str) -> dict[str, Any]:
        return {
            "get": {
                "operationId": name,
                "summary": summary,
                "tags": [tag],
                "responses": responses,
            }
        }

    alive = {"200": {"description": "It is.", **content(Alive)}}
    spec.path("/health/alive", operations=get("Is the process alive?", "alive", alive, "health"))
    ready = {
        "200": {"description": "It is ready.", **content(Ready)},
        "503": {"description": "An upstream does not answer.", **content(Ready)},
    }
    spec.path("/health/ready", operations=get("Can it do its work?", "ready", ready, "health"))
    version = {"200": {"description": "This one.", **content(Version)}}
    spec.path("/version", operations=get("Which version is it?", "version", version, "health"))
    text = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    metrics = get(
        "Prometheus metrics of all processes.",
        "metrics",
        {
            "200": {"description": "The metrics.", **text},
            "401": {"description": "request.unauthorized", **content(Error)},
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
