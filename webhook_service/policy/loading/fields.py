"""The keys of one mapping, read one by one, each in its type (section 2).

What is wrong is noted with its place and reading goes on, so that all errors of a file are
reported at once (P2). A reader returns ``None`` for a key that is not there and for one
that is wrong: what was built from a wrong value never leaves the loader.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

from webhook_service.policy.conditions.literals import parse_duration, parse_timestamp
from webhook_service.policy.loading.problems import Problems, described
from webhook_service.policy.loading.wording import listed, nearest, quoted, suggestion
from webhook_service.policy.loading.yaml_nodes import AnyNode, MappingNode, ScalarNode, SequenceNode

T = TypeVar("T")

TIMESTAMP_ADVICE: Final = "write it with seconds and an offset, such as 2026-12-01T00:00:00Z"

_CONTROL: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_BREAKS: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_PARTS: Final = re.compile("(?:[0-9]+[dhms])+")


class Fields:
    """One mapping with the keys it may have."""

    def __init__(
        self,
        mapping: MappingNode,
        problems: Problems,
        *,
        what: str,
        known: Collection[str],
        required: Collection[str] = (),
    ) -> None:
        """Note unknown and missing keys at once.

        Args:
            mapping: where the keys stand.
            problems: where errors go.
            what: what the mapping is, for messages: "an mfa rule".
            known: the keys it may have.
            required: those it must have.
        """
        self.mapping = mapping
        self.problems = problems
        self.what = what
        self._known = known
        for key, entry in mapping:
            if key not in known:
                near = nearest(key, known)
                advice = f"did you mean {near}?" if near else f"known are {listed(known, 'and')}"
                message = f"{quoted(key)} is not a key of {what}; {advice}"
                problems.add(entry.key, "policy.unknown_key", message)
        for key in required:
            if key not in mapping.entries:
                self.missing(key)

    def missing(self, key: str, why: str = "") -> None:
        """Note that a key is needed."""
        message = f"{self.what} needs `{key}`{why}"
        self.problems.add(self.mapping, "policy.missing_key", message)

    def node(self, key: str) -> AnyNode | None:
        """Return the key's value as it stands there; an unknown key was noted and is none."""
        entry = self.mapping.entries.get(key) if key in self._known else None
        return entry.value if entry else None

    def problem(self, key: str, kind: str, message: str) -> None:
        """Note an error at the value of a key that is there."""
        self.problems.add(self.mapping.entries[key].value, kind, f"{key}: {message}")

    def wrong_type(self, node: AnyNode, key: str, wanted: str) -> None:
        """Note that a value is not what is wanted."""
        message = f"{key} is {described(node)}; it takes {wanted}"
        self.problems.add(node, "policy.wrong_type", message)

    def text_node(self, node: AnyNode, key: str, wanted: str) -> ScalarNode | None:
        """Return the node if it is a text."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node
        quotes = ", in quotes" if wanted == "a text" and isinstance(node, ScalarNode) else ""
        self.wrong_type(node, key, wanted + quotes)
        return None

    def text(self, key: str, longest: int, *, one_line: bool = False) -> str | None:
        """Return a text of 1 to ``longest`` characters."""
        value = self.node(key)
        node = self.text_node(value, key, "a text") if value else None
        if node is None:
            return None
        text = node.text if one_line else node.text.strip()
        control = (_CONTROL if one_line else _CONTROL_BUT_BREAKS).search(text)
        if control:
            message = f"character U+{ord(control.group()):04X} is not allowed"
            self.problem(key, "policy.value", message)
        if not 1 <= len(text) <= longest:
            message = f"{len(text)} characters; write 1 to {longest}"
            self.problem(key, "policy.value", message)
        return text

    def choice(self, key: str, options: Mapping[str, T]) -> T | None:
        """Return what the word stands for."""
        value = self.node(key)
        node = self.text_node(value, key, listed(options)) if value else None
        return self._option(node, key, options) if node else None

    def _option(
        self,
        node: ScalarNode,
        key: str,
        options: Mapping[str, T],
        why_not: Mapping[str, str] | None = None,
    ) -> T | None:
        if node.text not in options:
            advice = (why_not or {}).get(node.text) or suggestion(node.text, options)
            message = f"{key}: {quoted(node.text)} is not accepted; {advice}"
            self.problems.add(node, "policy.value", message)
        return options.get(node.text)

    def words(
        self,
        key: str,
        options: Mapping[str, T],
        *,
        empty: bool = False,
        why_not: Mapping[str, str] | None = None,
    ) -> list[tuple[ScalarNode, T]] | None:
        """Return what the words of a list stand for, each with its place; none twice.

        Args:
            key: whose value the list is.
            options: the words and what they stand for.
            empty: whether a list without words says something.
            why_not: what to say about words that someone may well try.
        """
        found: dict[str, tuple[ScalarNode, T]] = {}
        for node in self.items(key, "a list of words, such as [a, b]", empty=empty) or ():
            word = self.text_node(node, key, "a word")
            if word is None:
                continue
            if word.text in found:
                message = f"{key}: {quoted(word.text)} stands there twice"
                self.problems.add(word, "policy.value", message)
                continue
            option = self._option(word, key, options, why_not)
            if option is not None:
                found[word.text] = (word, option)
        return list(found.values()) if self.node(key) else None

    def items(self, key: str, wanted: str, *, empty: bool) -> tuple[AnyNode, ...] | None:
        """Return the items of a list."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node, SequenceNode):
            self.wrong_type(node, key, wanted)
            return None
        if not (node.items or empty):
            self.problem(key, "policy.value", "an empty list says nothing; name at least one")
        return node.items

    def child(self, key: str, wanted: str) -> MappingNode | None:
        """Return a mapping."""
        node = self.node(key)
        if node is None or isinstance(node, MappingNode):
            return node
        self.wrong_type(node, key, wanted)
        return None

    def flag(self, key: str, wanted: str = "true or false") -> bool | None:
        """Return true or false; ``yes`` and ``on`` are texts."""
        node = self.node(key)
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, bool):
            return value
        if isinstance(node, ScalarNode) and isinstance(value, str):
            message = f"{key} is the text {quoted(value)}; it takes {wanted}"
            self.problems.add(node, "policy.wrong_type", message)
        elif node:
            self.wrong_type(node, key, wanted)
        return None

    def duration(self, key: str, *, allow_zero: bool = False) -> timedelta | None:
        """Return a duration (P5)."""
        node = self._literal(key, "a duration")
        if node is None:
            return None
        duration = parse_duration(node.text, allow_zero=allow_zero)
        if duration is None:
            message = f"{quoted(node.text)} is not a duration; {duration_advice(node.text)}"
            self.problem(key, "policy.duration", message)
        return duration

    def timestamp(self, key: str) -> datetime | None:
        """Return a timestamp in UTC (P6)."""
        node = self._literal(key, "a timestamp")
        if node is None:
            return None
        timestamp = parse_timestamp(node.text)
        if timestamp is None:
            message = f"{quoted(node.text)} is not a timestamp; {TIMESTAMP_ADVICE}"
            self.problem(key, "policy.timestamp", message)
        return timestamp

    def _literal(self, key: str, wanted: str) -> ScalarNode | None:
        """Return a text, or a number: that one has the right type and lacks only its unit."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node, ScalarNode) and not isinstance(node.value, bool | None):
            return node
        self.wrong_type(node, key, wanted)
        return None


def duration_advice(text: str) -> str:
    """Return how to write the duration that was meant (P5)."""
    if text.isdecimal():
        return f"add a unit, such as {quoted(text)}s or {quoted(text)}m"
    joined = "".join(text.split())
    if joined != text and parse_duration(joined):
        return f"write {joined}, without spaces"
    if parse_duration(text, allow_zero=True) is not None:
        return "it must be longer than 0"
    if _PARTS.fullmatch(text):
        return (
            "its parts are days, hours, minutes, seconds, in this order, and at most 3650d in all"
        )
    return "write whole days, hours, minutes and seconds, such as 15m, 8h or 1d12h"
