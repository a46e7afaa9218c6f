"""The values of a policy file, as JSON Schema: texts, durations, times, conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from webhook_service.policy.conditions import RESERVED_WORDS
from webhook_service.policy.conditions.cursor import LONGEST
from webhook_service.policy.facts import FACT_ROOTS
from webhook_service.policy.loading.shapes import CLAIM_NAME

Schema = dict[str, Any]

_PARTS: Final = "([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?"
_TIME: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

CONDITION_NAME: Final[Schema] = {
    "pattern": "^[a-z][a-z0-9_]{0,39}$",
    "not": {"enum": sorted(RESERVED_WORDS | set(FACT_ROOTS))},
}

DEFINITIONS: Final[dict[str, Schema]] = {
    "condition": {
        "description": 'A condition, such as client.id == "web". One that starts with ! or a'
        " quote, or contains ': ', stands in quotes or after |.",
        "anyOf": [{"type": "string", "minLength": 1, "maxLength": LONGEST}, {"type": "boolean"}],
    },
    "expression": {
        "description": "An expression of any type, such as session.aal. A text needs quotes of"
        " its own: '\"acme\"'.",
        "type": ["string", "number", "boolean", "null"],
        "maxLength": LONGEST,
    },
    "duration": {
        "description": "Days, hours, minutes, seconds: 90d, 8h, 15m, 1h30m.",
        "type": "string",
        "pattern": f"^(?=.*[1-9]){_PARTS}$",
    },
    "duration_or_none": {
        "description": "Days, hours, minutes, seconds: 14d, 72h. 0s is none at all.",
        "type": "string",
        "pattern": f"^(?=[0-9]){_PARTS}$",
    },
    "timestamp": {
        "description": "With seconds and an offset: 2026-12-01T00:00:00Z.",
        "type": "string",
        "pattern": f"^{_TIME}$",
    },
    "moment": {
        "description": "now, now-15m, now+2d, or a time: 2026-12-01T00:00:00Z.",
        "type": "string",
        "pattern": f"^(now([+-](?=[0-9]){_PARTS})?|{_TIME})$",
    },
}


def ref(name: str, **more: Any) -> Schema:  # noqa: ANN401  any keyword of JSON Schema
    """Refer to a definition."""
    return {"$ref": f"#/$defs/{name}", **more}


def text(longest: int, *, one_line: bool) -> Schema:
    """Describe a text; around one of several lines blanks do not count."""
    if one_line:
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": longest,
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
        }
    return {"type": "string", "pattern": rf"^\s*\S(?:[\s\S]{{0,{longest - 2}}}\S)?\s*$"}


def words(of: Iterable[object], **more: Any) -> Schema:  # noqa: ANN401  any keyword of JSON Schema
    """Describe one of some words."""
    return {"enum": list(of), **more}


def some(of: Schema, *, empty: bool = False) -> Schema:
    """Describe a list of things, none of them twice."""
    least = {} if empty else {"minItems": 1}
    return {"type": "array", "items": of, "uniqueItems": True, **least}


def closed(properties: dict[str, Schema], *required: str, **more: Any) -> Schema:  # noqa: ANN401  any keyword of JSON Schema
    """Describe a mapping that has no other keys."""
    needed = {"required": list(required)} if required else {}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **needed,
        **more,
    }


def claim_name(reserved: Iterable[str]) -> Schema:
    r"""Describe the names that a claim may have; ``\w`` is not the same everywhere."""
    pattern = CLAIM_NAME.pattern.replace(r"\w", "A-Za-z0-9_")
    return {"pattern": f"^{pattern}$", "not": {"enum": sorted(reserved)}}
