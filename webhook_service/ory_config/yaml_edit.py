"""Changes a YAML file's text where a delta says so, and nowhere else.

A file that is read and written again loses its author's layout. So the text stays what it is:
ruamel.yaml says where each value stands, and the lines of new values are put in between. What
was made is read again and compared; a file that cannot be edited so is left to its author.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode
from ruamel.yaml.tokens import BlockEntryToken

from webhook_service.ory_config.delta import Amend, Change, Delta, Drop, Items, Put, applied
from webhook_service.ory_config.plan import Tree
from webhook_service.ory_config.yaml_text import STEP, block, flow, scalar

BYTE_ORDER_MARK: Final = "\ufeff"
_COLON: Final = re.compile(r"\s*:")
_ALIAS: Final = re.compile(r"\s*:\s*\*[^\s,\]}]+")
_ALIASES: Final = re.compile(r"-[ \t]+\*[^\s,\]}]+")
_SHARED: Final = "shared by an anchor (& or *); write it out"


class UneditableError(Exception):
    """The file is no YAML of mappings, or is written in a way that this cannot change."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """Text in the place of the characters from ``start`` to ``end``."""

    start: int
    end: int
    text: str


def read(text: str) -> Tree:
    """Return what a configuration file says.

    Raises:
        UneditableError: it is no mapping, or no YAML.
    """
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise UneditableError(_in_a_line(error)) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UneditableError("it holds no settings, but a single value or a list")
    return data


def edited(text: str, delta: Delta) -> str:
    """Return the text with the changes in it, everything else as it was.

    Raises:
        UneditableError: a change falls on something that is shared by an anchor, or the like.
    """
    if not delta:
        return text
    line_break = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    old = read(text)
    new = _changed(text, old, delta)
    if read(new) != applied(old, delta):
        raise UneditableError("it is written in a way that this program cannot add to")
    return new.replace("\n", line_break)


def _changed(text: str, old: Tree, delta: Delta) -> str:
    root = YAML(typ="safe", pure=True).compose(text)
    if isinstance(root, ScalarNode) and not _is_empty(root):
        raise UneditableError(f"line {root.start_mark.line + 1}: it says null; take that out")
    if not isinstance(root, MappingNode):
        return text + ("" if text.endswith("\n") or not text else "\n") + _lines(applied({}, delta))
    if root.flow_style:
        return _json(text, applied(old, delta))
    edits = sorted(_Editor(text).mapping(root, old, delta), key=lambda edit: edit.start)
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join(parts) + text[at:]


def _json(text: str, value: Tree) -> str:
    """Return a file that a program wrote as a program writes it."""
    try:
        json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except ValueError:
        raise UneditableError("it is one flow of braces, and no JSON") from None
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class _Editor:
    text: str

    def mapping(self, node: Node, old: Any, delta: Delta) -> Iterator[_Edit]:  # noqa: ANN401  what the file holds
        """Yield the edits inside a mapping in block style."""
        entries = {key.value: (key, value) for key, value in node.value}
        missing = {}
        for name, change in delta.items():
            if name in entries:
                yield from self._entry(*entries[name], old.get(name), change)
            elif not isinstance(change, Drop):
                missing[name] = applied(old.get(name), change)
        if missing:
            end = self._line_end(_end(self.text, node))
            yield _Edit(end, end, "\n" + _lines(missing, node.start_mark.column).rstrip("\n"))

    def _entry(self, key: Node, value: Node, old: Any, change: Change) -> Iterator[_Edit]:  # noqa: ANN401  the same
        if isinstance(change, Drop):
            start = self._line_start(key.start_mark.index)
            end = self._line_end(_end_of_entry(self.text, key, value))
            yield _Edit(start, min(end + 1, len(self.text)), "")
            return
        if _ALIAS.match(self.text, key.end_mark.index) or value.anchor is not None:
            raise UneditableError(f"line {key.start_mark.line + 1}: {key.value} is {_SHARED}")
        in_block = isinstance(value, CollectionNode) and not value.flow_style
        if in_block and isinstance(change, Mapping) and isinstance(value, MappingNode):
            yield from self.mapping(value, old, change)
        elif in_block and isinstance(change, Items):
            yield from self._sequence(value, old, change)
        else:
            yield self._replaced(key, value, applied(old, change))

    def _replaced(self, key: Node, value: Node, new: Any) -> _Edit:  # noqa: ANN401  the same
        if isinstance(value, CollectionNode) and value.flow_style:
            return _Edit(value.start_mark.index, value.end_mark.index, flow(new))
        colon = _COLON.match(self.text, key.end_mark.index)
        start = colon.end() if colon else key.end_mark.index
        end = max(start, _end(self.text, value))
        if _is_empty(value):
            end = start
        if isinstance(new, Mapping | list) and new:
            indent = key.start_mark.column + STEP
            return _Edit(start, end, "\n" + _lines(new, indent).rstrip("\n"))
        return _Edit(start, end, " " + scalar(new))

    def _sequence(self, node: Node, old: Any, items: Items) -> Iterator[_Edit]:  # noqa: ANN401  the same
        dashes = self._dashes(node)
        column = node.start_mark.column
        waiting: list[Any] = []
        for entry in items.entries:
            if isinstance(entry, Put):
                waiting.append(entry.value)
                continue
            element = node.value[entry.index]
            if waiting:
                start = self._above_comments(self._line_start(dashes[entry.index]))
                yield _Edit(start, start, _lines(waiting, column))
                waiting = []
            if isinstance(entry, Amend):
                if _is_alias(element, node):
                    line = self.text.count("\n", 0, dashes[entry.index]) + 1
                    raise UneditableError(f"line {line}: {_SHARED}")
                if not isinstance(element, MappingNode) or element.flow_style or element.anchor:
                    new = applied(old[entry.index], entry.delta)
                    yield _Edit(element.start_mark.index, _end(self.text, element), flow(new))
                else:
                    yield from self.mapping(element, old[entry.index], entry.delta)
        if waiting:
            end = self._line_end(_end(self.text, node))
            yield _Edit(end, end, "\n" + _lines(waiting, column).rstrip("\n"))

    def _dashes(self, node: Node) -> list[int]:
        """Return where the elements of a sequence begin: what stands inside them lies deeper."""
        return [
            mark.index
            for mark in self.dashes
            if mark.column == node.start_mark.column
            and node.start_mark.index <= mark.index < node.end_mark.index
        ]

    @cached_property
    def dashes(self) -> tuple[Any, ...]:
        """The marks of all elements in block style."""
        tokens = YAML(typ="safe", pure=True).scan(self.text)
        return tuple(token.start_mark for token in tokens if isinstance(token, BlockEntryToken))

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        end = self.text.find("\n", index)
        return len(self.text) if end == -1 else end

    def _above_comments(self, start: int) -> int:
        """Return where the comment lines above a line begin, which belong to it."""
        while start:
            above = self._line_start(start - 1)
            if not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return start


def _end(text: str, node: Node) -> int:
    """Return where a node's own text ends: marks of blocks lie before whatever comes next."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if not isinstance(last, tuple):
            if _is_alias(last, node):
                found = _ALIASES.findall(text, node.start_mark.index, node.end_mark.index)
                return text.rindex(found[-1], 0, node.end_mark.index) + len(found[-1])
            return _end(text, last)
        return _end_of_entry(text, *last)
    return len(text[: node.end_mark.index].rstrip())


def _end_of_entry(text: str, key: Node, value: Node) -> int:
    alias = _ALIAS.match(text, key.end_mark.index)
    if alias:
        return alias.end()
    # Where nothing follows the key, the mark of its value is that of the next thing.
    return key.end_mark.index if _is_empty(value) else _end(text, value)


def _is_alias(element: Node, node: Node) -> bool:
    """Whether an element of a sequence stands elsewhere, where its anchor is."""
    return not node.start_mark.index < element.start_mark.index < node.end_mark.index


def _is_empty(value: Node) -> bool:
    return isinstance(value, ScalarNode) and value.style is None and value.value == ""


def _lines(value: Any, indent: int = 0) -> str:  # noqa: ANN401  JSON of any shape
    return "".join(f"{line}\n" for line in block(value, indent))


def _in_a_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = "" if mark is None else f"line {mark.line + 1}: "
    return where + str(getattr(error, "problem", None) or "it is no YAML")
