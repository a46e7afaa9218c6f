"""What keeps a condition from being decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from webhook_service.policy.conditions.evaluate import compiled, evaluator
from webhook_service.policy.conditions.nodes import Logical, Named, Node, Not
from webhook_service.policy.conditions.types import UNKNOWN, Lookup, Value
from webhook_service.policy.facts import Facts, source_of
from webhook_service.policy.model import MfaRule, Rule, SessionRule
from webhook_service.policy.reading import paths


@dataclass(frozen=True, slots=True)
class Gap:
    """A condition, or an operand in it, that can name what it lacks.

    ``operands`` are those of ``&&``, ``||`` and ``!``; anything else is looked at as a whole,
    with the facts that it reads.
    """

    evaluate: Callable[[Lookup], Value]
    operands: tuple[Gap, ...]
    facts: tuple[str, ...]

    @classmethod
    def of(cls, node: Node) -> Gap:
        """Prepare the tree of a condition."""
        joins = isinstance(node, Logical | Not | Named)
        return cls(
            evaluator(node, compiled(node)),
            tuple(map(cls.of, node.operands)) if joins else (),
            () if joins else tuple(path.fact for path in paths(node)),
        )

    def names(self, facts: Facts) -> Iterator[str]:
        """Name the calls that did not answer, and the facts that nobody tells."""
        if self.evaluate(facts) is not UNKNOWN:
            return
        for operand in self.operands:
            yield from operand.names(facts)
        for fact in self.facts:
            if facts.value(fact) is UNKNOWN:
                yield wanting(fact, facts)


def wanting(fact: str, facts: Facts) -> str:
    """Name what would tell an unknown fact: the call that holds it, else the fact itself."""
    if facts.values.get(fact) is UNKNOWN:
        return fact  # whoever held it was asked: a record does not keep it
    return source_of(fact, facts.event) or fact


_LIVE: Final = ("session.found", "session.active", "session.expires_at")


def session_wanting(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """Name what would tell whether the session lives (P24), else what the rule judges it by."""
    return _unknown(_LIVE, facts) or _unknown(_judged_by(rule), facts)


def _unknown(names: Iterable[str], facts: Facts) -> tuple[str, ...]:
    unknown = (fact for fact in names if facts.value(fact) is UNKNOWN)
    return tuple(dict.fromkeys(wanting(fact, facts) for fact in unknown))


def _judged_by(rule: Rule) -> tuple[str, ...]:
    """Return what an mfa or a sessions rule reads once the session is known to live or not."""
    if isinstance(rule, SessionRule):
        return (f"session.{rule.counted_from}",)
    has_grace = isinstance(rule, MfaRule) and rule.enrolment is not None
    return ("session.aal", "identity.created_at") if has_grace else ("session.aal",)
