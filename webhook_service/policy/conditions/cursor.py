"""Where the parser stands: the next token, and how deep (P8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from webhook_service.policy.conditions.errors import refusal, shown, sign_for
from webhook_service.policy.conditions.lexer import Token, TokenKind, tokens

LONGEST: Final = 2_000
"""Characters of an expression (P8)."""

DEEPEST: Final = 32
"""Levels of an expression: parentheses, brackets, prefixes, members, calls, ``?:``, names."""


class Cursor:
    """A place among the tokens of one expression."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            advice = "give parts of it names under `conditions`"
            message = f"a condition has at most {LONGEST} characters; {advice}"
            raise refusal("limit", LONGEST, message)
        self._tokens = tokens(text)
        self._position = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token to be read."""
        return self._tokens[self._position]

    @property
    def last_end(self) -> int:
        """Where the token that was read last ends."""
        return self._tokens[self._position - 1].end

    def take(self) -> Token:
        """Read a token, whatever it is."""
        token = self.next
        self._position += 1
        return token

    def accept(self, *words: str) -> Token | None:
        """Read the next token if it is one of these signs or words."""
        return self.take() if self.next.text in words else None

    def expect(self, sign: str) -> Token:
        """Read this sign, or refuse what stands in its place."""
        return self.accept(sign) or self.unexpected(f"; {sign} is missing")

    def expect_name(self) -> Token:
        """Read a name; behind a dot, CEL's reserved words are ordinary ones."""
        return self.take() if self.next.kind is TokenKind.NAME else self.unexpected()

    def unexpected(self, hint: str = "") -> NoReturn:
        """Refuse the next token."""
        token = self.next
        if token.kind is TokenKind.END:
            raise refusal("syntax", token.start, f"the condition ends too early{hint}")
        hint = hint or sign_for(token.text)
        raise refusal("syntax", token.start, f"{shown(token.text)} is not expected here{hint}")

    @contextmanager
    def level(self, offset: int) -> Iterator[None]:
        """Go one level down; ``offset`` is of what opens it."""
        self.demand_depth(offset, 1)
        self._depth += 1
        yield
        self._depth -= 1

    def demand_depth(self, offset: int, more: int) -> None:
        """Refuse what would reach ``more`` levels below this one, if that is too deep."""
        if self._depth + more > DEEPEST:
            raise refusal("limit", offset, f"a condition is at most {DEEPEST} levels deep")
