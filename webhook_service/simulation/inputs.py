"""Files, folders and logs as a stream of JSON documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

ENDINGS: Final = frozenset({".json", ".jsonl", ".ndjson", ".log"})
"""The files of a folder that are read."""

LONGEST: Final = 8 << 20
"""Bytes of one document or one line: no recorded call comes near."""


REPORTED: Final = 1 << 16
"""Bytes between two reports of progress."""


@dataclass(slots=True)
class Item:
    """One JSON document and where it stands: its file, and its line in a file of many."""

    document: Any
    file: str
    line: int | None = None

    @property
    def place(self) -> str:
        """Name the place as error messages do."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def name(self) -> str:
        """The file's name without its ending: recordings are named after their event."""
        return "" if self.line is not None else Path(self.file).stem


class Unreadable(Item):
    """What is no JSON."""


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and those of the folders named, in order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(inner for inner in path.rglob("*") if inner.suffix in ENDINGS)
        else:
            found.append(path)
    return found


def items(
    paths: Iterable[Path], standard_input: IO[bytes], progress: Callable[[int], None]
) -> Iterator[Item]:
    """Read the files; ``-`` is standard input.

    Args:
        paths: the files.
        standard_input: what ``-`` stands for.
        progress: is told how many bytes have been read, now and then.
    """
    for path in paths:
        name = "standard input" if str(path) == "-" else str(path)
        with nullcontext(standard_input) if str(path) == "-" else path.open("rb") as file:
            yield from _items(file, name, progress)


def _items(file: IO[bytes], name: str, progress: Callable[[int], None]) -> Iterator[Item]:
    """Tell a file of lines from one that is a document as a whole, by its first lines."""
    head = file.readline(LONGEST), file.readline(LONGEST)
    if head[1] and _parsed(head[0]) is not None:
        yield from _lines(chain(head, _long_lines(file)), name, progress)
        return
    start = b"".join(head) + file.read(LONGEST)
    document = _parsed(start)
    if document is not None:
        progress(len(start))
        yield Item(document, name)
        return
    # A log whose first line was cut off, or no JSON at all.
    start += file.readline(LONGEST)
    yield from _lines(chain(start.splitlines(keepends=True), _long_lines(file)), name, progress)


def _long_lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST):
        yield line


def _lines(lines: Iterable[bytes], name: str, progress: Callable[[int], None]) -> Iterator[Item]:
    read = 0
    for number, line in enumerate(lines, 1):
        read += len(line)
        if read >= REPORTED:
            progress(read)
            read = 0
        if line.strip():
            document = _parsed(line)
            yield (
                Unreadable(None, name, number) if document is None else Item(document, name, number)
            )
    progress(read)


def _parsed(text: bytes) -> Any:  # noqa: ANN401  JSON of any shape
    """Return the document; ``None`` for what is none, and for null, which is no event."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
