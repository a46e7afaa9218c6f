"""How messages quote and suggest."""

from __future__ import annotations

import pytest

from webhook_service.policy.loading.wording import listed, nearest, quoted, suggestion


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("é☕ x", "é☕ x"),
        ("a\nb\tc\x1b", r"a\nb\tc\x1b"),
        ("\u2028\ud800\u202e", r"\u2028\ud800\u202e"),
    ],
)
def test_a_quoted_text_is_short_and_in_one_line(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_words_are_listed_with_a_last_one() -> None:
    assert [listed("a"), listed("ab"), listed("abc", "and")] == ["a", "a or b", "a, b and c"]


def test_few_words_are_all_named_and_of_many_the_nearest() -> None:
    many = ["totp", "webauthn", "code", "oidc", "saml", "passkey"]
    assert suggestion("webautn", many[:3]) == "write totp, webauthn or code"
    assert suggestion("webautn", many[:5]) == "write totp, webauthn, code, oidc or saml"
    assert suggestion("WebAuthn ", many) == "did you mean webauthn?"
    assert suggestion("xyz", many) == "write totp, webauthn, code, oidc, saml or passkey"


def test_the_nearest_word_is_found_in_a_long_one_too() -> None:
    assert nearest("x" * 100_000, ["x" * 50]) == "x" * 50
    assert nearest("y", ["x"]) is None
