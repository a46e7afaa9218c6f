"""The rules of each section, as JSON Schema (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from webhook_service.policy.facts import EventName
from webhook_service.policy.loading.rules import (
    LONGEST_DESCRIPTION,
    LONGEST_MESSAGE,
    LONGEST_NAME,
)
from webhook_service.policy.loading.shapes import FACTORS, MODES, RESERVED_CLAIMS, Shape
from webhook_service.policy.model import UNLIMITED, Revocation, Section
from webhook_service.policy.schema.descriptions import ENROLMENT, KEYS, REQUIRE
from webhook_service.policy.schema.values import Schema, claim_name, closed, ref, some, text, words

_LOGIN: Final = {"contains": {"const": EventName.KRATOS_LOGIN.value}}


def rule(section: Section, shape: Shape) -> Schema:
    """Describe a rule of a section."""
    properties = {key: {"description": KEYS[key], **_VALUES[key](shape)} for key in shape.keys}
    return closed(properties, "name", *shape.required, **_FURTHER[section])


def _events(shape: Shape) -> Schema:
    return some(words(event.value for event in EventName if event in shape.events))


def _on_error(shape: Shape) -> Schema:
    return words(shape.on_error, default=next(iter(shape.on_error)))


def _require(_: Shape) -> Schema:
    methods = {"properties": {"methods": {"items": words(FACTORS["aal2"])}}}
    return closed(
        {
            "aal": words(FACTORS, description=REQUIRE["aal"]),
            "max_age": ref("duration", description=REQUIRE["max_age"]),
            "methods": {"description": REQUIRE["methods"], **some(words(FACTORS["aal1"]))},
        },
        "aal",
        **{"if": _is("aal", "aal2"), "then": methods},
    )


def _enrolment(_: Shape) -> Schema:
    return closed(
        {
            "grace": ref("duration_or_none", description=ENROLMENT["grace"]),
            "since": ref("timestamp", description=ENROLMENT["since"]),
        },
        minProperties=1,
    )


def _extend(_: Shape) -> Schema:
    window = closed({"when_left": ref("duration")}, "when_left")
    return {"anyOf": [{"type": "boolean"}, window]}


def _max_age(_: Shape) -> Schema:
    return {"anyOf": [ref("duration"), {"const": UNLIMITED}]}


def _revoke(_: Shape) -> Schema:
    both = (Revocation.OTHER_SESSIONS, Revocation.ALL_SESSIONS)
    contradiction = {"allOf": [{"contains": {"const": one.value}} for one in both]}
    return {**some(words(one.value for one in Revocation)), "not": contradiction}


def _claims(token: str) -> Callable[[Shape], Schema]:
    return lambda _: {
        "type": "object",
        "minProperties": 1,
        "propertyNames": claim_name(RESERVED_CLAIMS[token]),
        "additionalProperties": ref("expression"),
    }


_VALUES: Final[Mapping[str, Callable[[Shape], Schema]]] = {
    "name": lambda _: text(LONGEST_NAME, one_line=True),
    "description": lambda _: text(LONGEST_DESCRIPTION, one_line=False),
    "when": lambda _: ref("condition"),
    "events": _events,
    "mode": lambda _: words(MODES),
    "message": lambda _: text(LONGEST_MESSAGE, one_line=False),
    "on_error": _on_error,
    "require": _require,
    "enrolment": _enrolment,
    "step_up_within": lambda _: ref("duration"),
    "extend": _extend,
    "max_age": _max_age,
    "counted_from": lambda _: words(("authenticated_at", "issued_at"), default="authenticated_at"),
    "must_be_active": lambda _: {"type": "boolean", "default": False},
    "revoke": _revoke,
    "access_token": _claims("access_token"),
    "id_token": _claims("id_token"),
}
"""What each key takes."""


def _has(key: str) -> Schema:
    return {"required": [key]}


def _is(key: str, value: Any) -> Schema:  # noqa: ANN401  any value of JSON
    return {"required": [key], "properties": {key: {"const": value}}}


def _implies(condition: Schema, consequence: Schema) -> Schema:
    return {"if": condition, "then": consequence}


_FIRST_LEVEL: Final = {"required": ["require"], "properties": {"require": _is("aal", "aal1")}}
_AT_LOGIN: Final = {"required": ["events"], "properties": {"events": _LOGIN}}
_ASKS_TO_EXTEND: Final = {
    "required": ["extend"],
    "properties": {"extend": {"anyOf": [{"const": True}, {"type": "object"}]}},
}
_WITH_AN_AGE: Final = {
    "required": ["max_age"],
    "properties": {"max_age": {"not": {"const": UNLIMITED}}},
}

_FURTHER: Final[Mapping[Section, Schema]] = {
    Section.DENY: {},
    Section.MFA: {
        "allOf": [
            _implies(_FIRST_LEVEL, {"not": _has("enrolment")}),
            {
                "if": _AT_LOGIN,
                "then": _has("step_up_within"),
                "else": {"not": _has("step_up_within")},
            },
        ]
    },
    Section.SESSIONS: {
        "allOf": [
            {"anyOf": [_has("extend"), _has("max_age"), _is("must_be_active", value=True)]},
            _implies(_ASKS_TO_EXTEND, _has("max_age")),
            _implies(_has("counted_from"), _WITH_AN_AGE),
        ]
    },
    Section.REVOKE: {},
    Section.CLAIMS: {"anyOf": [_has("access_token"), _has("id_token")]},
}
"""What the keys of a section say about one another."""
