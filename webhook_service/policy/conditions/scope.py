"""What the words of an expression mean: variables, named conditions, facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from webhook_service.policy.conditions import checks
from webhook_service.policy.conditions.errors import (
    did_you_mean,
    one_of,
    refusal,
    shown,
    sign_for,
)
from webhook_service.policy.conditions.lexer import RESERVED_WORDS, Token
from webhook_service.policy.conditions.nodes import Fact, Named, Node, Variable

if TYPE_CHECKING:
    from webhook_service.policy.conditions.expression import Names

MACROS_DEEPEST: Final = 2
"""How deep ``exists`` and ``all`` may stand in each other (P8)."""

STEPS: Final = 10_000
"""What one evaluation may cost (P33)."""


class Scope:
    """The names that one expression may use, and the facts that it has used so far."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._variables: dict[str, Variable] = {}
        self._steps = 0
        self._mentioned: dict[str, int] = {}
        self._brought: dict[str, int] = {}

    @property
    def first_use(self) -> dict[str, int]:
        """The facts read, each with its first mention, or that of a condition with it."""
        return self._brought | self._mentioned

    @contextmanager
    def variable(self, name: Token, items: Node) -> Iterator[int]:
        """Let a macro's variable be known while its body is read; yields its slot."""
        roots = {_root(fact) for fact in self._names.facts()}
        if name.text in RESERVED_WORDS:
            raise refusal("syntax", name.start, f"{name.text} is a reserved word")
        if name.text in roots | self._names.conditions() | self._variables.keys():
            raise refusal("syntax", name.start, f"{name.text} means something already")
        slot = len(self._variables) + 1
        self._variables[name.text] = Variable(
            start=name.start, type=checks.element(items.type), words=items.words, slot=slot
        )
        yield slot
        del self._variables[name.text]

    def demand_room(self, offset: int, macros: int) -> None:
        """Refuse macros that would stand more than two deep in each other (P8)."""
        if len(self._variables) + macros > MACROS_DEEPEST:
            what = f"exists and all are nested at most {MACROS_DEEPEST} deep"
            raise refusal("limit", offset, what)

    def find(self, name: str, offset: int) -> Node | None:
        """Return the node of a variable, named condition or fact; ``None`` if it is none."""
        variable = self._variables.get(name)
        if variable is not None:
            return Variable(
                start=offset, type=variable.type, words=variable.words, slot=variable.slot
            )
        return self._condition(name, offset) or self._fact(name, offset)

    def refuse(self, name: str, offset: int) -> NoReturn:
        """Refuse a word that means nothing."""
        root, _, member = name.partition(".")
        members = {fact.partition(".")[2] for fact in self._names.facts() if _root(fact) == root}
        if members:
            near = did_you_mean(member, members, prefix=f"{root}.")
            hint = near or f"; {root} has {one_of(members)}"
        else:
            known = self._names.facts() | self._names.conditions()
            hint = sign_for(name) or did_you_mean(name, known) or _in_quotes(name)
        raise refusal("unknown_fact", offset, f"{shown(name)} is not a fact{hint}")

    def _condition(self, name: str, offset: int) -> Node | None:
        """Take a named condition in, with its facts and its cost (P11).

        Conditions that use each other twice double with every step; counted here, what a
        tree without macros costs is bounded before it is ever evaluated.
        """
        named = self._names.condition(name)
        if named is None:
            return None
        self.demand_room(offset, named.tree.macros)
        self._steps += named.tree.steps
        if self._steps > STEPS:
            what = f"with its named conditions this takes over {STEPS} steps"
            raise refusal("limit", offset, what)
        for fact in named.facts:
            self._brought.setdefault(fact, offset)
        return Named(start=offset, type=named.type, operands=(named.tree,), levels=1, run=named.run)

    def _fact(self, name: str, offset: int) -> Node | None:
        known = self._names.fact(name)
        if known is None:
            return None
        self._mentioned.setdefault(name, offset)
        return Fact(start=offset, type=known.type, words=known.words, name=name)


def _in_quotes(word: str) -> str:
    """Return how texts are written, for a word that may be meant as one."""
    return "" if "." in word else "; if it is a text, write it in quotes"


def _root(fact: str) -> str:
    return fact.partition(".")[0]
