"""The JSON Schema of the policy file: as strict as a schema can be, and never stricter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from unit.workbench import BenchMaker

from webhook_service.policy.decision import BY_RULES, Verdict
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import FACTS, EventName
from webhook_service.policy.loader import load
from webhook_service.policy.loading import expected, tests_section
from webhook_service.policy.loading import given as given_facts
from webhook_service.policy.loading.problems import Problems
from webhook_service.policy.loading.shapes import SHAPES
from webhook_service.policy.loading.yaml_reader import UnreadableError, read
from webhook_service.policy.schema import cases, document

FIXTURES = Path(__file__).parent / "fixtures"
EXAMPLES = sorted((FIXTURES / "examples").glob("*.yaml"))
INVALID: list[dict[str, Any]] = json.loads((FIXTURES / "invalid.json").read_text())

BEYOND_A_SCHEMA = ("yaml.", "condition.")
"""Errors of the text and of the conditions in it: a schema sees neither."""

NEEDS_THE_FILE = {
    "policy.duplicate_name": "names of other sections",
    "policy.no_event": "the facts that a condition reads",
    "policy.unknown_rule": "the names of the rules",
}
"""Errors that depend on what stands elsewhere in the file."""


FACTOR = "{session: {factors: [{method: x, aal: aal1, completed_at: now-15m}]}}"
HALF_A_FACTOR = "{session: {factors: [{method: totp}]}}"


def value_of(text: bytes) -> Any:
    """Read a file as an editor does: YAML's core schema, no meaning."""
    root = read(text)
    return None if root is None else given_facts.plain(root, Problems())


def errors_of(value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(document()).iter_errors(value)]


def is_valid(value: Any) -> bool:
    return not errors_of(value)


def test_it_is_a_schema_of_its_dialect() -> None:
    Draft202012Validator.check_schema(document())
    assert document()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_what_editors_are_told_changes_only_by_intent() -> None:
    """The file is what ``webhook-service policy schema`` prints; write it anew with that."""
    assert document() == json.loads((FIXTURES / "policy.schema.json").read_text())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid(path: Path) -> None:
    assert errors_of(value_of(path.read_bytes())) == []


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_an_invalid_file_is_refused_where_a_schema_can_judge(case: dict[str, Any]) -> None:
    kinds = {error["kind"] for error in case["errors"]}
    try:
        value = value_of(case["text"].encode())
    except UnreadableError:
        assert all(kind.startswith("yaml.") for kind in kinds)
        return
    judged = {kind for kind in kinds if not kind.startswith(BEYOND_A_SCHEMA)}
    assert is_valid(value) is (judged <= NEEDS_THE_FILE.keys())


def test_it_judges_half_of_the_invalid_files_and_more() -> None:
    """The rest is listed above, and why; nothing slips into that list unnoticed."""
    judged = 0
    for case in INVALID:
        try:
            judged += not is_valid(value_of(case["text"].encode()))
        except UnreadableError:
            continue
    assert judged == 30


@pytest.mark.parametrize(
    "text",
    [
        "mode: shadow",
        "deny: []",
        "tests: []",
        "deny: [{name: a, when: true}]",
        "deny: [{name: a, message: '  a  '}]",
        f"deny: [{{name: a, description: {'x' * 500}}}]",
        f"deny: [{{name: {'x' * 80}}}]",
        "deny: [{name: a, events: [kratos.registration, check]}]",
        "mfa: [{name: a, require: {aal: aal1, methods: [passkey, saml]}}]",
        "mfa: [{name: a, require: {aal: aal2}, enrolment: {grace: 0s}}]",
        "mfa: [{name: a, require: {aal: aal2}, enrolment: {since: 2026-12-01T00:00:00+01:00}}]",
        "mfa: [{name: a, events: [kratos.login], require: {aal: aal2}, step_up_within: 10m}]",
        "sessions: [{name: a, extend: false}]",
        "sessions: [{name: a, extend: true, max_age: unlimited}]",
        "sessions: [{name: a, max_age: 1d2h3m4s, counted_from: issued_at}]",
        "sessions: [{name: a, must_be_active: true}]",
        "revoke: [{name: a, events: [kratos.login], revoke: [tokens], on_error: skip}]",
        "claims: [{name: a, id_token: {x: 1, y: true, z: null, 'a:b/c-d.e': client.id}}]",
        "tests: [{name: a, event: check, expect: {verdict: allow}, facts: {request: {path: /}}}]",
        "tests: [{name: a, event: check, expect: {end_at: now+8h, rule: null, reason: null}}]",
        "tests: [{name: a, event: hydra.token, expect: {claims: {}}, facts: {token: {grant: x}}}]",
        "tests: [{name: a, event: check, expect: {extend: true}, facts: {session: {id: null}}}]",
        f"tests: [{{name: a, event: check, expect: {{verdict: allow}}, facts: {FACTOR}}}]",
    ],
)
def test_what_the_loader_accepts_is_valid(text: str) -> None:
    data = f"version: 1\n{text}\n".encode()
    load(data)
    assert errors_of(value_of(data)) == []


