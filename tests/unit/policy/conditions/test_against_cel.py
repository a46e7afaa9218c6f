"""Google's CEL as oracle (P8 to P13): where it gives a value, a condition gives the same.

Two differences are meant, and documented in ``docs/decisions/conditions-and-cel.md``. Both
can be said in CEL itself, so that nothing has to be left out of the comparison: ``DIFFERENT``
is how CEL must put what a condition writes shorter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhook_service.policy.conditions import ConditionError
from webhook_service.policy.conditions.types import Value

HAS, IN = "has({0})", "(({0}) in ({1}))"
DIFFERENT = {
    HAS: "(has({0}) && {0} != null)",
    IN: "(dyn({0}) != null && ({0}) in ({1}))",
}

ANYTHING = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
TEXTS = cel.Type.List(cel.Type.STRING)
VARIABLES = {
    # Known by their types, as the fact table has them. CEL's has() works on maps only.
    "now": cel.Type.TIMESTAMP,
    "session.active": cel.Type.BOOL,
    "session.aal": cel.Type.STRING,
    "session.methods": TEXTS,
    "session.expires_at": cel.Type.TIMESTAMP,
    "session.issued_at": cel.Type.TIMESTAMP,
    "token.subject": cel.Type.STRING,
    "token.scopes": TEXTS,
    # Maps of anything: a member that is not there is an absent fact.
    "identity": ANYTHING,
    "client": ANYTHING,
}
ENVIRONMENT = cel.NewEnv(variables=VARIABLES, extensions=[ext_strings.ExtStrings()])
SAFE = 2**53
"""JSON's numbers are doubles to CEL's runtimes: beyond this they compare what they rounded."""

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Pair(NamedTuple):
    """An expression, and how CEL has to put it."""

    ours: str
    cel: str


def pair(form: str, *parts: Pair) -> Pair:
    return Pair(
        form.format(*(part.ours for part in parts)),
        DIFFERENT.get(form, form).format(*(part.cel for part in parts)),
    )


def same(*texts: str) -> st.SearchStrategy[Pair]:
    return st.sampled_from([Pair(text, text) for text in texts])


def joined(forms: list[str], *parts: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.builds(pair, st.sampled_from(forms), *parts)


NAMES = ["a", "b", "staff"]
WORDS = ["", "a", "A", "b", "ab", "ba", "aal1", "aal2", "totp", "ÄB"]
COMPARED = ["{0} == {1}", "{0} != {1}"]
TEXTUAL = ["({0}).startsWith({1})", "({0}).endsWith({1})", "({0}).contains({1})"]
ORDERED = ["{0} < {1}", "{0} <= {1}", "{0} > {1}", "{0} >= {1}", *COMPARED]

free_roots = same("identity.traits", "identity.metadata_public", "client.metadata")
words = same(*(f'"{word}"' for word in WORDS))
numbers = same("0", "1", "2", "-1", "1.0", "0.5", "-1.5", str(SAFE), "007")
traits = same("identity.traits.a", "identity.traits.b", "true", "false", "0", "1", "null", '"a"')
spans = st.sampled_from(
    [
        Pair('duration("90m")', 'duration("90m")'),
        Pair('duration("1d12h")', 'duration("36h")'),
        Pair('duration("1s")', 'duration("1s")'),
        Pair('duration("3650d")', 'duration("87600h")'),
    ]
)
moments = same(
    "now",
    "session.expires_at",
    "session.issued_at",
    'timestamp("2026-11-24T13:00:00.5+01:00")',
    'timestamp("9999-12-31T23:59:59Z")',
    'timestamp("0001-01-01T00:00:00Z")',
)


steps = same(*(f".{name}" for name in NAMES), '["a"]', "[0]", "[1]", "[size(token.scopes)]")


@st.composite
def free(draw: st.DrawFn, variables: tuple[str, ...] = ()) -> Pair:
    """A free-form value: a trait, something inside it, a macro's variable."""
    found = draw(st.one_of(free_roots, same(*variables)) if variables else free_roots)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        found = pair("{0}{1}", found, draw(steps))
    return found


def texts(variables: tuple[str, ...]) -> st.SearchStrategy[Pair]:
    facts = same("session.aal", "token.subject", "client.id", "client.owner", "token.scopes[0]")
    return st.one_of(
        words,
        facts,
        free(variables),
        joined(["({0}).lowerAscii()"], st.one_of(facts, words, free(variables))),
    )


