"""Tokens to a typed tree (P8 to P11).

The parser goes down the grammar once and checks as it builds, so the first thing wrong is
what it reports. From loosest to tightest: ``?:``, ``||``, ``&&``, comparisons, ``+ -``,
``! -``, then ``.name``, ``.function()``, ``[…]``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from webhook_service.policy.conditions import checks, functions
from webhook_service.policy.conditions.cursor import Cursor
from webhook_service.policy.conditions.errors import refusal
from webhook_service.policy.conditions.lexer import RESERVED_WORDS, Token, TokenKind
from webhook_service.policy.conditions.nodes import (
    Binary,
    Constant,
    Index,
    ListLiteral,
    Logical,
    Macro,
    Node,
    Not,
    Ternary,
    Unary,
)
from webhook_service.policy.conditions.scope import Scope
from webhook_service.policy.conditions.types import (
    BOOL,
    DOUBLE,
    FREE,
    INT,
    NULL,
    STRING,
    Kind,
    Type,
)

if TYPE_CHECKING:
    from webhook_service.policy.conditions.expression import Names

_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS: Final = {"true": True, "false": False, "null": None}
_LITERALS: Final = {str: STRING, int: INT, float: DOUBLE, bool: BOOL, type(None): NULL}
_INDEXES: Final = {Kind.LIST: {INT, FREE}, Kind.FREE: {INT, STRING, FREE}}


class Parser(Cursor):
    """One expression on its way from text to tree."""

    def __init__(self, text: str, names: Names) -> None:
        super().__init__(text)
        self._scope = Scope(names)

    def parse(self) -> tuple[Node, dict[str, int]]:
        """Return the tree of the whole text, and the first use of each fact."""
        tree = self._expression()
        if self.next.kind is not TokenKind.END:
            self.unexpected()
        return tree, self._scope.first_use

    # Operators

    def _expression(self) -> Node:
        test = self._either()
        mark = self.accept("?")
        if mark is None:
            return test
        checks.demand_bool("?:", mark.start, test)
        self.demand_depth(mark.start, 1 + test.depth)
        with self.level(mark.start):
            then = self._expression()
            self.expect(":")
            otherwise = self._expression()
        return Ternary(
            start=test.start,
            type=checks.either_type(mark.start, then.type, otherwise.type),
            operands=(test, then, otherwise),
            words=then.words and otherwise.words and then.words | otherwise.words,
            levels=1,
        )

    def _either(self) -> Node:
        return self._logical("||", self._both)

    def _both(self) -> Node:
        return self._logical("&&", self._comparison)

    def _logical(self, operator: str, operand: Callable[[], Node]) -> Node:
        """Read a chain of one operator as one node: however long, it is not deep."""
        operands: list[Node] = []
        spans: list[tuple[int, int]] = []
        signs: list[int] = []
        more = True
        while more:
            start = self.next.start
            operands.append(operand())
            spans.append((start, self.last_end))
            signs.append(self.next.start)
            more = self.accept(operator) is not None
        if len(operands) == 1:
            return operands[0]
        # The first operand's operator follows it, that of the others precedes them.
        for offset, each in zip([signs[0], *signs], operands, strict=False):
            checks.demand_bool(operator, offset, each)
        return Logical(
            start=operands[0].start,
            type=BOOL,
            operands=tuple(operands),
            operator=operator,
            spans=tuple(spans),
        )

    def _comparison(self) -> Node:
        return self._chain(_COMPARISONS, self._sum, checks.comparison_type)

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._prefixed, checks.sum_type)

    def _chain(
        self,
        operators: tuple[str, ...],
        operand: Callable[[], Node],
        yields: Callable[[Token, Node, Node], Type],
    ) -> Node:
        """Read ``a - b - c``, which is ``(a - b) - c``; from the second on, each is deeper."""
        left = operand()
        chained = 0
        while sign := self.accept(*operators):
            self.demand_depth(sign.start, chained + left.depth)
            right = operand()
            left = Binary(
                start=left.start,
                type=yields(sign, left, right),
                operands=(left, right),
                levels=chained,
                operator=sign.text,
            )
            chained = 1
        return left

    def _prefixed(self) -> Node:
        sign = self.accept("!", "-")
        if sign is None:
            return self._postfixed()
        with self.level(sign.start):
            operand = self._prefixed()
        if sign.text == "!":
            checks.demand_bool("!", sign.start, operand)
            return Not(start=sign.start, type=BOOL, operands=(operand,), levels=1)
        if operand.type.kind not in checks.NUMBERS:
            raise refusal("type", sign.start, f"- works on numbers, not {operand.type}")
        if isinstance(operand, Constant):
            return replace(operand, start=sign.start, value=-operand.value)
        return Unary(
            start=sign.start, type=operand.type, operands=(operand,), levels=1, operator="-"
        )

    # Members and calls

    def _postfixed(self) -> Node:
        node = self._primary()
        while sign := self.accept(".", "["):
            self.demand_depth(sign.start, 1 + node.depth)
            node = self._member(node, sign) if sign.text == "." else self._index(node, sign)
        return node

    def _member(self, node: Node, dot: Token) -> Node:
        if self.next.kind is TokenKind.KEYWORD:
            self.unexpected(f'; a member of that name is x["{self.next.text}"]')
        name = self.expect_name()
        if self.next.text == "(":
            functions.demand_method(name)
            if name.text in {"exists", "all"}:
                return self._macro(node, name)
            return functions.method(node, name, self._series("(", ")"))
        if node.type != FREE:
            raise refusal("type", dot.start, f"{node.type} has no members")
        member = Constant(start=name.start, type=STRING, value=name.text)
        return Index(start=node.start, type=FREE, operands=(node, member), levels=1)

    def _index(self, node: Node, bracket: Token) -> Node:
        with self.level(bracket.start):
            index = self._expression()
        self.expect("]")
        if index.type not in _INDEXES.get(node.type.kind, ()):
            raise refusal("type", bracket.start, f"{node.type} has nothing at {index.type}")
        return Index(
            start=node.start,
            type=checks.element(node.type),
            operands=(node, index),
            words=node.words,
            levels=1,
        )

    def _series(self, opening: str, closing: str) -> list[Node]:
        """Read ``(a, b)`` or ``[a, b]``."""
        items: list[Node] = []
        with self.level(self.expect(opening).start):
            while not self.accept(closing):
                if items:
                    self.expect(",")
                items.append(self._expression())
        return items

    def _macro(self, items: Node, function: Token) -> Node:
        """Read ``(v, condition)`` of ``l.exists`` or ``l.all``."""
        if items.type.kind not in {Kind.LIST, Kind.FREE}:
            what = f"{function.text} looks at the elements of a list, not of {items.type}"
            raise refusal("type", function.start, what)
        self._scope.demand_room(function.start, 1)
        with self.level(self.expect("(").start):
            name = self.expect_name()
            self.expect(",")
            with self._scope.variable(name, items) as slot:
                body = self._expression()
        self.expect(")")
        if body.type != BOOL:
            raise checks.not_boolean(body)
        return Macro(
            start=items.start,
            type=BOOL,
            operands=(items, body),
            levels=1,
            function=function.text,
            slot=slot,
        )

    # What stands alone

    def _primary(self) -> Node:
        token = self.next
        if token.text == "(":
            return self._parenthesised()
        if token.text == "[":
            return self._list(token.start)
        if token.kind is TokenKind.NAME:
            return self._name(self.take())
        if token.kind in {TokenKind.TEXT, TokenKind.NUMBER} or token.text in _WORDS:
            return self._literal(self.take())
        return self.unexpected()

    def _literal(self, token: Token) -> Node:
        value = _WORDS.get(token.text, token.value)
        return Constant(start=token.start, type=_LITERALS[type(value)], value=value)

    def _parenthesised(self) -> Node:
        with self.level(self.expect("(").start):
            inner = self._expression()
        self.expect(")")
        return replace(inner, levels=inner.levels + 1)

    def _list(self, start: int) -> Node:
        items = tuple(self._series("[", "]"))
        return ListLiteral(start=start, type=checks.list_type(items), operands=items, levels=1)

    def _name(self, word: Token) -> Node:
        """Make the node of a word: a function, or what the scope knows."""
        if self.next.text == "(":
            functions.demand_function(word)
            arguments = self._series("(", ")")
            if word.text == "cidr":
                return self._contains_ip(word, arguments)
            return functions.call(word, arguments)
        if word.text in RESERVED_WORDS:
            raise refusal("syntax", word.start, f"{word.text} is a reserved word")
        node = self._scope.find(word.text, word.start) or self._dotted(word)
        self.demand_depth(word.start, node.depth)
        return node

    def _dotted(self, word: Token) -> Node:
        """Make the node of a fact of two words, ``session.aal``."""
        name = word.text
        if self.accept("."):
            name = f"{name}.{self.expect_name().text}"
        return self._scope.find(name, word.start) or self._scope.refuse(name, word.start)

    def _contains_ip(self, cidr: Token, arguments: list[Node]) -> Node:
        """Read on behind ``cidr("10.0.0.0/8")``: a range is good for one thing only."""
        network = functions.network(cidr, arguments)
        if self.accept(".") and self.next.text == "containsIP":
            return functions.contains_ip(cidr, network, self.take(), self._series("(", ")"))
        raise refusal("type", cidr.start, "cidr(…) is for cidr(…).containsIP(x)")
