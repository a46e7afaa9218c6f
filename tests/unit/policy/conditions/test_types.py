"""What is refused when a policy is loaded, because it can never be meant (P9, P10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.conditions import ConditionError, Expression, demand_bool
from webhook_service.policy.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    FREE,
    INT,
    NULL,
    STRING,
    STRINGS,
    TIMESTAMP,
    Kind,
    Type,
)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("client.id", STRING),
        ("session.methods", STRINGS),
        ("session.methods[0]", STRING),
        ("now", TIMESTAMP),
        ("now - now", DURATION),
        ("now - duration('1h')", TIMESTAMP),
        ("duration('1h') + now", TIMESTAMP),
        ("duration('1h') - duration('1m')", DURATION),
        ("now - identity.traits.x", FREE),
        ("identity.traits.x + duration('1h')", FREE),
        ("size(client.id)", INT),
        ("-size(client.id)", INT),
        ("-1.5", DOUBLE),
        ("identity.traits", FREE),
        ("identity.traits.a[0].b", FREE),
        ("null", NULL),
        ("client.id.lowerAscii()", STRING),
        ("client.id.contains('x')", BOOL),
        ("has(client.id)", BOOL),
        ("[]", Type(Kind.LIST)),
        ("['a', 'b']", STRINGS),
        ("['a', null]", STRINGS),
        ("[null]", Type(Kind.LIST, Kind.NULL)),
        ("[1, 2]", Type(Kind.LIST, Kind.INT)),
        ("[1, 2.5]", Type(Kind.LIST, Kind.DOUBLE)),
        ("['a', 1]", Type(Kind.LIST)),
        ("[identity.traits.x]", Type(Kind.LIST)),
        ("[['a'], [1]]", Type(Kind.LIST, Kind.LIST)),
        ("[['a'], [1]][0]", Type(Kind.LIST)),
        ("[['a'], [1]][0][0]", FREE),
        ("true ? 1 : 2.5", DOUBLE),
        ("true ? 'a' : null", STRING),
        ("true ? null : null", NULL),
        ("true ? 'a' : identity.traits.x", FREE),
        ("true ? session.methods : [1]", Type(Kind.LIST)),
    ],
)
def test_an_expression_has_the_type(
    parsed: Callable[..., Expression], text: str, type_: Type
) -> None:
    assert parsed(text).type == type_


@pytest.mark.parametrize(
    "text",
    [
        "identity.traits.x == 1 && identity.traits.x == 'a' && identity.traits.x == now",
        "identity.traits.x == [1] && identity.traits.x == null && true == identity.traits.x",
        "identity.traits.a == identity.traits.b && identity.traits.a < identity.traits.b",
        "identity.traits.x < 1 && identity.traits.x < 'a' && identity.traits.x < now",
        "identity.traits.x in session.methods && identity.traits.x in identity.traits.y",
        "client.id in identity.traits.y && 1 in identity.traits.y",
        "client.id == null && null != now && session.methods == null",
        "null in session.methods && [] == session.methods && 'a' in []",
        "1 == 1.0 && 1 in [1.5] && 1 < 1.5",
        "now == null || [now] == [null] || [now] == []",
        "['a', 1][0] == 2",
        "identity.traits[size(client.id)] == 1 && session.methods[identity.traits.n] == 'totp'",
        "identity.traits.x.startsWith(identity.traits.y)",
        "identity.traits.exists(k, k == 'a') && identity.traits.l.all(x, x == 1)",
        "[session.active, true].exists(b, b)",
    ],
)
def test_free_form_and_null_compare_with_anything(
    parsed: Callable[..., Expression], text: str
) -> None:
    assert parsed(text).type == BOOL


@pytest.mark.parametrize(
    "marked",
    [
        "client.id ¦== 7",
        "7 ¦!= client.id",
        "client.id ¦== true",
        "client.id ¦== session.methods",
        "session.active ¦== 1",
        "now ¦== '2026-12-01T00:00:00Z'",
        "now ¦== duration('1h')",
        "session.methods ¦== [1]",
        "[['a']] ¦== ['a']",
        "client.id ¦< 7",
        "now ¦< duration('1h')",
        "session.active ¦< true",
        "identity.traits.x ¦< true",
        "identity.traits.x ¦>= null",
        "session.methods ¦< session.methods",
        "1 < 2 ¦< 3",
        "'a' ¦in client.id",
        "'a' ¦in null",
        "1 ¦in session.methods",
        "client.id ¦in ['a', 1]",
        "client.id ¦in [1, 2]",
        "session.methods ¦in ['totp']",
        "now ¦+ now == now",
        "duration('1h') ¦- now == now",
        "1 ¦+ 1 == 2",
        "'a' ¦+ 'b' == 'ab'",
        "identity.traits.n ¦+ 1 == 2",
        "identity.traits.a ¦- identity.traits.b == 2",
        "now ¦- null == now",
        "¦-identity.traits.n == 1",
        "¦-client.id == 1",
        "¦-duration('1h') == duration('1h')",
        "¦!client.id",
        "client.id ¦&& session.active",
        "session.active ¦&& client.id",
        "session.active || true ¦|| null",
        "client.id ¦? true : false",
        "session.active ¦? 1 : 'a'",
        "client.id¦.name == 1",
        "session.methods¦.first == 1",
        "client.id¦[0] == 1",
        "now¦['a'] == 1",
        "session.methods¦['a'] == 1",
        "session.methods¦[0.0] == 1",
        "identity.traits¦[true] == 1",
        "client.id.¦exists(x, true)",
        "now.¦all(x, true)",
        "client.id.¦startsWith(1)",
        "now.¦startsWith('x')",
        "session.methods.¦contains('totp')",
        "now.¦lowerAscii() == 'a'",
        "client.id.¦startsWith()",
        "client.id.¦contains('a', 'b')",
        "client.id.¦lowerAscii('a') == 'a'",
        "¦size(1) == 1",
        "¦size() == 1",
        "¦size(client.id, client.id) == 1",
        "¦has()",
        "has(¦1)",
        "has(¦client.id == 'a')",
        "session.methods.exists(m, has(¦m))",
        "¦duration() == duration('1h')",
        "¦cidr('10.0.0.0/8') == client.id",
        "¦cidr('10.0.0.0/8').contains(client.id)",
        "¦cidr('10.0.0.0/8') containsIP(client.id)",
        "(¦cidr('10.0.0.0/8')).containsIP(client.id)",
        "cidr('10.0.0.0/8').¦containsIP(1)",
        "cidr('10.0.0.0/8').¦containsIP()",
    ],
)
def test_types_that_never_fit_are_refused_at_the_operator(
    mark: Callable[..., None], marked: str
) -> None:
    """P2, P9: the operator, or the function's name, or what a function cannot take."""
    mark(marked, "condition.type")


