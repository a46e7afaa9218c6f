"""The facts that a test gives (section 7)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from webhook_service.policy.conditions.literals import parse_duration, parse_timestamp
from webhook_service.policy.conditions.types import BOOL, FREE, STRING, STRINGS, TIMESTAMP, Type
from webhook_service.policy.facts import AALS, FACT_ROOTS, FACTS, EventName
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.problems import Problems, described
from webhook_service.policy.loading.wording import listed, nearest, quoted
from webhook_service.policy.loading.yaml_nodes import (
    AnyNode,
    Entry,
    MappingNode,
    ScalarNode,
    SequenceNode,
)

_FACTORS: Final = "session.factors"
_FACTOR_KEYS: Final = ("method", "aal", "completed_at")
_FACTORS_TAKE: Final = "a list of {method, aal, completed_at}"
_LONGEST_METHOD: Final = 80
_AALS: Final = {aal: aal for aal in sorted(AALS)}
_ROOTS: Final = frozenset(FACT_ROOTS) - {"now"}
_MOMENT: Final = re.compile("now(?:[-+](.+))?")
MOMENT: Final = "a timestamp, `now`, `now-15m` or `now+2d`"

_OPEN: Final = frozenset(
    "event.method token.grant token.amr session.methods identity.second_factors".split()
)
"""Facts to whose words Ory adds (F34): a test may try one that no condition may name."""

_TAKES: Final[Mapping[Type, str]] = {
    BOOL: "true or false",
    STRING: "a text",
    STRINGS: "a list of texts",
    TIMESTAMP: MOMENT,
}


def is_moment(text: str) -> bool:
    """Whether the text is a timestamp as tests write them."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return parse_timestamp(text) is not None
    distance = match.group(1)
    return distance is None or parse_duration(distance, allow_zero=True) is not None


def plain(node: AnyNode, problems: Problems) -> object:
    """Return any value as JSON would hold it."""
    if isinstance(node, SequenceNode):
        return [plain(item, problems) for item in node.items]
    if isinstance(node, MappingNode):
        return {key: plain(entry.value, problems) for key, entry in node}
    value = node.value
    if isinstance(value, float) and not math.isfinite(value):
        problems.add(node, "policy.value", "JSON has no such number")
    return value


class GivenReader:
    """Reads the facts of one test: each must exist, at its event, in the type it has."""

    def __init__(self, problems: Problems, event: EventName | None) -> None:
        self._problems = problems
        self._event = event

    def facts(self, facts: Iterable[tuple[str, Entry]]) -> dict[str, object]:
        """Return the facts as plain values, nested as in the file, timestamps as written."""
        given: dict[str, object] = {}
        for root, entry in facts:
            if root not in _ROOTS:
                self._unknown(entry, root, _ROOTS)
            elif isinstance(entry.value, MappingNode):
                members = entry.value
                given[root] = {
                    member: self._fact(f"{root}.{member}", inner) for member, inner in members
                }
            else:
                self._wrong_type(entry.value, root, f"a mapping of {root} facts")
        return given

    def _unknown(self, entry: Entry, name: str, known: Collection[str]) -> None:
        near = nearest(name, known)
        advice = f"; did you mean {near}?" if near else ""
        message = f"{quoted(name)} is not a fact{advice}"
        if name == "now":
            message = "now stands beside `facts`, not among them"
        self._problems.add(entry.key, "policy.unknown_fact", message)

    def _wrong_type(self, node: AnyNode, name: str, wanted: str) -> None:
        message = f"{quoted(name)} is {described(node)}; it takes {wanted}"
        self._problems.add(node, "policy.wrong_type", message)

    def _fact(self, name: str, entry: Entry) -> object:
        fact = FACTS.get("session.methods" if name == _FACTORS else name)
        if fact is None:
            self._unknown(entry, name, FACTS)
            return None
        if self._event and self._event not in fact.source:
            message = f"{name} does not exist at {self._event}"
            self._problems.add(entry.key, "policy.unknown_fact", message)
        if name == _FACTORS:
            return self._factors(entry.value)
        words = {self._event} if name == "event.name" else fact.words
        self._check(entry.value, name, fact.type, frozenset() if name in _OPEN else words)
        return plain(entry.value, self._problems)

    def _check(
        self, node: AnyNode, name: str, kind: Type, words: Collection[str | None] | None
    ) -> None:
        """Note a value that the fact never has; null is absent, which every fact can be."""
        value = node.value if isinstance(node, ScalarNode) else node
        if value is None or kind == FREE:
            return
        if not _FITS[kind](node):
            self._wrong_type(node, name, _TAKES[kind])
        elif kind == TIMESTAMP and not is_moment(str(value)):
            message = f"{name}: {quoted(str(value))} is not {MOMENT}"
            self._problems.add(node, "policy.timestamp", message)
        elif words and value not in words:
            accepted = listed(sorted(word for word in words if word))
            message = f"{name} is never {quoted(str(value))}; write {accepted}"
            self._problems.add(node, "policy.value", message)

    def _factors(self, node: AnyNode) -> object:
        if isinstance(node, SequenceNode):
            for item in node.items:
                self._factor(item)
        elif not (isinstance(node, ScalarNode) and node.value is None):
            self._wrong_type(node, _FACTORS, _FACTORS_TAKE)
        return plain(node, self._problems)

    def _factor(self, node: AnyNode) -> None:
        if not isinstance(node, MappingNode):
            self._wrong_type(node, _FACTORS, _FACTORS_TAKE)
            return
        factor = Fields(
            node, self._problems, what="a factor", known=_FACTOR_KEYS, required=_FACTOR_KEYS
        )
        factor.text("method", _LONGEST_METHOD, one_line=True)
        factor.choice("aal", _AALS)
        completed_at = factor.node("completed_at")
        if completed_at:
            self._check(completed_at, "completed_at", TIMESTAMP, None)


def _is_text(node: AnyNode) -> bool:
    return isinstance(node, ScalarNode) and isinstance(node.value, str)


_FITS: Final[Mapping[Type, Callable[[AnyNode], bool]]] = {
    BOOL: lambda node: isinstance(node, ScalarNode) and isinstance(node.value, bool),
    STRING: _is_text,
    STRINGS: lambda node: isinstance(node, SequenceNode) and all(map(_is_text, node.items)),
    TIMESTAMP: _is_text,
}
