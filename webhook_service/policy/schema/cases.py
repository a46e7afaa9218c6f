"""The tests of a policy file, as JSON Schema (section 7)."""

from __future__ import annotations

from typing import Any, Final

from webhook_service.policy.conditions.types import BOOL, FREE, STRINGS, TIMESTAMP
from webhook_service.policy.decision import BY_RULES, Extend, Verdict
from webhook_service.policy.facts import AALS, FACTS, EventName, Fact, Source
from webhook_service.policy.loading.rules import LONGEST_NAME as LONGEST_RULE_NAME
from webhook_service.policy.loading.tests_section import LONGEST_NAME, LONGEST_PATH
from webhook_service.policy.model import Revocation
from webhook_service.policy.schema import fact_descriptions
from webhook_service.policy.schema.descriptions import EXPECT, TEST
from webhook_service.policy.schema.values import Schema, closed, ref, some, text, words

ABSENT: Final[Schema] = {"type": "null"}

GROWING: Final = frozenset(
    "event.method token.grant token.amr session.methods identity.second_factors".split()
)
"""Facts to whose words Ory adds: a test may try one that no condition may name."""

FACTOR_KEYS: Final = ("method", "aal", "completed_at")


def definitions() -> dict[str, Schema]:
    """Return the definitions of a test and of the facts that exist at each event."""
    return {
        "test": _test(),
        "expect": _expect(),
        "factor": _factor(),
        **{_facts_at(event): _facts(event) for event in EventName},
    }


def _test() -> Schema:
    described: dict[str, Schema] = {
        "name": text(LONGEST_NAME, one_line=True),
        "event": words(event.value for event in EventName),
        "expect": ref("expect"),
        "now": ref("timestamp"),
        "payload": text(LONGEST_PATH, one_line=True),
        "facts": {"type": "object"},
        "unavailable": some(words(source.value for source in Source), empty=True),
    }
    properties = {key: {**schema, "description": TEST[key]} for key, schema in described.items()}
    by_event = [
        {
            "if": {"required": ["event"], "properties": {"event": {"const": event.value}}},
            "then": {"properties": {"facts": ref(_facts_at(event))}},
        }
        for event in EventName
    ]
    return closed(properties, "name", "event", "expect", allOf=by_event)


def _expect() -> Schema:
    rule = {"type": "string", "minLength": 1, "maxLength": LONGEST_RULE_NAME}
    claims = {"type": "object", "description": "Claims and their values; null: removed."}
    described: dict[str, Schema] = {
        "verdict": words(verdict.value for verdict in Verdict),
        "rule": {"anyOf": [rule, ABSENT]},
        "reason": words([*(reason.value for reason in BY_RULES), None]),
        "matched": {"type": "array", "items": rule},
        "extend": words([True, False, Extend.DEFERRED.value]),
        "end_now": {"type": "boolean"},
        "end_at": {"anyOf": [ref("moment"), ABSENT]},
        "step_up_by": {"anyOf": [ref("moment"), ABSENT]},
        "revoke": some(words(one.value for one in Revocation), empty=True),
        "claims": closed({"access_token": claims, "id_token": claims}),
    }
    properties = {key: {**schema, "description": EXPECT[key]} for key, schema in described.items()}
    return closed(properties, minProperties=1)


def _factor() -> Schema:
    shapes: dict[str, Schema] = {
        "method": text(80, one_line=True),
        "aal": words(sorted(AALS)),
        "completed_at": {"anyOf": [ref("moment"), ABSENT]},
    }
    told = fact_descriptions.FACTOR
    described = {key: {**shapes[key], "description": told[key]} for key in FACTOR_KEYS}
    return closed(described, *FACTOR_KEYS)


def _facts_at(event: EventName) -> str:
    return f"facts at {event}"


def _facts(event: EventName) -> Schema:
    """Describe the facts that exist at an event."""
    roots: dict[str, dict[str, Schema]] = {}
    for fact in FACTS.values():
        root, _, member = fact.name.partition(".")
        if event in fact.source and member:
            roots.setdefault(root, {})[member] = _fact(fact, event)
    if "session" in roots:
        factors = {"type": "array", "items": ref("factor")}
        roots["session"]["factors"] = {
            "anyOf": [factors, ABSENT],
            "description": fact_descriptions.FACTORS,
        }
    told = fact_descriptions.ROOTS
    return closed(
        {root: closed(members, description=told[root]) for root, members in roots.items()}
    )


def _fact(fact: Fact, event: EventName) -> Schema:
    source = fact.source[event]
    where = "in the hook's body" if source is None else f"read by {source}"
    what = fact_descriptions.FACTS[fact.name]
    described = f"{what[0].upper()}{what[1:]} ({fact.type}, {where})."
    return {**_value(fact, event), "description": described}


def _value(fact: Fact, event: EventName) -> dict[str, Any]:
    if fact.type == FREE:
        return {}
    if fact.name == "event.name":
        return words([event.value, None])
    if fact.type == STRINGS:
        return {"type": ["array", "null"], "items": {"type": "string"}}
    if fact.type == TIMESTAMP:
        return {"anyOf": [ref("moment"), ABSENT]}
    if fact.type == BOOL:
        return {"type": ["boolean", "null"]}
    if fact.words and fact.name not in GROWING:
        return words([*sorted(fact.words), None])
    return {"type": ["string", "null"]}
