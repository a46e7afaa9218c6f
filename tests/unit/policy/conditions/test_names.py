"""Which facts, named conditions and variables an expression means (P4, P7, P11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.conditions import ConditionError, Expression
from webhook_service.policy.conditions.types import Value

STAFF = "identity.traits.staff == true"


@pytest.mark.parametrize(
    ("text", "first_use"),
    [
        ("true", {}),
        ("now == now", {"now": 0}),
        ("client.id == 'x' && client.id != 'y'", {"client.id": 0}),
        ("has(client.owner) || 'a' in token.scopes", {"client.owner": 4, "token.scopes": 28}),
        ("session.methods.exists(m, m == 'totp')", {"session.methods": 0}),
        ("staff", {"identity.traits": 0}),
        ("client.id == 'x' && staff", {"client.id": 0, "identity.traits": 20}),
        ("staff && identity.traits.x == 1", {"identity.traits": 9}),
        ("!remote || staff", {"request.ip": 1, "identity.traits": 1}),
    ],
)
def test_an_expression_knows_its_facts_and_where_each_is_mentioned_first(
    parsed: Callable[..., Expression], text: str, first_use: dict[str, int]
) -> None:
    """P7, P11: through named conditions too, unless the text mentions the fact itself."""
    remote = "!staff || !cidr('10.0.0.0/8').containsIP(request.ip)"
    expression = parsed(text, staff=STAFF, remote=remote)
    assert expression.first_use == first_use
    assert expression.facts == set(first_use)
    assert expression.text == text


def test_a_named_condition_is_evaluated_wherever_it_is_named(
    evaluated: Callable[..., Value],
) -> None:
    facts = {"identity.traits": {"staff": True}, "token.scopes": ["a", "b"]}
    both = "staff && !guest"
    assert evaluated(both, facts, staff=STAFF, guest="!staff") is True
    assert evaluated("guest ? 1 : 2", facts, staff=STAFF, guest="!staff") == 2
    in_macro = "token.scopes.exists(s, busy && s == 'b')"
    assert evaluated(in_macro, facts, busy="token.scopes.all(x, x != 'c')") is True


def test_a_named_conditions_macro_leaves_the_outer_variable_alone(
    evaluated: Callable[..., Value],
) -> None:
    """P11: it may use the same name for its own variable."""
    facts = {"token.scopes": ["a", "b"]}
    text = "token.scopes.all(s, busy && (s == 'a' || s == 'b') && busy)"
    assert evaluated(text, facts, busy="token.scopes.exists(s, s == 'b')") is True


def test_a_variable_is_known_in_its_body_only(mark: Callable[..., None]) -> None:
    mark("session.methods.exists(m, m == 'totp') || ¦m == 'totp'", "condition.unknown_fact")
    mark("¦m.exists(m, true)", "condition.unknown_fact")


def test_a_variable_may_be_used_again_afterwards(evaluated: Callable[..., Value]) -> None:
    text = "[1].exists(x, x == 1) && [2].exists(x, x == 2)"
    assert evaluated(text) is True


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (
            "¦session.aall == 'aal1'",
            "session.aall is not a fact; did you mean session.aal?",
        ),
        (
            "¦client.idd == 'x'",
            "client.idd is not a fact; did you mean client.id?",
        ),
        (
            "client.id == 'x' && ¦client.email == 'y'",
            "client.email is not a fact; client has id, metadata, name, owner, scopes",
        ),
        (
            "has(¦client) && true",
            "client is not a fact; client has id, metadata, name, owner, scopes",
        ),
        (
            "¦sessions.aal == 'aal1'",
            "sessions.aal is not a fact; did you mean session.aal?",
        ),
        ("¦staf && true", "staf is not a fact; did you mean staff?"),
        ("¦nobody.knows == 1", "nobody.knows is not a fact"),
        (
            "¦" + "x" * 100 + " == 1",
            "x" * 59 + "… is not a fact; if it is a text, write it in quotes",
        ),
    ],
)
def test_an_unknown_name_is_refused_at_its_first_character(
    mark: Callable[..., None], refused: Callable[..., ConditionError], marked: str, message: str
) -> None:
    """P2, with the nearest name that there is."""
    mark(marked, "condition.unknown_fact", staff=STAFF)
    assert refused(marked.replace("¦", ""), staff=STAFF).message == message


def test_a_named_condition_is_no_fact(mark: Callable[..., None]) -> None:
    mark("staff¦.id == 1", "condition.type", staff=STAFF)
    mark("has(¦staff)", "condition.type", staff=STAFF)
    mark("¦staff()", "condition.unknown_function", staff=STAFF)
    mark("session.methods.exists(¦staff, true)", "condition.syntax", staff=STAFF)


@pytest.mark.parametrize(
    ("text", "operands"),
    [
        ("session.active", ["session.active"]),
        ("session.active && staff", ["session.active", "staff"]),
        ("now == now || !staff && true", ["now == now", "!staff && true"]),
        ("(now == now) // why\n || staff", ["(now == now)", "staff"]),
        ("staff ? true : false", ["staff ? true : false"]),
        ("(staff || session.active)", ["staff", "session.active"]),
    ],
)
def test_the_operands_of_the_outermost_operator_can_be_cut_out(
    parsed: Callable[..., Expression], text: str, operands: list[str]
) -> None:
    """For ``explain``, which shows each with its value."""
    expression = parsed(text, staff=STAFF)
    assert [text[start:end] for start, end in expression.operands] == operands
    for operand in operands:
        assert parsed(operand, staff=STAFF).type == expression.type
