"""From the bytes of a policy file to nodes: its form, before any meaning (P1).

ruamel.yaml scans and parses; what policy files do without (anchors, aliases, tags,
directives) is refused while scanning, so that nothing is ever expanded. The limits keep
any file of 1 MiB within a second: see ``docs/decisions/reading-policy-files.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scanner import Scanner

from webhook_service.policy.errors import Problem
from webhook_service.policy.loading.wording import quoted
from webhook_service.policy.loading.yaml_nodes import (
    LINE_BREAK,
    AnyNode,
    Entry,
    MappingNode,
    ScalarNode,
    SequenceNode,
)
from webhook_service.policy.loading.yaml_syntax import OPENING_MARK, in_words, value_hint

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 64
MAX_NODES: Final = 25_000
MAX_WORDS: Final = 150_000
"""Words and lines together: what the scanner's time depends on."""

_NOT_TEXT: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""What YAML does not allow, and the line breaks and marks on which its readers disagree."""
_LINE_FOR_HINT: Final = 200
"""Characters of a line that tell whose value it is."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class UnreadableError(Exception):
    """A file that is no policy file in form. The reading stops at its one problem (P2)."""

    def __init__(self, line: int, column: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, column, kind, message)


def read(data: bytes) -> AnyNode | None:
    """Return the document's root; ``None`` for a file that says nothing.

    Raises:
        UnreadableError: kinds ``file.too_large`` and ``yaml.*``.
    """
    text = _text(data)
    builder = _Builder(text)
    for event in _events(text):
        builder.take(event)
    return builder.root


def _events(text: str) -> Iterator[Event]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _PolicyScanner
    line, column = 1, 1
    try:
        for event in yaml.parse(text):
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            yield event
    except UnreadableError:
        raise
    except MarkedYAMLError as error:
        mark = error.context_mark if error.problem in OPENING_MARK else error.problem_mark
        _refuse("yaml.syntax", mark, in_words(error.problem), text)
    except Exception as error:  # an escape such as \UFFFFFFFF is no YAML error to ruamel.yaml
        message = f"the YAML that follows cannot be read ({type(error).__name__})"
        raise UnreadableError(line, column, "yaml.syntax", message) from error


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; a policy file has at most {MAX_BYTES:,}"
        raise UnreadableError(1, 1, "file.too_large", message)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8-sig"))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise UnreadableError(*place, "yaml.syntax", message) from None
    bad = _NOT_TEXT.search(text)
    if bad:
        message = (
            f"character U+{ord(bad.group()):04X} does not belong in a policy file; remove it,"
            " or write it as an escape in double quotes"
        )
        raise UnreadableError(*_place(text[: bad.start()]), "yaml.syntax", message)
    if len(text.split()) + len(LINE_BREAK.findall(text)) > MAX_WORDS:
        message = f"more than {MAX_WORDS:,} words and lines: no policy needs as many"
        raise UnreadableError(1, 1, "file.too_large", message)
    return text


def _place(before: str) -> tuple[int, int]:
    """Return line and column, both from 1, of what follows this text."""
    lines = LINE_BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def _refuse(kind: str, mark: StreamMark, message: str, text: str) -> NoReturn:
    """Refuse the file at one of ruamel.yaml's marks, with a hint from the line in the text."""
    line = LINE_BREAK.split(text[mark.index - mark.column :][:_LINE_FOR_HINT])[0]
    hint = value_hint(line, mark.column)
    raise UnreadableError(mark.line + 1, mark.column + 1, kind, message + hint) from None


class _PolicyScanner(Scanner):
    """ruamel.yaml's scanner without what lets one text stand for another."""

    def _refuse(self, what: str) -> NoReturn:
        mark = self.reader.get_mark()
        _refuse("yaml.feature", mark, f"policy files have no {what}", self.reader.buffer)

    def fetch_anchor(self) -> None:
        """Refuse ``&name``."""
        self._refuse("anchors (a value that starts with `&`)")

    def fetch_alias(self) -> None:
        """Refuse ``*name``."""
        self._refuse("aliases (a value that starts with `*`)")

    def fetch_tag(self) -> None:
        """Refuse ``!name``."""
        self._refuse("tags (a value that starts with `!`)")

    def fetch_directive(self) -> None:
        """Refuse ``%YAML 1.2``."""
        self._refuse("directives (a line that starts with `%`)")


@dataclass(slots=True)
class _Open:
    """A list or a mapping whose end has not come yet."""

    line: int
    column: int
    items: list[AnyNode] | None
    entries: dict[str, Entry] = field(default_factory=dict)
    key: ScalarNode | None = None

    def close(self) -> AnyNode:
        if self.items is not None:
            return SequenceNode(self.line, self.column, tuple(self.items))
        return MappingNode(self.line, self.column, self.entries)

    def wants_key(self) -> bool:
        return self.items is None and self.key is None


class _Builder:
    """Builds nodes from ruamel.yaml's events, without recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Open] = []
        self._documents = 0
        self._nodes = 0
        self.root: AnyNode | None = None

    def take(self, event: Event) -> None:
        """Add one event.

        Raises:
            UnreadableError: where it breaks a rule of P1.
        """
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, ScalarEvent):
            self._count(line, column)
            self._put(self._scalar(event, line, column))
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._count(line, column)
            if self._open and self._open[-1].wants_key():
                message = "a list or a mapping is no key; keys are texts"
                raise UnreadableError(line, column, "yaml.feature", message)
            if len(self._open) == MAX_DEPTH:
                message = f"nested deeper than {MAX_DEPTH}"
                raise UnreadableError(line, column, "file.too_large", message)
            is_list = isinstance(event, SequenceStartEvent)
            self._open.append(_Open(line, column, [] if is_list else None))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._put(self._open.pop().close())
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                message = "a second document starts here; a policy file is one"
                raise UnreadableError(line, column, "yaml.feature", message)

    def _count(self, line: int, column: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values: no policy needs as many"
            raise UnreadableError(line, column, "file.too_large", message)

    def _scalar(self, event: ScalarEvent, line: int, column: int) -> ScalarNode:
        raw = self._text[event.start_mark.index : event.end_mark.index]
        key = self._open[-1].key if self._open else None
        if key is not None and not raw:
            # Nothing stands there: ruamel.yaml places it at what follows, in another line.
            line, column = key.line, key.column + len(key.raw) + len(":")
        if _SURROGATE.search(event.value):
            message = "half of a surrogate pair; write the character itself, or \\UXXXXXXXX"
            raise UnreadableError(line, column, "yaml.syntax", message)
        return ScalarNode(line, column, event.value, event.style or "plain", raw)

    def _put(self, node: AnyNode) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif parent.key is not None:
            parent.entries[parent.key.text] = Entry(parent.key, node)
            parent.key = None
        else:
            parent.key = _checked_key(node, parent.entries)


def _checked_key(node: AnyNode, earlier: Mapping[str, Entry]) -> ScalarNode:
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        message = "keys are texts; write it in quotes"
        raise UnreadableError(node.line, node.column, "yaml.feature", message)
    if node.text == "<<" and node.style == "plain":
        message = "policy files have no merge keys (`<<`)"
        raise UnreadableError(node.line, node.column, "yaml.feature", message)
    if node.text in earlier:
        line = earlier[node.text].key.line
        message = f"{quoted(node.text)} stands already in line {line}; keep one of the two"
        raise UnreadableError(node.line, node.column, "yaml.duplicate_key", message)
    return node
