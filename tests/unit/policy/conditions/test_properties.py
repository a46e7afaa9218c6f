"""What holds for every text, every fact, every condition (P8, P13, P14, P33)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from webhook_service.policy.conditions import ConditionError, Expression
from webhook_service.policy.conditions.types import UNKNOWN, Value

WORDS = ["a", "b", "k", ""]
KEYS = st.sampled_from(WORDS) | st.text(max_size=3)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**53, 2**53 + 1])
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PIECES = [
    *"( ) [ ] . , ? : && || ! == != < <= > >= in + - // \n = & $".split(" "),
    *"true false null 0 1 1.5 'a' \"a\" '\\n' 'é' 9999999999999999999".split(),
    *"now session.aal session.methods client.id identity.traits identity traits.a staff m".split(),
    *"has( size( duration( timestamp( cidr( .exists(m, .all(m, .startsWith( .matches(".split(),
    *"'15m' '10.0.0.0/8' '2026-12-01T00:00:00Z' if package exists".split(),
]


def checked(parsed: Callable[..., Expression], text: str) -> Expression | None:
    """Parse; demand of every refusal that it has a kind and a place in the text (P2)."""
    try:
        return parsed(text, staff="identity.traits.staff == true")
    except ConditionError as error:
        refusal = error
    assert refusal.kind.startswith("condition.")
    assert 0 <= refusal.offset <= len(text)
    assert "\n" not in refusal.message
    return None


@given(st.text())
@example("a" * 3_000)
@example("(" * 2_000)
@example("[" * 1_000 + "]" * 1_000)
@example("!" * 2_000)
@example("-" * 1_999 + "1")
@example("identity.traits" + ".a" * 900)
@example("true?" * 400)
@example("true==" * 300 + "true")
@example("now-" * 400 + "now")
@example("1" * 2_000)
@example('"' + "\\n" * 900 + '"')
@example("now.exists(a," * 100)
@example("'" + "\\" * 999)
def test_any_text_is_an_expression_or_refused_at_a_character(
    parsed: Callable[..., Expression], text: str
) -> None:
    checked(parsed, text)


@given(st.lists(st.sampled_from(PIECES), max_size=12), JSON)
def test_any_mixture_of_tokens_is_refused_or_can_be_evaluated(
    parsed: Callable[..., Expression], pieces: list[str], traits: Value
) -> None:
    for text in (" ".join(pieces), "".join(pieces)):
        expression = checked(parsed, text)
        if expression:
            expression.evaluate(Known({"identity.traits": traits, "client.id": "a"}))


class Known:
    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values

    def value(self, name: str) -> Value:
        return self.values.get(name)


T, U = "identity.traits", "identity.metadata_public"
OVER_ANYTHING = [
    *(f"{T} {operator} {U}" for operator in ("==", "!=", "<", "<=", ">", ">=", "in")),
    *(f"{T} {operator} 1.5" for operator in ("==", "<", ">=")),
    *(f"{T}.{name}({U})" for name in ("startsWith", "endsWith", "contains")),
    f"{T}.lowerAscii()",
    f"{T}.lowerAscii().contains('k')",
    f"{T}.k.b[0]",
    f"{T}[{U}]",
    f"{T}['k'][{U}.b]",
    f"has({T}.k.b)",
    f"size({T})",
    f"-size({T})",
    f"now - {T}",
    f"{T} + duration('3650d')",
    f"now > {T}",
    f"cidr('10.0.0.0/8').containsIP({T})",
    f"[{T}, {U}, null, 1] == [{U}]",
    f"{T} in [{U}, {T}]",
    f"{T}.exists(x, {U}.all(y, x == y || x < y || x in {U} || size(x) == 0))",
    f"{T}.all(x, x.exists(y, y.lowerAscii().startsWith(x.k)))",
    f"{T} == null ? {U} : {T}",
]


@given(st.sampled_from(OVER_ANYTHING), JSON, JSON)
def test_no_json_makes_an_evaluation_fail(
    evaluated: Callable[..., Value], text: str, traits: Value, metadata: Value
) -> None:
    facts = {"identity.traits": traits, "identity.metadata_public": metadata}
    now = {"now": datetime(9999, 12, 31, tzinfo=UTC)}
    evaluated(text, facts | now)


def as_specified(left: Value, right: Value) -> bool:
    """P13 once more, as simply as it can be put."""
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(as_specified, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(as_specified(left[k], right[k]) for k in left)
    return isinstance(left, str) and isinstance(right, str) and left == right


def lookalike(value: Value) -> Value:
    """Put 1 for true, and a decimal for every other integer."""
    match value:
        case bool():
            return int(value)
        case int() if abs(value) < 2**53:
            return float(value)
        case list():
            return [lookalike(item) for item in value]
        case dict():
            return {key: lookalike(item) for key, item in reversed(value.items())}
    return value


def almost(value: Value) -> st.SearchStrategy[Value]:
    """Generate values that look like this one, and others."""
    return st.sampled_from([value, lookalike(value), [value]]) | JSON


@given(st.data(), JSON)
def test_equality_is_what_the_rule_says_in_both_directions(
    evaluated: Callable[..., Value], data: st.DataObject, left: Value
) -> None:
    right = data.draw(almost(left))
    facts = {"identity.traits": left, "identity.metadata_public": right}
    expected = as_specified(left, right)
    assert evaluated(f"{T} == {U}", facts) is expected
    assert evaluated(f"{U} == {T}", facts) is expected
    assert evaluated(f"{T} != {U}", facts) is not expected
    assert evaluated(f"{T} == {T}", facts) is True
    assert evaluated(f"{T} in [{U}]", facts) is (expected and left is not None)
    assert evaluated(f"[1].exists(x, {T} == {U})", facts) is expected


@given(JSON, JSON)
def test_at_most_one_of_less_equal_greater_holds(
    evaluated: Callable[..., Value], left: Value, right: Value
) -> None:
    facts = {"identity.traits": left, "identity.metadata_public": right}
    less, same, more = (evaluated(f"{T} {sign} {U}", facts) for sign in ("<", "==", ">"))
    assert [less, same, more].count(True) <= 1
    kinds = {type(left), type(right)}
    if kinds <= {int, float} or kinds in ({str}, {bool}):
        assert [less, same, more].count(True) == 1
        assert evaluated(f"{T} <= {U}", facts) is (less or same)
        assert evaluated(f"{T} >= {U}", facts) is (more or same)
    else:
        assert not less
        assert not more


def flat(condition: str) -> bool:
    """Whether a macro may stand around it, and its variable is free."""
    return "(s," not in condition


CONDITIONS = st.recursive(
    st.sampled_from(
        [
            "true",
            "false",
            "session.active",
            "flow.refresh",
            "client.id == 'a'",
            "client.id != client.owner",
            "'a' in token.scopes",
            "client.owner in token.scopes",
            "has(identity.traits.k)",
            "identity.traits.k == client.id",
            "size(token.scopes) > 1",
            "token.scopes.exists(s, s == client.id)",
            "token.scopes.all(s, s != client.owner)",
            "client.id.startsWith(client.owner)",
        ]
    ),
    lambda inner: (
        st.builds("(({0}) {2} ({1}))".format, inner, inner, st.sampled_from(["&&", "||", "=="]))
        | st.builds("!({})".format, inner)
        | st.builds("({} ? {} : {})".format, inner, inner, inner)
        | st.builds("token.scopes.exists(s, ({}) && s != 'b')".format, inner.filter(flat))
        | st.builds("token.scopes.all(s, ({}) || s == 'b')".format, inner.filter(flat))
    ),
    max_leaves=8,
)


FACTS = st.fixed_dictionaries(
    {
        "session.active": st.sampled_from([True, False, None]),
        "flow.refresh": st.sampled_from([True, False, None]),
        "client.id": st.sampled_from(["a", "b", None]),
        "client.owner": st.sampled_from(["a", "b", None]),
        "token.scopes": st.sampled_from([[], ["a"], ["b", "a"], None]),
        "identity.traits": st.sampled_from([{"k": "a"}, {"k": None}, {}, None]),
    }
)


@given(CONDITIONS, FACTS, st.sets(st.sampled_from(["session.active", "client.id", "token.scopes"])))
def test_what_is_decided_without_a_fact_stays_so_whatever_the_fact_is(
    parsed: Callable[..., Expression], text: str, facts: dict[str, Value], missing: set[str]
) -> None:
    """P14: so a source need not be asked for what is decided already (P27)."""
    expression = parsed(text)
    early = expression.evaluate(Known(facts | dict.fromkeys(missing, UNKNOWN)))
    if early is not UNKNOWN:
        assert early == expression.evaluate(Known(facts))


@given(CONDITIONS, CONDITIONS, FACTS, st.booleans())
def test_and_and_or_do_not_mind_the_order(
    evaluated: Callable[..., Value], one: str, other: str, facts: dict[str, Value], known: object
) -> None:
    """P14: nor does unknown."""
    if not known:
        facts = facts | {"session.active": UNKNOWN, "client.id": UNKNOWN}
    for operator in ("&&", "||"):
        forwards = evaluated(f"({one}) {operator} ({other})", facts)
        assert evaluated(f"({other}) {operator} ({one})", facts) is forwards
    both = evaluated(f"!(({one}) && ({other}))", facts)
    assert evaluated(f"!({one}) || !({other})", facts) is both


@given(st.sampled_from(OVER_ANYTHING), JSON, JSON)
def test_the_same_facts_give_the_same_answer(
    parsed: Callable[..., Expression], text: str, traits: Value, metadata: Value
) -> None:
    """P32: one evaluation leaves nothing behind for the next."""
    facts = Known({"identity.traits": traits, "identity.metadata_public": metadata})
    expression = parsed(text)
    assert expression.evaluate(facts) == expression.evaluate(facts)
