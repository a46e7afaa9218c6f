"""What an evaluation may cost, to the step (P33)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.conditions import ConditionError, Expression
from webhook_service.policy.conditions.scope import STEPS
from webhook_service.policy.conditions.types import UNKNOWN, Value


@pytest.mark.parametrize(
    ("body", "element", "most"),
    [
        pytest.param("has(x.a)", "s", STEPS // 4, id="a node is a step"),
        pytest.param("x.contains('q')", "a" * 999, STEPS // 3, id="a short text is free"),
        pytest.param("x.contains('q')", "a" * 1_000, STEPS // 4, id="a longer one is a step"),
        pytest.param("x.lowerAscii() == 'q'", "a" * 999, STEPS // 4, id="so it is in lower case"),
        pytest.param("x.lowerAscii() == 'q'", "a" * 1_000, STEPS // 5, id="and a longer one"),
    ],
)
def test_as_many_elements_as_can_be_paid_for_are_looked_at(
    evaluated: Callable[..., Value], body: str, element: str, most: int
) -> None:
    looping = f"identity.traits.exists(x, {body})"
    assert evaluated(looping, {"identity.traits": [element] * most}) is False
    assert evaluated(looping, {"identity.traits": [element] * (most + 1)}) is UNKNOWN


@pytest.mark.parametrize(
    ("looping", "most"),
    [
        pytest.param("identity.traits.a.exists(x, 7 in x)", STEPS - 3, id="in a list"),
        pytest.param(
            "identity.traits.a.exists(x, x == identity.traits.b)", STEPS - 5 - 1, id="equal lists"
        ),
        pytest.param(
            "identity.traits.a.all(x, x != identity.traits.b)", STEPS - 5 - 1, id="unequal lists"
        ),
    ],
)
def test_a_list_that_is_looked_through_costs_a_step_an_item(
    evaluated: Callable[..., Value], looping: str, most: int
) -> None:
    def traits(items: int) -> dict[str, Value]:
        return {"identity.traits": {"a": [[0] * items], "b": [0] * items}}

    assert evaluated(looping, traits(most)) is (".b" in looping and "==" in looping)
    assert evaluated(looping, traits(most + 1)) is UNKNOWN


def test_named_conditions_cost_what_they_are_made_of(
    parsed: Callable[..., Expression], refused: Callable[..., ConditionError]
) -> None:
    hundred = " || ".join(["false"] * 99)
    parsed(" || ".join(["c"] * (STEPS // 100)), c=hundred)
    error = refused(" || ".join(["c"] * (STEPS // 100 + 1)), c=hundred)
    assert (error.kind, error.offset) == ("condition.limit", len("c || ") * (STEPS // 100))
    assert error.message == "with its named conditions this takes over 10000 steps"
