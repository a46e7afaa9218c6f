"""What could not be fetched is unknown, and unknown is not false (P14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webhook_service.policy.conditions.types import UNKNOWN, Value

FACTS = {
    "session.active": UNKNOWN,
    "session.aal": UNKNOWN,
    "session.methods": UNKNOWN,
    "session.expires_at": UNKNOWN,
    "identity.traits": UNKNOWN,
    "token.scopes": ["openid", "offline"],
    "client.id": "web",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("session.active || true", True),
        ("true || session.active", True),
        ("session.active || false", UNKNOWN),
        ("false || session.active", UNKNOWN),
        ("session.active && false", False),
        ("false && session.active", False),
        ("session.active && true", UNKNOWN),
        ("true && session.active", UNKNOWN),
        ("session.active && flow.refresh", False),
        ("flow.refresh || session.active", UNKNOWN),
        ("session.active || session.active || client.id == 'web'", True),
        ("session.active && session.active && client.id == 'app'", False),
        ("(session.active || true) && true", True),
        ("!(session.active && false)", True),
        ("token.scopes.exists(s, session.active || s == 'offline')", True),
        ("token.scopes.exists(s, session.active && s == 'offline')", UNKNOWN),
        ("token.scopes.exists(s, session.active && s == 'email')", False),
        ("token.scopes.all(s, session.active && s == 'openid')", False),
        ("token.scopes.all(s, session.active || s == 'openid')", UNKNOWN),
        ("token.scopes.all(s, session.active || s != 'email')", True),
        ("[].exists(s, session.active)", False),
        ("[].all(s, session.active)", True),
        ("client.scopes.exists(s, session.active)", False),
        ("client.id == 'web' ? true : session.active", True),
        ("client.id == 'app' ? session.active : true", True),
    ],
)
def test_the_answer_may_be_known_without_it(
    evaluated: Callable[..., Value], text: str, value: Value
) -> None:
    found = evaluated(text, FACTS)
    assert found is value


@pytest.mark.parametrize(
    "text",
    [
        "session.active",
        "!session.active",
        "session.aal == 'aal1'",
        "session.aal != 'aal1'",
        "'aal1' == session.aal",
        "session.aal == null",
        "session.aal == session.aal",
        "session.aal < 'aal2'",
        "session.aal in ['aal1']",
        "'totp' in session.methods",
        "session.aal in client.scopes",
        "null in session.methods",
        "client.id in [client.id, session.aal]",
        "[client.id, session.aal].exists(x, x == 'web')",
        "[session.aal] == []",
        "session.aal.startsWith('a')",
        "client.id.startsWith(session.aal)",
        "session.aal.lowerAscii()",
        "size(session.methods)",
        "-size(session.methods)",
        "has(session.aal)",
        "has(identity.traits.email)",
        "identity.traits.email.domain",
        "session.methods[0]",
        "token.scopes[identity.traits.n]",
        "session.methods.exists(m, true)",
        "session.methods.all(m, true)",
        "session.expires_at - now",
        "now - session.expires_at > duration('1h')",
        "session.expires_at + duration('1h')",
        "cidr('10.0.0.0/8').containsIP(identity.traits.ip)",
        "session.active ? true : true",
        "client.id == 'web' ? session.active : true",
    ],
)
def test_everything_else_over_an_unknown_is_unknown(
    evaluated: Callable[..., Value], text: str
) -> None:
    assert evaluated(text, FACTS) is UNKNOWN


def test_a_named_condition_can_be_unknown(evaluated: Callable[..., Value]) -> None:
    live = "session.active && session.aal == 'aal2'"
    assert evaluated("live", FACTS, live=live) is UNKNOWN
    assert evaluated("live || client.id == 'web'", FACTS, live=live) is True
    assert evaluated("!live && client.id == 'app'", FACTS, live=live) is False


def test_unknown_reads_as_in_the_rules() -> None:
    assert repr(UNKNOWN) == "unknown"
