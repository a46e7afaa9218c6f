"""How long, how deep, how costly a condition may be (P8, P33)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pytest

from webhook_service.policy.conditions import ConditionError, Expression
from webhook_service.policy.conditions.scope import STEPS
from webhook_service.policy.conditions.types import UNKNOWN, Value


def test_a_condition_has_at_most_2000_characters(
    parsed: Callable[..., Expression], refused: Callable[..., ConditionError]
) -> None:
    """P8: characters, not bytes."""
    longest = "'" + "é" * 1991 + "' != ''"
    assert len(longest) == 2000 - 1
    parsed(longest + " ")
    error = refused(longest + "  ")
    assert (error.kind, error.offset) == ("condition.limit", 2000)
    assert error.message == (
        "a condition has at most 2000 characters; give parts of it names under `conditions`"
    )


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("!", ""),
        ("[", "]"),
        ("size([", "])"),
        ("true ? true : ", ""),
        ("false || (", ")"),
        ("true && !(", ")"),
        ("true || null == identity.traits[0 == 0 ? 0 : size([", "])]"),
    ],
)
def test_a_condition_is_at_most_32_levels_deep(
    parsed: Callable[..., Expression],
    refused: Callable[..., ConditionError],
    opening: str,
    closing: str,
) -> None:
    """P8: refused at what opens the 33rd level."""
    levels = sum(opening.count(sign) for sign in "([!?")
    count = 32 // levels
    parsed(opening * count + "true" + closing * count).evaluate(_Counting({}))
    error = refused(opening * (count + 1) + "true" + closing * (count + 1))
    assert error.kind == "condition.limit"
    first = min(opening.index(sign) for sign in "([!?" if sign in opening)
    assert error.offset == len(opening) * count + first


def test_each_index_within_another_is_a_level(
    parsed: Callable[..., Expression], refused: Callable[..., ConditionError]
) -> None:
    opening = "identity.traits["

    def nested(levels: int) -> str:
        return opening * levels + "0" + "]" * levels + " == 1"

    parsed(nested(31))
    error = refused(nested(33))
    assert error.kind == "condition.limit"
    assert error.offset == len(opening) * 33 - 1


@pytest.mark.parametrize(
    ("start", "link", "most"),
    [
        ("identity.traits", ".a", 32),
        ("identity.traits", "[0]", 32),
        ("(identity.traits)", ".a", 31),
        ("true == true", " == true", 32),
        ("now - now", " - duration('1s')", 32),
        ("client.id", ".lowerAscii()", 32),
    ],
)
def test_each_link_of_a_chain_is_a_level(
    parsed: Callable[..., Expression],
    refused: Callable[..., ConditionError],
    start: str,
    link: str,
    most: int,
) -> None:
    """P8: a chain nests to the left, so it is as deep as it has links."""
    parsed(start + link * most)
    error = refused(start + link * (most + 1))
    assert error.kind == "condition.limit"
    assert error.offset == len(start + link * most) + len(link) - len(link.lstrip())


@pytest.mark.parametrize(
    "marked",
    [
        "!" * 32 + "¦((true))",
        "(" * 31 + "client.id.lowerAscii()¦.startsWith('a')" + ")" * 31,
        "[" * 30 + "identity.traits.a.b¦.c" + "]" * 30,
        "(" * 31 + "!true ¦? true : true" + ")" * 31,
        "(" * 32 + "true == true ¦== true" + ")" * 32,
        "(" * 30 + "now" + " - duration('1s')" * 3 + " ¦- duration('1s')" + ")" * 30,
        "(" * 32 + "¦staff" + ")" * 32,
        "(" * 30 + "staff == true ¦== true" + ")" * 30,
        "(" * 31 + "has(client.id) == true ¦== true" + ")" * 31,
        "(" * 31 + "size(client.id) == 1 ¦== true" + ")" * 31,
        "(" * 31 + "client.id.contains('a') == true ¦== true" + ")" * 31,
        "(" * 31 + "token.scopes.exists(s, true) == true ¦== true" + ")" * 31,
        "(" * 31 + "[] == [] ¦== true" + ")" * 31,
        "(" * 31 + "!true == true ¦== true" + ")" * 31,
        "(" * 30 + "-size(client.id) == 1 ¦== true" + ")" * 30,
        "(" * 30 + "(true ? true : true) == true ¦== true" + ")" * 30,
        "(" * 30 + "cidr('::/0').containsIP('::1') == true == true ¦== true" + ")" * 30,
    ],
)
def test_levels_of_different_kinds_add_up(mark: Callable[..., None], marked: str) -> None:
    mark(marked, "condition.limit", staff="identity.traits.staff == true")


def test_a_long_chain_of_or_is_not_deep(evaluated: Callable[..., Value]) -> None:
    chain = " || ".join(f"client.id == 'c{number}'" for number in range(85))
    assert evaluated(chain, {"client.id": "c84"}) is True
    assert evaluated(chain, {"client.id": "c85"}) is False


def test_exists_and_all_are_nested_at_most_twice(mark: Callable[..., None]) -> None:
    """P8: through named conditions too."""
    kind = "condition.limit"
    mark("[1].all(a, [1].all(b, [1].¦all(c, true)))", kind)
    mark("[1].all(a, [1].all(b, ¦any))", kind, any="[1].exists(x, x == 1)")
    mark("[1].all(a, ¦twice)", kind, twice="[1].exists(x, [1].exists(y, x == y))")


def test_exists_and_all_may_follow_each_other(evaluated: Callable[..., Value]) -> None:
    """P8: in a list that is looked at, they are beside each other, not nested."""
    text = "[[1].all(a, [1].all(b, a == b))].all(c, [c].all(d, d))"
    assert evaluated(text) is True
    text = "[[1].all(a, [1].all(b, a == b)), any].all(c, c) && any"
    assert evaluated(text, any="[1].exists(x, x == 1)") is True


def test_named_conditions_nest_at_most_32_deep(
    parsed: Callable[..., Expression], refused: Callable[..., ConditionError]
) -> None:
    """P8: evaluating them is a call in a call."""
    chain = {"c0": "true"} | {f"c{n}": f"c{n - 1}" for n in range(1, 32)}
    parsed("c31", **chain)
    error = refused("c32", **chain, c32="c31")
    assert (error.kind, error.offset) == ("condition.limit", 0)


def test_named_conditions_that_double_each_time_are_refused(
    refused: Callable[..., ConditionError],
) -> None:
    """P33: thirty such lines would take an hour to evaluate."""
    doubling = {"c10": "true"} | {f"c{n}": f"c{n - 1} && c{n - 1}" for n in range(11, 40)}
    error = refused("c39", **doubling)
    assert (error.kind, error.offset) == ("condition.limit", len("c10 && "))
    assert "named conditions" in error.message


MANY = list(range(2_000))
NESTED = "identity.traits.a.exists(x, identity.traits.b.exists(y, x == y))"


@pytest.mark.measured
def test_2000_by_2000_comparisons_are_unknown_within_a_tenth_of_a_second(
    parsed: Callable[..., Expression],
) -> None:
    """P33: two long lists in someone's traits do not hold up everyone else."""
    evaluate = parsed(NESTED).evaluate
    facts = _Counting({"identity.traits": {"a": MANY, "b": [-n - 1 for n in MANY]}})
    began = time.perf_counter()
    assert evaluate(facts) is UNKNOWN
    assert time.perf_counter() - began < 0.1
    assert facts.reads < STEPS