@pytest.mark.parametrize(
    "text",
    [
        "rules: []",
        "deny: {}",
        "deny: [a]",
        "deny: [{name: ''}]",
        'deny: [{name: "a\\tb"}]',
        f"deny: [{{name: {'x' * 81}}}]",
        f"deny: [{{name: a, message: {'x' * 201}}}]",
        "deny: [{name: a, on_error: revoke}]",
        "deny: [{name: a, require: {aal: aal2}}]",
        "deny: [{name: a, events: [kratos.recovery]}]",
        "conditions: {Staff: client.id == 'x'}",
        "mfa: [{name: a, require: {aal: aal2}, step_up_within: 10m}]",
        "mfa: [{name: a, require: {aal: aal2}, enrolment: {}}]",
        "sessions: [{name: a, extend: {when_left: 0s}, max_age: 8h}]",
        "sessions: [{name: a, extend: {when_left: 8h}}]",
        "sessions: [{name: a, max_age: 8}]",
        "sessions: [{name: a, max_age: 1h1d}]",
        "sessions: [{name: a, must_be_active: false}]",
        "sessions: [{name: a, max_age: unlimited, counted_from: issued_at}]",
        "claims: [{name: a}]",
        "claims: [{name: a, access_token: {}}]",
        "claims: [{name: a, access_token: {'a b': client.id}}]",
        "claims: [{name: a, access_token: {x: [1]}}]",
        "tests: [{name: a, event: check}]",
        "tests: [{name: a, event: check, expect: {}}]",
        "tests: [{name: a, event: check, expect: {verdict: refuse}}]",
        "tests: [{name: a, event: check, expect: {end_at: tomorrow}}]",
        "tests: [{name: a, event: check, expect: {verdict: allow}, facts: {client: {id: x}}}]",
        "tests: [{name: a, event: check, expect: {verdict: allow}, unavailable: [kratos]}]",
        "tests: [{name: a, event: check, expect: {verdict: deny}, facts: {session: {aal: aal3}}}]",
        f"tests: [{{name: a, event: check, expect: {{verdict: deny}}, facts: {HALF_A_FACTOR}}}]",
    ],
)
def test_what_a_schema_can_see_is_refused_by_both(text: str) -> None:
    data = f"version: 1\n{text}\n".encode()
    with pytest.raises(PolicyError):
        load(data)
    assert not is_valid(value_of(data))


# Nothing that the loader accepts is underlined


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in entries:
        found += places(item, (*path, key))
    return found


VALUES = {path.name: value_of(path.read_bytes()) for path in EXAMPLES}
PLACES = [(name, place) for name, value in VALUES.items() for place in places(value)]
WORDS = (
    "x 8h 0s now now-1h true aal1 allow deny unlimited shadow revoke skip kratos.login"
    " 2026-12-01T00:00:00Z"
).split()
LISTS = [[], ["totp"], ["check"], ["kratos.login"], ["tokens"]]
MAPS = [{}, {"when_left": "1h"}, {"aal": "aal1"}]
OTHER = st.sampled_from([None, True, False, 1, 0, *WORDS, *LISTS, *MAPS])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.sampled_from(PLACES), other=OTHER, gone=st.booleans())
def test_no_file_that_loads_is_invalid(where: Any, other: Any, gone: bool) -> None:  # noqa: FBT001  drawn
    name, place = where
    changed = deepcopy(VALUES[name])
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    if gone:
        del inner[place[-1]]
    else:
        inner[place[-1]] = other
    try:
        load(json.dumps(changed).encode())
    except PolicyError:
        return
    assert errors_of(changed) == []


# The tables that the loader keeps to itself


def test_every_key_of_a_rule_is_described() -> None:
    for section, shape in SHAPES.items():
        properties = document()["$defs"][section.value]["properties"]
        assert properties.keys() == set(shape.keys)
        assert all(property_["description"] for property_ in properties.values())


def test_whatever_key_an_editor_offers_it_can_say_something_about() -> None:
    definitions = document()["$defs"]

    def is_told(schema: dict[str, Any]) -> bool:
        named = schema.get("$ref", "").rpartition("/")[2]
        return "description" in schema or (bool(named) and is_told(definitions[named]))

    def silent(schema: Any) -> Iterator[str]:
        if isinstance(schema, list):
            yield from (key for item in schema for key in silent(item))
        elif isinstance(schema, dict):
            offered = schema.get("properties", {}) if "additionalProperties" in schema else {}
            yield from (key for key, value in offered.items() if not is_told(value))
            yield from (key for value in schema.values() for key in silent(value))

    assert list(silent(document())) == []


def test_a_fact_of_a_test_is_told_in_words() -> None:
    session = document()["$defs"]["facts at check"]["properties"]["session"]["properties"]
    assert session["issued_at"]["description"] == (
        "When it began: never moves (timestamp, read by kratos.session)."
    )


def test_tests_have_the_keys_that_the_loader_reads() -> None:
    definitions = document()["$defs"]
    assert definitions["test"]["properties"].keys() == set(tests_section._KEYS)
    assert definitions["expect"]["properties"].keys() == expected._CHECKS.keys()
    assert given_facts._FACTOR_KEYS == cases.FACTOR_KEYS
    assert given_facts._OPEN == cases.GROWING
    assert set(definitions["expect"]["properties"]["verdict"]["enum"]) == set(Verdict)
    assert set(definitions["expect"]["properties"]["reason"]["enum"]) == {*BY_RULES, None}


@pytest.mark.parametrize("event", list(EventName))
def test_an_event_has_its_facts_and_no_other(event: EventName) -> None:
    roots = document()["$defs"][f"facts at {event}"]["properties"]
    names = {f"{root}.{member}" for root, inner in roots.items() for member in inner["properties"]}
    there = {name for name, fact in FACTS.items() if event in fact.source and name != "now"}
    assert names - {"session.factors"} == there


def test_it_is_served_to_editors(make_bench: BenchMaker) -> None:
    answer = make_bench().client.get("/policy.schema.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/schema+json"
    assert answer.get_json(force=True) == document()
