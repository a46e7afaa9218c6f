"""What can be written, and what it means when every fact is there (P8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from webhook_service.policy.conditions.types import Value

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = {
    "now": NOON,
    "session.issued_at": NOON - timedelta(hours=1),
    "session.active": True,
    "session.methods": ["password", "totp"],
    "client.id": "web",
    "request.ip": "10.1.2.3",
    "identity.traits": {
        "email": "Ada@Example.ORG",
        "groups": ["staff", "ops"],
        "manager": {"name": "Bo"},
        "level": 3,
        "rank": 2.0,
        "in": "odd",
        "package": "small",
    },
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"web"', "web"),
        ("'web'", "web"),
        (r'"a\n\t\\\"\'b"', "a\n\t\\\"'b"),
        ("'say \"hi\"'", 'say "hi"'),
        ('"// no comment"', "// no comment"),
        ('"é😀"', "é😀"),
        ("0", 0),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808.0", 2.0**63),
        ("-9223372036854775807", -(2**63) + 1),
        ("1.50", 1.5),
        ("-0.5", -0.5),
        ("- -2", 2),
        ("true", True),
        ("false", False),
        ("null", None),
        ("[]", []),
        ('["a", 1, null, [true]]', ["a", 1, None, [True]]),
        ('[client.id, "x"]', ["web", "x"]),
        ('duration("1h30m")', timedelta(minutes=90)),
        ('timestamp("2026-11-24T13:00:00+01:00")', NOON),
    ],
)
def test_a_literal_is_its_value(evaluated: Callable[..., Value], text: str, value: Value) -> None:
    found = evaluated(text, FACTS)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        # each line would be false with the other grouping
        "true || true && false",
        "(true || true) && false == false || true",
        "!false && true",
        "!(false && true)",
        "1 == 1 == true",
        "false == false == true",
        "!true == false",
        "now - session.issued_at == duration('1h')",
        "now - duration('1h') - duration('1h') < session.issued_at",
        "now - (duration('1h') - duration('30m')) > session.issued_at",
        "now + duration('1h') > now",
        "duration('1h') + now > now",
        "duration('1h') + duration('30m') == duration('90m')",
        "duration('1h') - duration('30m') == duration('30m')",
        "duration('30m') - duration('1h') < duration('1s')",
        "-1 < 0",
        "'a' < 'b' && 'B' < 'a' && 'a' <= 'a' && 'b' >= 'a' && 'b' > 'a'",
        "1 < 1.5 && 1.5 < 2 && 2 <= 2.0 && 2 >= 2.0",
        "true ? true : false",
        "false ? false : true",
        "false ? false : false ? false : true",
        "(true ? 1 : 2) == 1",
        "true || false ? true : false",
        "[1].exists(x, x == 1) ? true : false",
        "session.active // as of now\n&& client.id == 'web' // the browser's",
        "// first the reason\nsession.active",
        "client.id=='web'&&session.active",
        " \t\r\n true \n",
        "client.id in ['app', 'web'] && !(client.id in ['app'])",
        "'totp' in session.methods",
        "session.methods[1] == 'totp' && session.methods[0] == 'password'",
        "identity.traits.groups[1] == 'ops'",
        "identity.traits['email'] == identity.traits.email",
        "identity.traits.manager.name == 'Bo'",
        "identity.traits.package == 'small' && identity.traits['in'] == 'odd'",
        "'email' in identity.traits && !('phone' in identity.traits)",
        "identity.traits.groups[identity.traits.rank - now == null ? 0 : 1] == 'staff'",
        "session.methods == ['password', 'totp']",
        "session.methods != ['totp', 'password']",
        "[1, [2.0]] == [1.0, [2]]",
        "'manager' in ['manager'] == true",
    ],
)
def test_operators_bind_and_compare_as_in_cel(evaluated: Callable[..., Value], text: str) -> None:
    assert evaluated(text, FACTS) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("has(client.id)", True),
        ("has(client.owner)", False),
        ("has(identity.traits.email)", True),
        ("has(identity.traits.manager.name)", True),
        ("has(identity.traits.manager.phone)", False),
        ("has(identity.traits['groups'])", True),
        ("has(session.methods[0])", True),
        ("has(session.methods[2])", False),
        ("size('é😀')", 2),
        ("size(session.methods)", 2),
        ("size([1, 2, 3])", 3),
        ("size(identity.traits.groups)", 2),
        ("size(identity.traits.manager)", 1),
        ("-size('ab')", -2),
        ("client.id.startsWith('we')", True),
        ("client.id.startsWith('eb')", False),
        ("client.id.endsWith('eb')", True),
        ("client.id.contains('e')", True),
        ("client.id.contains('')", True),
        ("'web-app'.startsWith(client.id)", True),
        ("identity.traits.email.lowerAscii()", "ada@example.org"),
        ("'ÄÖÜ ABC'.lowerAscii()", "ÄÖÜ abc"),
        ("identity.traits.email.lowerAscii().endsWith('@example.org')", True),
        ("session.methods.exists(m, m == 'totp')", True),
        ("session.methods.exists(m, m == 'webauthn')", False),
        ("session.methods.all(m, m != 'webauthn')", True),
        ("session.methods.all(m, m == 'totp')", False),
        ("[].exists(x, true)", False),
        ("[].all(x, false)", True),
        ("identity.traits.exists(key, key.startsWith('man'))", True),
        ("identity.traits.groups.all(g, identity.traits.groups.exists(h, g == h))", True),
        ("[1, 2].exists(x, [2, 3].exists(y, x == y))", True),
        ("[1, 2].all(x, [2, 3].exists(y, x == y))", False),
        ("[1, 2].exists(x, x == 1) && [3].exists(x, x == 3)", True),
        ("[[1, 2].exists(x, x == 2)].all(x, x)", True),
    ],
)
def test_a_function_gives(evaluated: Callable[..., Value], text: str, value: Value) -> None:
    found = evaluated(text, FACTS)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("network", "address", "inside"),
    [
        ("10.0.0.0/8", "10.255.255.255", True),
        ("10.0.0.0/8", "11.0.0.0", False),
        ("10.0.0.7/32", "10.0.0.7", True),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "2001:0DB8:0:0::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "10.0.0.1", False),
        # An IPv6 socket reports an IPv4 peer like this.
        ("10.0.0.0/8", "::ffff:10.0.0.1", True),
        ("10.0.0.0/8", "::ffff:11.0.0.1", False),
        ("::ffff:0:0/96", "::ffff:10.0.0.1", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("10.0.0.0/8", "10.0.0.1 ", False),
        ("10.0.0.0/8", "10.0.0.1:443", False),
        ("10.0.0.0/8", "10.0.0.01", False),
        ("10.0.0.0/8", "10.1", False),
        ("10.0.0.0/8", "localhost", False),
        ("10.0.0.0/8", "", False),
        ("::/0", "fe80::1%" + "x" * 56, True),
        ("::/0", "fe80::1%" + "x" * 57, False),
        ("10.0.0.0/8", 167772161, False),
        ("10.0.0.0/8", None, False),
    ],
)
def test_an_address_lies_in_a_range_or_is_none(
    evaluated: Callable[..., Value], network: str, address: Value, inside: object
) -> None:
    facts = {"identity.traits": {"ip": address}}
    assert evaluated(f'cidr("{network}").containsIP(identity.traits.ip)', facts) is inside


@pytest.mark.parametrize(
    ("marked", "hint"),
    [
        ("¦", "ends too early"),
        ("¦  ", "ends too early"),
        ("client.id ==¦", "ends too early"),
        ("(session.active¦ // and so on", "ends too early; ) is missing"),
        ("session.active ¦true", "true is not expected"),
        ("session.active¦)", ") is not expected"),
        ("client.id ¦= 'x'", "equality is =="),
        ("session.active ¦& true", "and is &&"),
        ("session.active ¦| true", "or is ||"),
        ("2 ¦* 3 == 6", "no multiplication"),
        ("2 ¦/ 3 == 6", "no division"),
        ("5 ¦% 3 == 2", "no remainder"),
        ("¦{'a': 1} == identity.traits", "no map literals"),
        ("client.id == ¦'x", "not closed"),
        ('client.id == ¦"x', "not closed"),
        ("client.id == ¦'x\ny'", "not closed"),
        (r"client.id == 'a¦\d'", r"\d is no escape"),
        ("¦§ == 1", "§ is not expected"),
        ("client.id ==¦\x07 'x'", "\\u0007 is not expected"),
        ("¦== 1", "== is not expected"),
        ("client.¦'id' == 1", "'id' is not expected"),
        ("client.id ¦'x'", "'x' is not expected"),
        ("1.¦", "ends too early"),
        ("1.5.¦2 == 1", "2 is not expected"),
        ("¦.5 == 0.5", ". is not expected"),
        ("1¦u == 1", "u is not expected"),
        ("1¦e3 == 1", "e3 is not expected"),
        ("0¦x1F == 1", "x1F is not expected"),
        ("[1, 2 == 1¦", "ends too early"),
        ("client.id == 'a'¦'b'", "'b' is not expected"),
        ("[1,¦] == 1", "] is not expected"),
        ("[¦,1] == 1", ", is not expected"),
        ("[1 ¦2] == 1", ", is missing"),
        ("size(¦,) == 1", ", is not expected"),
        ("true ? 1¦", "; : is missing"),
        ("identity.traits[0¦}", "no map literals"),
        ("identity.traits[0¦, 1]", ", is not expected here; ] is missing"),
        ("identity.traits.¦in == 1", 'x["in"]'),
        ("identity.traits.¦true == 1", 'x["true"]'),
        ("¦package == 1", "reserved word"),
        ("¦exists == 1", "reserved word"),
        ("¦in == 1", "in is not expected"),
        ("session.methods.exists(¦)", ") is not expected"),
        ("session.methods.exists(¦'m', true)", "'m' is not expected"),
        ("session.methods.exists(m¦)", ", is missing"),
        ("session.methods.exists(m, true¦, true)", ") is missing"),
        ("session.methods.exists(¦for, true)", "reserved word"),
        ("session.methods.exists(¦in, true)", "in is not expected"),
        ("session.methods.exists(¦session, true)", "means something already"),
        ("session.methods.exists(¦now, true)", "means something already"),
        ("session.methods.exists(m, session.methods.all(¦m, true))", "means something already"),
    ],
)
def test_what_is_no_expression_is_refused_at_the_character(
    mark: Callable[..., None], marked: str, hint: str | None
) -> None:
    """P2: the mark stands before the character that the error names."""
    mark(marked, "condition.syntax", hint)


@pytest.mark.parametrize(
    ("marked", "hint"),
    [
        ("client.id.¦matches('^web')", "no regular expressions"),
        ("identity.traits.groups.¦map(g, g)", "exists and all only"),
        ("identity.traits.groups.¦filter(g, g == 'x')", "exists and all only"),
        ("client.id.¦startWith('web')", "did you mean startsWith?"),
        ("client.id.¦size() == 1", "write size(…)"),
        ("client.id.¦lower() == 'x'", "write x.lowerAscii()"),
        ("request.ip.¦containsIP('x')", "write cidr("),
        ("¦contains(client.id, 'x')", "write x.contains(…)"),
        ("¦sizes(client.id) == 1", "did you mean size?"),
        ("¦int(client.id) == 1", "int is not a function"),
        ("¦frobnicate()", "frobnicate is not a function"),
    ],
)
def test_a_function_that_does_not_exist_is_refused_at_its_name(
    mark: Callable[..., None], marked: str, hint: str
) -> None:
    mark(marked, "condition.unknown_function", hint)


@pytest.mark.parametrize(
    ("marked", "hint"),
    [
        ("now - session.issued_at > duration(¦'15 minutes')", "15 minutes is no duration"),
        ("now - session.issued_at > duration(¦'0s')", "0s is no duration"),
        ("now - session.issued_at > duration(¦'3651d')", "3651d is no duration"),
        ("now - session.issued_at > duration(¦15)", 'duration("…")'),
        ("now - session.issued_at > duration(¦identity.traits.limit)", 'duration("…")'),
        ("now > timestamp(¦'2026-12-01')", "RFC 3339"),
        ("now > timestamp(¦'2026-02-30T00:00:00Z')", "RFC 3339"),
        ("cidr(¦'10.0.0.1/8').containsIP(request.ip)", "did you mean 10.0.0.0/8?"),
        ("cidr(¦'10.0.0.0').containsIP(request.ip)", "no address range"),
        ("cidr(¦'10.0.0.0/33').containsIP(request.ip)", "no address range"),
        ("cidr(¦'10.0.0.0/255.0.0.0').containsIP(request.ip)", "no address range"),
        ("cidr(¦request.ip).containsIP(request.ip)", 'cidr("…")'),
        ("¦9223372036854775808 > 1", "too large"),
        ("¦" + "9" * 400 + ".0 > 1.0", "too large"),
    ],
)
def test_a_literal_that_cannot_be_read_is_refused_where_it_stands(
    mark: Callable[..., None], marked: str, hint: str
) -> None:
    mark(marked, "condition.literal", hint)


def test_an_error_text_stays_on_one_line_and_short(refused: Callable[..., object]) -> None:
    """P2: one line each, whatever was read."""
    error = refused(r"token.grant == 'a\nb" + "x" * 500 + "'")
    message = str(error)
    assert "\n" not in message
    assert len(message) < 400
