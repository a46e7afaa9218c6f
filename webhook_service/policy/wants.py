"""Which calls a rule still needs (P27)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from webhook_service.policy.conditions import Expression
from webhook_service.policy.conditions.evaluate import compiled, evaluator
from webhook_service.policy.conditions.nodes import Logical, Named, Node, Not
from webhook_service.policy.conditions.types import UNKNOWN, Lookup, Value
from webhook_service.policy.facts import EventName, Facts, Source, source_of
from webhook_service.policy.judge_sessions import needs_session
from webhook_service.policy.model import ClaimsRule, MfaRule, Rule, SessionRule


def sources_read(expressions: Iterable[Expression], event: EventName) -> frozenset[Source]:
    """Return the sources of all facts that the expressions mention."""
    sources = {source_of(fact, event) for expression in expressions for fact in expression.facts}
    return frozenset(source for source in sources if source is not None)


def needed_if_matched(rule: Rule, event: EventName) -> frozenset[Source]:
    """Return the sources that the rule reads once its ``when`` holds."""
    match rule:
        case ClaimsRule():
            return sources_read((*rule.access_token.values(), *rule.id_token.values()), event)
        case MfaRule():
            session = source_of("session.found", event)
        case SessionRule() if needs_session(rule):
            session = source_of("session.found", event)
        case _:
            session = None
    return frozenset() if session is None else frozenset({session})


@dataclass(frozen=True, slots=True)
class Term:
    """A condition, or an operand in it, that can be asked what it waits for.

    ``operands`` are those of ``&&``, ``||`` and ``!``; anything else is looked at as a whole.
    """

    evaluate: Callable[[Lookup], Value]
    operands: tuple[Term, ...] = ()

    @classmethod
    def of(cls, node: Node) -> Term:
        """Prepare the term for a condition's tree."""
        joins = isinstance(node, Logical | Not | Named)
        operands = tuple(map(cls.of, node.operands)) if joins else ()
        return cls(evaluator(node, compiled(node)), operands)

    def missing(self, facts: Facts) -> frozenset[Source]:
        """Return the sources whose answer could still decide the term.

        Not all that it mentions: in ``session.active && client.id == "x" || …`` nothing that
        the session holds matters for another client.
        """
        if self.evaluate(facts) is not UNKNOWN:
            return frozenset()
        if not self.operands:
            return missed(self.evaluate, facts)
        return frozenset().union(*(operand.missing(facts) for operand in self.operands))


def missed(evaluate: Callable[[Lookup], Value], facts: Facts) -> frozenset[Source]:
    """Return the sources that an evaluation looks for in vain and that may still answer."""
    watch = _Watch(facts)
    evaluate(watch)
    return frozenset(watch.missed)


class _Watch:
    """Facts that remember what was looked for in vain."""

    __slots__ = ("_facts", "missed")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.missed: set[Source] = set()

    def value(self, name: str) -> Value:
        """Return the fact's value; note its source where that may still answer."""
        value = self._facts.value(name)
        if value is UNKNOWN:
            source = source_of(name, self._facts.event)
            if source is not None and self._facts.is_pending(source):
                self.missed.add(source)
        return value
