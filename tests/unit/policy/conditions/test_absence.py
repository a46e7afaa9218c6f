"""What is not there, or is something else than expected, is no error (P12, P13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from webhook_service.policy.conditions.types import Value

TRAITS = {
    "text": "abc",
    "number": 1,
    "decimal": 1.0,
    "large": 10**400,
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [1, "a", True, None, [1], {"k": 1}],
    "empty": [],
    "map": {"k": 1, "gone": None},
    "other_map": {"k": 1, "lost": None},
    "larger_map": {"k": 1, "gone": None, "lost": None},
    "bare": {},
}
FACTS = {
    "now": datetime(2026, 11, 24, 12, tzinfo=UTC),
    "session.aal": "aal1",
    "session.methods": ["totp"],
    "identity.traits": TRAITS,
}


@pytest.mark.parametrize(
    "text",
    [
        "client.owner",
        "client.scopes[0]",
        "client.metadata.tier",
        "client.metadata.tier.name[0]",
        "client.owner.lowerAscii()",
        "identity.traits.unheard",
        "identity.traits.unheard.of",
        "identity.traits.nothing",
        "identity.traits.nothing.at[0].all",
        "identity.traits.text.length",
        "identity.traits.text[0]",
        "identity.traits.number.k",
        "identity.traits.yes.k",
        "identity.traits.list.k",
        "identity.traits.list['k']",
        "identity.traits.list[6]",
        "identity.traits.list[-1]",
        "identity.traits.list[identity.traits.yes]",
        "identity.traits.list[identity.traits.large]",
        "identity.traits.list[identity.traits.half]",
        "identity.traits.map[0]",
        "identity.traits.map[identity.traits.list]",
        "identity.traits.map.gone",
        "identity.traits.number.lowerAscii()",
        "session.methods[1]",
        "session.methods[-1]",
        "now - session.issued_at",
        "session.issued_at + duration('1h')",
        "now - identity.traits.text",
        "identity.traits.number + duration('1h')",
        "now - identity.traits.nothing",
        "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
        "timestamp('0001-01-01T00:00:00Z') - duration('1s')",
        "(true ? null : null)",
        "-(session.aal == 'aal1' ? null : 1)",
    ],
)
def test_absent_is_null_and_so_is_everything_inside_it(
    evaluated: Callable[..., Value], text: str
) -> None:
    """P12; arithmetic with it is null (P13), and so is a time that no calendar has."""
    assert evaluated(text, FACTS) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("identity.traits.list[identity.traits.decimal]", "a"),
        ("identity.traits.list[identity.traits.number]", "a"),
        ("identity.traits.list[5].k", 1),
        ("size(client.owner)", 0),
        ("size(client.scopes)", 0),
        ("size(identity.traits.unheard)", 0),
        ("size(identity.traits.number)", 0),
        ("size(identity.traits.yes)", 0),
        ("size(identity.traits.map)", 2),
    ],
)
def test_what_is_there_is_found(evaluated: Callable[..., Value], text: str, value: Value) -> None:
    assert evaluated(text, FACTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "client.owner == null",
        "identity.traits.nothing == identity.traits.unheard",
        "identity.traits.staff != true",
        "!(identity.traits.staff == true)",
        "identity.traits.yes == true",
        "identity.traits.yes != 'true'",
        "identity.traits.yes != 1",
        "identity.traits.no != 0",
        "identity.traits.no != null",
        "identity.traits.no != ''",
        "identity.traits.number == 1.0",
        "identity.traits.number == identity.traits.decimal",
        "identity.traits.number != '1'",
        "identity.traits.number != true",
        "identity.traits.text != identity.traits.list",
        "identity.traits.text != now",
        "identity.traits.large != 1.5",
        "identity.traits.large == identity.traits.large",
        "identity.traits.empty == []",
        "identity.traits.empty != identity.traits.bare",
        "identity.traits.bare != null",
        "identity.traits.list == [1.0, 'a', true, null, [1], identity.traits.list[5]]",
        "identity.traits.list != [true, 'a', true, null, [1], identity.traits.list[5]]",
        "identity.traits.list != [1, 'a', 1, null, [1], identity.traits.list[5]]",
        "identity.traits.list != [1, 'a', true, null, [1, 2], identity.traits.list[5]]",
        "identity.traits.list != [1, 'a', true, null, 1, identity.traits.list[5]]",
        "identity.traits.list != [1, 'a', true, null, [1], identity.traits.map]",
        "identity.traits.list != [1, 'a', true, null, [1], 1]",
        "identity.traits.map != identity.traits.other_map",
        "identity.traits.map != identity.traits.larger_map",
        "identity.traits == identity.traits",
        "session.methods == ['totp']",
    ],
)
def test_equality_is_defined_between_all_values(evaluated: Callable[..., Value], text: str) -> None:
    """P13: of different types are never equal, but 1 and 1.0 are one number."""
    assert evaluated(text, FACTS) is True


@pytest.mark.parametrize(
    "text",
    [
        "client.owner < 'a'",
        "client.owner >= 'a'",
        "session.expires_at > now",
        "session.expires_at <= now",
        "now - session.issued_at < duration('1h')",
        "now - session.issued_at >= duration('1h')",
        "identity.traits.text < 1",
        "identity.traits.text >= 1",
        "identity.traits.number < 'b'",
        "identity.traits.yes < 2",
        "identity.traits.number <= identity.traits.yes",
        "identity.traits.yes <= identity.traits.number",
        "identity.traits.nothing <= identity.traits.nothing",
        "identity.traits.list <= identity.traits.list",
        "identity.traits.text < now",
        "identity.traits.large < 1",
        "client.owner.startsWith('')",
        "'abc'.startsWith(client.owner)",
        "identity.traits.number.contains('1')",
        "identity.traits.list.contains('a')",
        "'abc'.endsWith(identity.traits.nothing)",
        "client.owner.lowerAscii().endsWith('')",
        "'a' in client.scopes",
        "'a' in identity.traits.text",
        "1 in identity.traits.number",
        "1 in identity.traits.map",
        "client.owner in ['a', 'b']",
        "client.owner in identity.traits.list",
        "null in [null]",
        "identity.traits.nothing in identity.traits.list",
        "client.scopes.exists(s, true)",
        "identity.traits.text.exists(c, true)",
        "identity.traits.unheard.exists(c, true)",
        "cidr('0.0.0.0/0').containsIP(request.ip)",
        "has(client.owner)",
        "has(identity.traits)  && has(identity.traits.nothing)",
        "has(identity.traits.map.gone)",
        "has(identity.traits.list[3])",
    ],
)
def test_other_questions_about_what_is_absent_or_of_another_type_are_answered_no(
    evaluated: Callable[..., Value], text: str
) -> None:
    """P13."""
    assert evaluated(text, FACTS) is False


@pytest.mark.parametrize(
    "text",
    [
        "client.scopes.all(s, false)",
        "identity.traits.text.all(c, false)",
        "identity.traits.unheard.all(c, false)",
        "1 in identity.traits.list && 1.0 in identity.traits.list && true in identity.traits.list",
        "[1.0] in identity.traits.list && identity.traits.list[5] in identity.traits.list",
        "!([2] in identity.traits.list) && !(false in identity.traits.list)",
        "'k' in identity.traits.map && 'gone' in identity.traits.map",
        "identity.traits.large > 1 && identity.traits.large > 1.5",
        "identity.traits.no < identity.traits.yes",
        "!(client.owner == 'a') && !has(client.owner)",
    ],
)
def test_other_questions_are_answered_yes(evaluated: Callable[..., Value], text: str) -> None:
    assert evaluated(text, FACTS) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("session.active && true", False),
        ("true && session.active", False),
        ("session.active || true", True),
        ("session.active || false", False),
        ("session.active || session.found", False),
        ("!session.active", True),
        ("session.active ? 'in' : 'out'", "out"),
        ("session.methods.exists(m, session.active)", False),
        ("session.methods.all(m, session.active)", False),
    ],
)
def test_an_absent_bool_does_not_hold(
    evaluated: Callable[..., Value], text: str, value: Value
) -> None:
    """P12: the session of a client without one is not active, and nothing fails over it."""
    assert evaluated(text, FACTS) == value


def test_text_is_not_compared_by_its_look(evaluated: Callable[..., Value]) -> None:
    """P13: the text "true" is not true, whoever wrote it into the traits."""
    facts = {"identity.traits": {"staff": "true", "level": "3"}}
    assert evaluated("identity.traits.staff == true", facts) is False
    assert evaluated("identity.traits.level == 3 || identity.traits.level > 2", facts) is False
