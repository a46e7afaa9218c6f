"""The JSON Schema of the policy file (2020-12), for editors that complete and underline.

Made from the tables that the loader reads by, so that it cannot fall behind. What a schema
cannot say (conditions, names that stand twice, rules that a test names) the loader does.
"""

from __future__ import annotations

from typing import Any, Final

from webhook_service.policy.loader import VERSIONS
from webhook_service.policy.loading.rules import MAX_RULES
from webhook_service.policy.loading.shapes import FILE_KEYS, MODES, SHAPES
from webhook_service.policy.model import Section
from webhook_service.policy.schema import cases, rules, values
from webhook_service.policy.schema.descriptions import FILE, SECTIONS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def document() -> dict[str, Any]:
    """Return the schema."""
    properties: dict[str, Any] = {
        "version": {"enum": list(VERSIONS)},
        "mode": {"enum": list(MODES), "default": next(iter(MODES))},
        "conditions": {
            "type": "object",
            "propertyNames": values.CONDITION_NAME,
            "additionalProperties": {"$ref": "#/$defs/condition"},
        },
        **{
            section.value: {
                "type": "array",
                "maxItems": MAX_RULES,
                "items": {"$ref": f"#/$defs/{section}"},
                "description": SECTIONS[section],
            }
            for section in Section
        },
        "tests": {"type": "array", "items": {"$ref": "#/$defs/test"}},
    }
    return {
        "$schema": DIALECT,
        "title": "Policy of webhook-service",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            key: {"description": FILE[key], **properties[key]} if key in FILE else properties[key]
            for key in FILE_KEYS
        },
        "$defs": {
            **values.DEFINITIONS,
            **{section.value: rules.rule(section, SHAPES[section]) for section in Section},
            **cases.definitions(),
        },
    }
