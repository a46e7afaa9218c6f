"""What is said about a policy file, word for word.

Whoever writes a policy has nothing but these texts to go by. ``fixtures/texts`` holds files
and conditions, each followed by what is said about it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from webhook_service.policy.advice import advice
from webhook_service.policy.conditions import ConditionError, demand_bool, parse
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.loading.expressions import KnownNames

FOLDER = Path(__file__).parent / "fixtures" / "texts"


def cases(*names: str) -> list[object]:
    """Return texts, and what is said about each, which stands behind an arrow."""
    blocks = "\n\n".join((FOLDER / f"{name}.txt").read_text().strip() for name in names)
    found: list[object] = []
    for block in blocks.split("\n\n"):
        text, *said = block.split("\n→ ")
        found.append(pytest.param(text, said, id=text.splitlines()[-1].strip()))
    return found


@pytest.mark.parametrize(("text", "said"), cases("form", "rules", "tests"))
def test_an_error_of_a_file_says_this(text: str, said: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        load(text.encode())
    problems = caught.value.problems
    assert [f"{p.line}:{p.column} {p.kind}: {p.message}" for p in problems] == said


@pytest.mark.parametrize(("text", "said"), cases("conditions"))
def test_an_error_of_a_condition_says_this(text: str, said: list[str]) -> None:
    """The number is the character, from 1."""
    with pytest.raises(ConditionError) as caught:
        demand_bool(parse(text, KnownNames()))
    error = caught.value
    assert [f"{error.offset + 1} {error.kind}: {error.message}"] == said


@pytest.mark.parametrize(("text", "said"), cases("warnings"))
def test_a_warning_about_a_file_says_this(text: str, said: list[str]) -> None:
    warnings = advice(load(text.encode()))
    assert [f"{one.line} {one.code}: {one.message}" for one in warnings] == said