def lists(variables: tuple[str, ...]) -> st.SearchStrategy[Pair]:
    items = st.one_of(words, numbers, texts(variables), same("null", "true", "[]"))
    return st.one_of(
        same("token.scopes", "session.methods", "client.scopes", "[]"),
        free(variables),
        joined(["[{0}]", "[{0}, {0}]"], items),
        joined(["[{0}, {1}]", "[{0}, null]"], items, items),
    )


def values(variables: tuple[str, ...]) -> st.SearchStrategy[Pair]:
    """Whatever can stand on one side of ``==``."""
    return st.one_of(
        texts(variables), numbers, lists(variables), moments, spans, same("null", "true", "false")
    )


def conditions(depth: int, variables: tuple[str, ...] = ()) -> st.SearchStrategy[Pair]:
    text, item, some = texts(variables), values(variables), lists(variables)
    number = st.one_of(
        numbers,
        free(variables),
        joined(["size({0})", "-size({0})"], st.one_of(some, text)),
        joined(["-{0}"], same("1", "2.5")),
    )
    span = st.one_of(
        spans, joined(["{0} - {1}"], moments, moments), joined(["({0} + {1})"], spans, spans)
    )
    moment = st.one_of(moments, joined(["{0} + {1}", "{0} - {1}"], moments, spans))
    simple = st.one_of(
        same("true", "false", "session.active", "identity.found", "null == null"),
        joined(ORDERED, text, text),
        joined(ORDERED, number, number),
        joined(ORDERED, moment, moment),
        joined(ORDERED, span, span),
        joined(ORDERED, free(variables), free(variables)),
        joined(ORDERED, traits, traits),
        joined(COMPARED, item, item),
        joined([IN], st.one_of(item, same("null"), free(variables)), some),
        joined([HAS], joined(["{0}.a", "{0}.b"], free(variables))),
        joined([HAS], same("client.id", "client.owner", "identity.traits", "identity.traits.a")),
        joined(TEXTUAL, text, text),
        joined(TEXTUAL, words, words),
    )
    if depth == 0:
        return simple
    inner = conditions(depth - 1, variables)
    # Without parentheses: what binds tighter is for both parsers to know.
    branches = [
        simple,
        joined(["{0} || {1}", "{0} && {1}", "!{0} || {1}", "{0} && !{1}"], inner, inner),
        joined(["!({0})", "({0})", "({0}) == ({1})"], inner, inner),
        joined(["{0} ? {1} : {2}", "({0}) ? ({1}) : {2}"], inner, inner, inner),
    ]
    if len(variables) < 2:
        name = "vw"[len(variables)]
        body = conditions(depth - 1, (*variables, name))
        branches.append(
            joined([f"({{0}}).exists({name}, {{1}})", f"({{0}}).all({name}, {{1}})"], some, body)
        )
    return st.one_of(branches)


moving = st.one_of(
    values(()), joined(["{0} - {1}"], moments, moments), joined(["{0} + {1}"], moments, spans)
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, -1, 0.0, 1.0, 0.5, -1.5, 1e300, SAFE, -SAFE]),
    st.sampled_from(WORDS),
)
json = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
member = st.one_of(scalars, json)
members = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, member))
times = st.sampled_from([NOW + timedelta(seconds=s) for s in (-5400, -1, 0, 0.5, 3600)])
some_words = st.lists(st.sampled_from(WORDS), max_size=3)
facts = st.fixed_dictionaries(
    {
        "now": st.just(NOW),
        "session.active": st.booleans(),
        "session.aal": st.sampled_from(["aal1", "aal2"]),
        "session.expires_at": times,
        "token.scopes": some_words,
        "identity.traits": st.one_of(members, json),
        "client.id": st.sampled_from(WORDS),
    },
    optional={
        "session.methods": some_words,
        "session.issued_at": times,
        "token.subject": st.sampled_from(WORDS),
        "identity.found": st.booleans(),
        "identity.metadata_public": members,
        "client.owner": st.sampled_from(WORDS),
        "client.scopes": some_words,
        "client.metadata": members,
    },
)


@cache
def compiled(expression: str) -> cel.Expression | None:
    try:
        return ENVIRONMENT.compile(expression)
    except RuntimeError:
        return None


def by_cel(expression: str, known: dict[str, Value]) -> tuple[Any, ...]:
    """Return CEL's value as a tuple of one; nothing for what CEL refuses or cannot evaluate."""
    data: dict[str, Any] = {"identity": {}, "client": {}}
    for name, value in known.items():
        root, _, member = name.partition(".")
        if name in VARIABLES:
            data[name] = value
        elif value is not None:
            data[root][member] = value
    program = compiled(expression)
    if program is None:
        return ()
    result = program.eval(data=data)
    return () if result.type() == cel.Type.ERROR else (result.plain_value(),)


