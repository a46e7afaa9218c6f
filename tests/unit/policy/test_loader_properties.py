"""What holds for any bytes: a policy or its errors, nothing else, and always the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from webhook_service.policy.errors import PolicyError, Problem
from webhook_service.policy.facts import FACTS
from webhook_service.policy.loader import load
from webhook_service.policy.loading.shapes import FILE_KEYS, SHAPES
from webhook_service.policy.model import Policy, Section

FIXTURES = Path(__file__).parent / "fixtures"
SEEDS = [path.read_bytes() for path in sorted((FIXTURES / "examples").glob("*.yaml"))]
SEEDS += [
    str(value).encode()
    for case in json.loads((FIXTURES / "invalid.json").read_text())
    for key, value in case.items()
    if key not in {"name", "errors"}
]
KINDS = frozenset(
    "file.too_large yaml.syntax yaml.feature yaml.duplicate_key policy.version policy.missing_key"
    " policy.unknown_key policy.wrong_type policy.value policy.duration policy.timestamp"
    " policy.duplicate_name policy.reserved_name policy.reserved_claim policy.contradiction"
    " policy.no_effect policy.no_event policy.event_not_allowed policy.unknown_rule"
    " policy.unknown_fact condition.syntax condition.type condition.not_boolean condition.value"
    " condition.literal condition.limit condition.unknown_fact condition.unknown_function"
    " condition.unavailable_fact".split()
)
PIECES = [
    *b"- ,: ,[,],{,},\",',#,|,>,&,*,!,?,%,@,\n,\n  ,\t,\\,---\n,...\n,<<: ,~,\x00,\xff".split(b","),
    "\u2028é😀".encode(),
    b"version: 1",
    b"when: ",
    b"name: a",
    b"now",
    b"&& ",
]

mutation = st.tuples(
    st.floats(0, 1), st.integers(0, 12), st.one_of(st.sampled_from(PIECES), st.binary(max_size=4))
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """Return a file of the fixtures with some places cut out or written over."""
    data = draw(st.sampled_from(SEEDS))
    for where, length, piece in draw(st.lists(mutation, max_size=4)):
        at = int(where * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


scalars = st.one_of(
    st.sampled_from(
        "aal1 aal2 totp 15m 0s unlimited hydra.token check kratos.login true x tokens shadow"
        " all_sessions other_sessions deny allow now now-1d 2026-12-01T00:00:00Z".split()
    ),
    st.sampled_from(list(FACTS)).map(lambda name: f"{name} == {name}"),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=8),
)
keys = st.one_of(
    st.sampled_from(sorted({key for shape in SHAPES.values() for key in shape.keys})),
    st.sampled_from("aal methods max_age grace since when_left acr session factors".split()),
    st.text(max_size=5),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
)
rules = st.lists(st.dictionaries(keys, values, max_size=6), max_size=3)
tests = st.lists(
    st.dictionaries(
        st.sampled_from("name event now payload facts unavailable expect x".split()),
        values,
        max_size=7,
    ),
    max_size=2,
)
made_up_files = st.fixed_dictionaries(
    {"version": st.sampled_from([1, 1, 1, 2, "1", None])},
    optional={
        **dict.fromkeys(Section, rules),
        "tests": tests,
        "conditions": st.dictionaries(st.text("abc_", max_size=3), scalars, max_size=3),
        "mode": scalars,
        "x": values,
    },
)


def outcome(data: bytes) -> Policy | tuple[Problem, ...]:
    try:
        return load(data)
    except PolicyError as error:
        return error.problems


def check_problems(problems: tuple[Problem, ...], data: bytes) -> None:
    """Check that errors are in order, of a known kind, short, and within the file."""
    assert problems == tuple(sorted(problems))
    text = data.decode("utf-8-sig", "replace")
    lines = re.split(r"\r\n|\n|\r", text)
    for problem in problems:
        assert problem.kind in KINDS
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert 0 < len(problem.message) < 500
        assert problem.message.isprintable()
    if any(problem.kind.startswith("yaml.") for problem in problems):
        assert len(problems) == 1


def check(data: bytes) -> None:
    result = outcome(data)
    if isinstance(result, tuple):
        assert result
        check_problems(result, data)
        assert outcome(data) == result
    else:
        assert result.rules == tuple(
            sorted(result.rules, key=lambda rule: [*Section].index(rule.section))
        )
        assert all(rule.events <= SHAPES[rule.section].events for rule in result.rules)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_policy_or_its_errors(data: bytes) -> None:
    check(data)


@given(st.lists(st.sampled_from(PIECES), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_heap_of_yaml_is_a_policy_or_its_errors(pieces: list[bytes]) -> None:
    check(b"".join(pieces))


@given(damaged_files())
@settings(max_examples=300, deadline=None)
def test_a_damaged_policy_is_a_policy_or_its_errors(data: bytes) -> None:
    check(data)


@given(made_up_files)
@settings(max_examples=150, deadline=None)
def test_any_values_at_any_keys_are_a_policy_or_their_errors(file: dict[str, Any]) -> None:
    """JSON is YAML, but for lone surrogates, which are refused."""
    check(json.dumps(file, ensure_ascii=True).encode())


@given(st.permutations(FILE_KEYS))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_sections_changes_no_rule(order: list[str]) -> None:
    """P21."""
    path = FIXTURES / "examples" / "12-step-up-window-and-claims.yaml"
    text = path.read_text()
    parts = {part.partition(":")[0]: part for part in re.split(r"(?m)^(?=[a-z])", text) if part}
    shuffled = "".join(parts[key] for key in order if key in parts)
    names = [(rule.section, rule.name, rule.events) for rule in load(shuffled.encode()).rules]
    assert names == [(rule.section, rule.name, rule.events) for rule in load(text.encode()).rules]