class _Counting:
    """Facts that count how often they are read."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values
        self.reads = 0

    def value(self, name: str) -> Value:
        self.reads += 1
        return self.values.get(name)


def test_an_element_costs_as_many_steps_as_its_condition_has_nodes(
    evaluated: Callable[..., Value],
) -> None:
    """P33: 10,000 steps; ``x == -1`` has three nodes, ``x == y`` too."""
    below = {"identity.traits": list(range(3_333))}
    above = {"identity.traits": list(range(3_334))}
    assert evaluated("identity.traits.all(x, x != -1)", below) is True
    assert evaluated("identity.traits.all(x, x != -1)", above) is UNKNOWN


def test_the_budget_is_one_for_the_whole_condition(evaluated: Callable[..., Value]) -> None:
    facts = {"identity.traits": list(range(2_000))}
    once = "identity.traits.all(x, x != -1)"
    assert evaluated(once, facts) is True
    assert evaluated(f"{once} && {once}", facts) is UNKNOWN
    assert evaluated(f"{once} && same", facts, same=once) is UNKNOWN


def test_every_evaluation_has_a_budget_of_its_own(parsed: Callable[..., Expression]) -> None:
    facts = _Counting({"identity.traits": list(range(3_000))})
    expression = parsed("identity.traits.all(x, x != -1)")
    assert [expression.evaluate(facts) for _ in range(3)] == [True, True, True]


def test_what_is_decided_before_the_budget_ends_stands(evaluated: Callable[..., Value]) -> None:
    """P14, P33: over the budget is unknown, and unknown is not always decisive."""
    facts = {"identity.traits": {"a": MANY, "b": [-n - 1 for n in MANY]}, "client.id": "web"}
    assert evaluated(f"{NESTED} || client.id == 'web'", facts) is True
    assert evaluated(f"{NESTED} && client.id == 'app'", facts) is False
    assert evaluated(f"{NESTED} || client.id == 'app'", facts) is UNKNOWN
    assert evaluated("identity.traits.a.exists(x, x == 5)", facts) is True


@pytest.mark.parametrize(
    "body",
    [
        "'z' in identity.traits.texts",
        "7.5 in identity.traits.numbers",
        "[7.5] in identity.traits.numbers",
        "identity.traits.numbers == identity.traits.equal",
        "identity.traits.numbers != identity.traits.equal",
        "identity.traits.map == identity.traits.map",
        "identity.traits.story.contains('z')",
        "identity.traits.story.lowerAscii() == 'z'",
        "identity.traits.numbers in [identity.traits.equal]",
    ],
)
def test_inside_exists_and_all_what_is_looked_through_is_paid_for(
    evaluated: Callable[..., Value], parsed: Callable[..., Expression], body: str
) -> None:
    """P33: 300 elements would do, were it not for what each of them looks at."""
    facts = {
        "token.scopes": [str(n) for n in range(300)],
        "identity.traits": {
            "texts": ["a"] * 200,
            "numbers": list(range(200)),
            "equal": list(range(200)),
            "map": {str(n): n for n in range(100)},
            "story": "a" * 200_000,
        },
    }
    # Neither operand of || and of && decides before all elements have been looked at.
    looping = f"token.scopes.all(s, {body} || true)"
    assert evaluated(looping, facts) is UNKNOWN
    assert evaluated("token.scopes.all(s, s != '' || true)", facts) is True
    assert evaluated(body, facts) is not UNKNOWN


@pytest.mark.parametrize("function", ["contains('a')", "lowerAscii() != 'z'"])
def test_a_text_that_is_too_long_to_pay_for_is_unknown(
    evaluated: Callable[..., Value], function: str
) -> None:
    """P33: a thousand characters a step."""
    looping = f"token.scopes.exists(s, identity.traits.{function})"
    for length, answer in ((9_900_000, True), (10_000_000, UNKNOWN)):
        facts = {"token.scopes": ["a"], "identity.traits": "a" * length}
        assert evaluated(looping, facts) is answer


def test_a_map_is_as_dear_as_it_is_large(evaluated: Callable[..., Value]) -> None:
    """P33: its keys have to be compared before its values."""
    large = {str(n): n for n in range(9_999)}
    facts = {"identity.traits": {"a": large, "b": dict(large)}, "token.scopes": ["s"]}
    assert evaluated("identity.traits.a == identity.traits.b", facts) is True
    in_macro = "token.scopes.exists(s, identity.traits.a == identity.traits.b)"
    assert evaluated(in_macro, facts) is UNKNOWN


def test_a_condition_without_exists_and_all_does_not_pay(evaluated: Callable[..., Value]) -> None:
    """P33: it walks through each list once, as the body did when it was read."""
    facts = {"identity.traits": [*range(50_000), "x"]}
    assert evaluated("'x' in identity.traits && !(-1 in identity.traits)", facts) is True
    assert evaluated("identity.traits == identity.traits", facts) is True


def test_a_value_nested_deeper_than_pythons_stack_is_compared(
    evaluated: Callable[..., Value],
) -> None:
    """P13: total, also where no reader would have let it through."""
    left: Value = []
    right: Value = []
    other: Value = {}
    for _ in range(3_000):
        left, right, other = [left], [right], [other]
    facts = {"identity.traits": {"l": left, "r": right, "o": other}}
    assert evaluated("identity.traits.l == identity.traits.r", facts) is True
    assert evaluated("identity.traits.l == identity.traits.o", facts) is False
    assert evaluated("identity.traits.l in [identity.traits.o, identity.traits.r]", facts) is True