@pytest.mark.parametrize(
    "marked",
    [
        "¦identity.traits.staff && session.active",
        "session.active && ¦identity.traits.staff",
        "session.active || session.active || ¦identity.traits.staff",
        "!¦identity.traits.staff",
        "!(¦identity.traits.staff)",
        "¦identity.traits.staff ? true : false",
        "session.methods.exists(m, ¦identity.traits[m])",
        "session.methods.all(m, ¦m)",
        "session.methods.all(m, ¦size(m))",
    ],
)
def test_a_bare_trait_is_no_condition(mark: Callable[..., None], marked: str) -> None:
    """P9: at the operand's first character."""
    mark(marked, "condition.not_boolean")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("identity.traits.staff", 0),
        ("// staff only\nidentity.traits.staff", 14),
        ("(identity.traits.staff)", 1),
        ("client.id", 0),
        ("null", 0),
        ("'a'", 0),
        ("-1", 0),
        (" -size(client.id)", 1),
        (" [1]", 1),
        (" [1][0]", 1),
        (" size(client.id)", 1),
        (" now - now", 1),
        (" identity.traits['a'].b[0]", 1),
        (" client.id.lowerAscii()", 1),
        (" duration('1h')", 1),
        (" !true ? 1 : 2", 1),
        (" cidr('::/0').containsIP(client.id) ? 1 : 2", 1),
        (" session.methods.exists(m, m == 'totp') ? 1 : 2", 1),
        (" has(client.id) && true ? 1 : 2", 1),
    ],
)
def test_a_condition_must_be_a_bool(
    parsed: Callable[..., Expression], text: str, offset: int
) -> None:
    with pytest.raises(ConditionError) as caught:
        demand_bool(parsed(text))
    assert (caught.value.kind, caught.value.offset) == ("condition.not_boolean", offset)


def test_a_bool_is_a_condition(parsed: Callable[..., Expression]) -> None:
    demand_bool(parsed("session.active"))


def test_a_bare_trait_is_told_the_way_out(parsed: Callable[..., Expression]) -> None:
    with pytest.raises(ConditionError, match="== true"):
        demand_bool(parsed("identity.traits.staff"))


@pytest.mark.parametrize(
    "marked",
    [
        "session.aal == ¦'aal3'",
        "¦'aal3' == session.aal",
        "session.aal != ¦'aal3'",
        "session.aal >= ¦'aal3'",
        "token.grant == ¦'refresh'",
        "token.grant in ['refresh_token', ¦'refresh']",
        "session.aal in ['aal1', ¦'AAL2']",
        "¦'foo' in session.methods",
        "session.methods == ['totp', ¦'foo']",
        "session.methods[0] == ¦'foo'",
        "session.methods.exists(m, m == ¦'foo')",
        "session.methods.all(m, m in ['totp', ¦'foo'])",
        "event.method == (session.active ? 'totp' : ¦'foo')",
        "(session.active ? session.aal : flow.requested_aal) == ¦'aal3'",
        "(¦'foo') in session.methods",
        "identity.state == ¦'blocked'",
        "event.name == ¦'kratos.logins'",
        "flow.type == ¦'native'",
    ],
)
def test_a_word_that_a_fact_never_is_is_refused_where_it_stands(
    mark: Callable[..., None], marked: str
) -> None:
    """P10."""
    mark(marked, "condition.value")


@pytest.mark.parametrize(
    "text",
    [
        "session.aal == 'aal2'",
        "token.grant == 'urn:ietf:params:oauth:grant-type:device_code'",
        "session.aal == null",
        "client.id == 'anything'",
        "session.aal.startsWith('aal')",
        "session.aal.lowerAscii() == 'AAL'",
        "identity.traits.aal == 'aal9' || identity.traits.aal == session.aal",
        "(session.active ? session.aal : client.id) == 'aal9'",
        "session.aal in [client.id, 'aal1']",
        "session.aal == client.id",
        "(session.active ? session.aal : flow.type) == 'browser'",
        "event.method == (session.active ? 'totp' : 'code')",
    ],
)
def test_any_other_word_is_fine(parsed: Callable[..., Expression], text: str) -> None:
    assert parsed(text).type == BOOL


def test_a_wrong_word_is_told_the_right_ones(refused: Callable[..., ConditionError]) -> None:
    assert refused("session.aal == 'aal'").message == (
        '"aal" is never a value here; did you mean aal2?; there are aal0, aal1, aal2'
    )