def same_value(ours: Value, theirs: Value) -> bool:
    numeric = isinstance(ours, int | float) and isinstance(theirs, int | float)
    kinds = isinstance(ours, bool) == isinstance(theirs, bool) if numeric else True
    return kinds and (numeric or type(ours) is type(theirs)) and bool(ours == theirs)


def test_where_cel_gives_a_value_a_condition_gives_the_same(
    evaluated: Callable[..., Value],
) -> None:
    """P8 to P13, over conditions and facts that hypothesis makes up."""
    seen: Counter[str] = Counter()

    @settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(conditions(2), conditions(1), conditions(0), conditions(0), moving), facts)
    def compare(expression: Pair, known: dict[str, Value]) -> None:
        theirs = by_cel(expression.cel, known)
        try:
            ours = evaluated(expression.ours, known)
        except ConditionError:
            seen["refused when loaded"] += 1
            return
        if not theirs:
            seen["no value in CEL"] += 1
            return
        seen["compared"] += 1
        assert same_value(ours, *theirs), f"{expression}: {ours!r}, CEL {theirs[0]!r}"

    compare()
    assert seen["compared"] > 300, "the made-up conditions are too seldom good for anything"


VALUES: list[Value] = [
    None, True, False, 0, 1, -1, 2, 0.0, 1.0, 0.5, -1.0, SAFE, float(SAFE), 1e300,
    "", "a", "A", "ab", "ba", "b", "1", "true", "null", "Ä", "é😀",
    [], [None], [1], [1.0], [True], ["a"], ["a", 1], [[]], [{}], ["b", "a"],
    {}, {"a": 1}, {"a": 1.0}, {"a": None}, {"b": 1, "a": True}, {"1": "a"}, {"a": {"a": []}},
]  # fmt: skip
BETWEEN = [*ORDERED, *TEXTUAL, IN, "{0}[{1}]", "{0}.exists(v, v == {1})", "{0}.all(v, v < {1})"]
OF_ONE = ["size({0})", "({0}).lowerAscii()", "{0}.a", "{0}.a.a", "{0}[0]", "{0} == {0}", "[{0}]"]


@pytest.mark.parametrize("form", [*BETWEEN, *OF_ONE, "has({0}.a)"])
def test_every_pair_of_values_compares_as_in_cel(
    evaluated: Callable[..., Value], form: str
) -> None:
    """P13: where hypothesis might not come by, ``true == 1`` for one."""
    one, other = same_text("identity.traits.x", "identity.traits.y")
    expression = pair(form, one, other)
    if form == "has({0}.a)":
        expression = pair(HAS, pair("{0}.a", one))
    compared = 0
    for x, y in product(VALUES, VALUES if "{1}" in form else [None]):
        known = {"now": NOW, "identity.traits": {"x": x, "y": y}}
        theirs = by_cel(expression.cel, known)
        if theirs:
            compared += 1
            ours = evaluated(expression.ours, known)
            assert same_value(ours, *theirs), f"{x!r} {form} {y!r}: {ours!r}, CEL {theirs[0]!r}"
    assert compared


def test_a_member_that_is_null_is_not_there(evaluated: Callable[..., Value]) -> None:
    """P8, P12, the first difference: JSON's null is absence, to CEL it is a value."""
    facts = {"now": NOW, "identity.traits": {"phone": None}}
    assert evaluated("has(identity.traits.phone)", facts) is False
    assert by_cel("has(identity.traits.phone)", facts) == (True,)
    assert by_cel(pair(HAS, *same_text("identity.traits.phone")).cel, facts) == (False,)


def test_what_is_absent_is_in_no_list(evaluated: Callable[..., Value]) -> None:
    """P13, the second: a client without an owner is none of the owners, whatever they hold."""
    facts = {"now": NOW, "client.owner": None, "identity.traits": {"owners": ["ops", None]}}
    assert evaluated("client.owner in identity.traits.owners", facts) is False
    assert evaluated("null in identity.traits.owners", facts) is False
    assert by_cel("null in identity.traits.owners", facts) == (True,)
    in_cel = pair(IN, *same_text("null", "identity.traits.owners")).cel
    assert by_cel(in_cel, facts) == (False,)


def same_text(*texts: str) -> list[Pair]:
    return [Pair(text, text) for text in texts]
